import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsstad.errors import UserError
from wsstad.evaluation import groundtruth
from wsstad.evaluation.annotations.table import BoxRow, check

N, W, H = 30, 40, 20
SIZE = {"n_frames": N, "width": W, "height": H}


@st.composite
def annotations(draw):
    """Checked rows of one video: events whose frames ascend, simultaneous boxes only where nothing is filled."""
    rows = []
    for event in draw(st.lists(st.sampled_from(["0", "0/1", "1"]), min_size=1, max_size=3, unique=True)):
        fill = draw(st.sampled_from(["none", "linear", "hold"]))
        frames = draw(st.lists(st.integers(0, N + 4), min_size=1, max_size=6, unique=fill != "none"))
        for frame in sorted(frames):
            x, y = draw(st.integers(0, W - 2)), draw(st.integers(0, H - 2))
            w, h = draw(st.integers(1, W - 1)), draw(st.integers(1, H - 1))
            rows.append(BoxRow("a", event, frame, (x, y, min(x + w, W), min(y + h, H)), fill))
    return check(rows)


def naive(rows, keep=lambda row: True, filled=True):
    """Frame -> union box, by loops over frames, rows and coordinates."""
    boxes = {}

    def add(frame, values):
        if frame < N:
            old = boxes.get(frame)
            boxes[frame] = values if old is None else [
                min(old[0], values[0]), min(old[1], values[1]), max(old[2], values[2]), max(old[3], values[3])
            ]  # fmt: skip

    for row in rows:
        if not keep(row):
            continue
        add(row.frame, list(row.box))
        later = [other for other in rows if other.event == row.event and other.frame > row.frame]
        if row.fill == "none" or not later or not filled:
            continue
        following = min(later, key=lambda other: other.frame)
        for frame in range(row.frame + 1, following.frame):
            share = (frame - row.frame) / (following.frame - row.frame) if row.fill == "linear" else 0
            add(frame, [a + share * (b - a) for a, b in zip(row.box, following.box, strict=True)])
    return boxes


def as_dict(boxes):
    return {int(f): boxes.boxes[f].tolist() for f in np.flatnonzero(boxes.present)}


def close(actual, expected):
    assert actual.keys() == expected.keys()
    for frame, values in expected.items():
        assert actual[frame] == pytest.approx(values, abs=1e-9)


@settings(max_examples=500, deadline=None)
@given(annotations())
def test_equals_loops_over_frames(rows):
    if all(row.frame >= N for row in rows):
        with pytest.raises(UserError, match="comes after its last frame 29"):
            groundtruth.from_rows(rows, **SIZE)
        return
    truth = groundtruth.from_rows(rows, **SIZE)
    close(as_dict(truth.united), naive(rows))
    close(as_dict(truth.keyframes), naive(rows, filled=False))
    events = sorted({row.event.split("/")[0] for row in rows})
    assert len(truth.events) == len(events)
    for event, actual in zip(events, truth.events, strict=True):
        close(as_dict(actual), naive(rows, keep=lambda row, event=event: row.event.split("/")[0] == event))
    assert truth.n_late == sum(row.frame >= N for row in rows)


def test_nothing_is_made_up_before_the_first_or_after_the_last_key_frame():
    rows = [BoxRow("a", "0", 5, (0, 0, 4, 4), "linear"), BoxRow("a", "0", 9, (8, 0, 12, 4), "linear")]
    truth = groundtruth.from_rows(rows, **SIZE)
    assert np.flatnonzero(truth.united.present).tolist() == [5, 6, 7, 8, 9]
    assert truth.united.boxes[7].tolist() == [4, 0, 8, 4]
    assert np.flatnonzero(truth.keyframes.present).tolist() == [5, 9]


def test_boxes_drawn_on_another_size_are_scaled():
    rows = [BoxRow("a", "0", 0, (80, 60, 160, 120), size=(320, 240))]
    assert groundtruth.from_rows(rows, **SIZE).united.boxes[0].tolist() == [10, 5, 20, 10]


def test_boxes_are_clipped_to_the_frame_and_refused_outside_of_it():
    inside = groundtruth.from_rows([BoxRow("a", "0", 0, (-5, 10, 10, 24))], **SIZE)
    assert inside.united.boxes[0].tolist() == [0, 10, 10, 20]
    with pytest.raises(UserError, match=r"boxes.tsv: row 7: box 50 0 60 9 of 'a' lies outside of the 40 x 20 frame"):
        groundtruth.from_rows([BoxRow("a", "0", 0, (50, 0, 60, 9), where="boxes.tsv: row 7")], **SIZE)


@pytest.mark.parametrize(("masks", "ends"), [(15, True), (29, True), (30, False), (31, False), (0, False)])
def test_masks_that_end_before_their_video_stop_with_both_counts(masks, ends):
    rows = [BoxRow("a", "0", 3, (1, 2, 9, 9), where="a_gt: frame 3", masks=masks)]
    if not ends:
        assert groundtruth.from_rows(rows, **SIZE).united.present.sum() == 1
        return
    with pytest.raises(UserError, match=rf"^a_gt: frame 3: 'a' has 30 frames, and masks of {masks}; allowed"):
        groundtruth.from_rows(rows, **SIZE)


def test_of_many_masks_the_last_may_be_lost():
    rows = [BoxRow("a", "0", 3, (1, 2, 9, 9), masks=98)]
    assert groundtruth.from_rows(rows, n_frames=100, width=W, height=H).united.present.sum() == 1
