"""Checks of splits: what is on both sides of a fold, and what a fold lacks."""

import pytest

from wsstad.artefacts import storage
from wsstad.commands.linting import splits
from wsstad.commands.linting.finding import VideoFacts

ROWS = [
    {"video": f"v{n:02}", "path": "x", "label": ("normal", "abnormal")[n % 2], "class": "c", "group": f"g{n // 4}"}
    for n in range(48)
]
BY_GROUP = {row["video"]: int(row["group"][1:]) % 2 for row in ROWS}  # the fold that tests it


@pytest.fixture
def tables(tmp_path):
    def write(tested, n_folds=2, rows=ROWS):
        storage.write_table(tmp_path / "videos.tsv", rows, list(rows[0]))
        split = [
            {"fold": fold, "video": video, "part": "test" if number == fold else "train"}
            for fold in range(n_folds)
            for video, number in tested.items()
        ]
        storage.write_table(tmp_path / "splits/s.tsv", split, ["fold", "video", "part"])
        return tmp_path

    return write


def facts(rows=ROWS):
    return {row["video"]: VideoFacts(row, f"videos.tsv: row {n}", row["path"]) for n, row in enumerate(rows, start=2)}


def findings(tables, doubles=(), rows=ROWS):
    return [
        (finding.severity, finding.kind, finding.where.rsplit("/", 1)[1])
        for finding in splits.check(tables, "s", facts(rows), doubles)
    ]


def test_a_sound_split_gives_nothing(tables):
    folder = tables(BY_GROUP)
    assert findings(folder) == []
    assert splits.describe(folder, ["s"], facts(), []) == (
        "s: 2 folds of 24 test videos; 12 groups; nothing on both sides of a fold"
    )


def test_a_group_on_both_sides_is_found_in_both_folds_with_its_row(tables):
    folder = tables({**BY_GROUP, "v03": 1})  # the rest of its group is tested in fold 0
    rows = storage.read_table(folder / "splits/s.tsv")
    bad = [finding for finding in splits.check(folder, "s", facts(), []) if finding.kind == "group on both sides"]
    numbers = [int(finding.where.rsplit(" ", 1)[1]) for finding in bad]
    assert {rows[n - 2]["video"] for n in numbers} == {"v00", "v01", "v02", "v03"}
    assert all(rows[n - 2]["part"] == "test" for n in numbers)
    assert {finding.severity for finding in bad} == {"error"}
    assert splits.describe(folder, ["s"], facts(), bad).endswith("12 groups; 4 on both sides of a fold")


def test_the_same_content_on_both_sides_is_found(tables):
    videos = facts()
    folder = tables(BY_GROUP)
    assert findings(folder, [[videos["v00"], videos["v01"]]]) == [], "of one group, on one side"
    both = [videos["v00"], videos["v04"]]
    assert {kind for _, kind, _ in findings(folder, [both])} == {"same content on both sides"}
    assert len(findings(folder, [both])) == 2


@pytest.mark.parametrize(
    ("tested", "n_folds", "kind"),
    [
        ({video: 0 if video in ("v00", "v02") else 1 for video in BY_GROUP}, 2, "labels"),
        ({**BY_GROUP, "v00": 9, "v01": 9, "v02": 9, "v03": 9}, 2, "never tested"),
        ({row["video"]: 0 if n < 10 else 9 for n, row in enumerate(ROWS)}, 1, "few videos"),
    ],
)
def test_what_a_split_lacks_is_found(tables, tested, n_folds, kind):
    assert kind in {kind for _, kind, _ in findings(tables(tested, n_folds))}


def test_a_video_that_two_folds_test_is_found(tables):
    folder = tables(BY_GROUP)
    rows = storage.read_table(folder / "splits/s.tsv")
    for row in rows:
        row["part"] = "test" if row["video"] == "v00" else row["part"]
    storage.write_table(folder / "splits/s.tsv", rows, ["fold", "video", "part"])
    assert ("warning", "tested twice", "s.tsv") in findings(folder)


def test_a_class_that_is_only_tested_is_found(tables):
    rows = [{**row, "class": "rare" if row["video"] in ("v00", "v01") else "c"} for row in ROWS]
    assert findings(tables(BY_GROUP, rows=rows), rows=rows) == [("warning", "class balance", "s.tsv")]


def test_a_split_that_is_not_there_is_a_finding(tables):
    (finding,) = splits.check(tables(BY_GROUP), "t", facts(), [])
    assert finding.text == "no such split; allowed: s"
    assert splits.describe(tables(BY_GROUP), ["t"], facts(), []).startswith("t: cannot be read")
