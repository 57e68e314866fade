"""Folds: every video once, groups in one piece, labels and classes spread."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wsstad.errors import UserError
from wsstad.planning.drafts import folds


def row(number, label, kind="", group=""):
    cells = {"video": f"v{number:03}", "label": label, "class": kind or label}
    return {**cells, "group": group} if group else cells


def folds_that_test(made):
    """Return by the plain way in which folds each video is tested."""
    tested = {}
    for fold, parts in made.items():
        for video, part in parts.items():
            if part == "test":
                tested.setdefault(video, []).append(fold)
    return tested


def straddling(rows, made):
    """Return by the plain way the groups that are on both sides of some fold."""
    bad = set()
    for parts in made.values():
        for one in rows:
            for other in rows:
                together = "group" in one and one["group"] == other.get("group")
                if together and parts[one["video"]] != parts[other["video"]]:
                    bad.add(one["group"])
    return bad


GROUPED = st.lists(
    st.tuples(st.sampled_from(["normal", "abnormal"]), st.sampled_from("abc"), st.integers(0, 14)),
    min_size=10,
    max_size=60,
)


@settings(suppress_health_check=[HealthCheck.filter_too_much], max_examples=30)
@given(GROUPED, st.integers(2, 5), st.integers(0, 99))
def test_groups_never_straddle_folds_and_every_video_is_tested_once(content, n_folds, seed):
    rows = [row(n, label, label + kind, f"g{group}") for n, (label, kind, group) in enumerate(content)]
    try:
        made = folds.cross_validate(rows, n_folds, seed)
    except UserError:
        return
    assert straddling(rows, made) == set()
    assert folds_that_test(made).keys() == {each["video"] for each in rows}
    assert all(len(numbers) == 1 for numbers in folds_that_test(made).values())
    for parts in made.values():
        for part in ("train", "test"):
            assert {each["label"] for each in rows if parts[each["video"]] == part} == {"normal", "abnormal"}


def test_most_grouped_datasets_can_be_folded():
    rows = [row(n, ("normal", "abnormal")[n % 2], group=f"g{n // 3}") for n in range(60)]
    for seed in range(10):
        assert straddling(rows, folds.cross_validate(rows, 5, seed)) == set()


def test_labels_and_classes_are_spread_evenly():
    kinds = [("normal", "normal", 50), ("abnormal", "Arson", 20), ("abnormal", "Fire", 10), ("abnormal", "Rare", 2)]
    rows, n = [], 0
    for label, kind, count in kinds:
        for _ in range(count):
            rows.append(row(n, label, kind))
            n += 1
    made = folds.cross_validate(rows, 5, 1)
    by_video = {each["video"]: each for each in rows}
    for parts in made.values():
        test = [by_video[video] for video, part in parts.items() if part == "test"]
        counts = Counter(each["class"] for each in test)
        assert counts["normal"] == 10
        assert counts["Fire"] == 2
        assert counts["Arson"] + counts["Rare"] in (4, 5)  # a class of fewer videos than folds goes with the largest


def test_a_seed_decides_and_the_order_of_rows_does_not():
    rows = [row(n, ("normal", "abnormal")[n % 2]) for n in range(40)]
    first = folds.cross_validate(rows, 4, 7)
    assert folds.cross_validate(rows[::-1], 4, 7) == first
    assert folds.cross_validate(rows, 4, 8) != first


def test_footage_without_a_label_is_in_no_split():
    rows = [row(n, ("normal", "abnormal", "")[n % 3], "x") for n in range(30)]
    made = folds.cross_validate(rows, 2, 0)
    assert set(folds_that_test(made)) == {each["video"] for each in rows if each["label"]}


def test_a_held_out_part_is_one_fold_of_that_share():
    rows = [row(n, ("normal", "abnormal")[n % 2]) for n in range(40)]
    made = folds.hold_out(rows, 0.25, 3)
    assert [*made] == [0]
    assert Counter(made[0].values()) == {"test": 10, "train": 30}


def test_up_to_five_folds_are_chosen_of_three_videos_a_label():
    for n_videos, name in ((6, "cv2"), (16, "cv2"), (18, "cv3"), (28, "cv4"), (30, "cv5"), (90, "cv5")):
        rows = [row(n, ("normal", "abnormal")[n % 2]) for n in range(n_videos)]
        assert folds.choose(rows)[0] == name
    name, made, _ = folds.choose([row(n, ("normal", "abnormal")[n % 2]) for n in range(folds.LARGE)])
    assert (name, Counter(made[0].values())) == ("holdout", {"test": 200, "train": 800})


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([row(n, "normal") for n in range(9)], "there are 0"),
        ([row(n, "normal") for n in range(9)] + [row(9, "abnormal")], "2 groups of abnormal videos; there are 1"),
        (
            [row(n, "normal", group="one") for n in range(9)] + [row(n, "abnormal") for n in range(10, 19)],
            "2 groups of normal videos; there are 1",
        ),
    ],
)
def test_what_cannot_be_divided_is_said(rows, words):
    with pytest.raises(UserError, match=words):
        folds.choose(rows)
