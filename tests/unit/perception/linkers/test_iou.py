from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.linking import make_arrays, walk
from wsstad.perception.linkers.candidates import Candidates
from wsstad.perception.linkers.iou import IouLinker, make_tube
from wsstad.perception.linkers.parameters import IouParameters
from wsstad.structures import boxes as box
from wsstad.structures import tubes as tube_module


def link(rows, n_frames=None, **options):
    arrays = make_arrays(rows, n_frames=n_frames, width=64, height=48)
    return IouLinker(IouParameters(type="iou", **options)).link(arrays)


def still(first, last, place, score=0.5, label=0, skip=()):
    return [(frame, place, score, label) for frame in range(first, last + 1) if frame not in skip]


def spans(video, kind):
    return [(t.start, t.stop) for t in video.tubes if t.kind == kind]


A, B, FAR = (0, 0, 10, 10), (8, 0, 18, 10), (40, 30, 50, 40)


def test_shorter_than_min_frames_is_dropped():
    video, dropped = link(still(0, 14, A) + still(20, 35, FAR), n_frames=40)
    assert spans(video, "unary") == [(20, 36)]
    assert dropped == 0


def test_gap_frames_count_as_length_and_as_not_observed():
    video, _ = link(still(3, 18, A, skip=(5, 6, 10)), n_frames=30)
    (tube,) = video.tubes
    assert (tube.start, tube.stop) == (3, 19)
    assert np.flatnonzero(~tube.observed).tolist() == [2, 3, 7]
    assert np.flatnonzero(~video.detected).tolist() == [0, 1, 2, 5, 6, 10, *range(19, 30)]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=4),
    st.lists(st.tuples(*[st.integers(0, 400)] * 4), min_size=5, max_size=5),
)
def test_gaps_are_interpolated_exactly(steps, corners):
    """Against rational arithmetic, rounded to the 1/16 px grid, halves to even."""
    frames = np.concatenate([[0], np.cumsum(steps)])
    boxes = [(x / 16, y / 16, (x + w + 16) / 16, (y + h + 16) / 16) for x, y, w, h in corners[: len(frames)]]
    rows = [(int(f), b, 0.5, 0) for f, b in zip(frames, boxes, strict=True)]
    candidates = Candidates.from_arrays(make_arrays(rows, width=64, height=64))
    tube = make_tube(candidates, np.arange(len(rows)), "unary")
    for i, steps_between in enumerate(steps):
        for k in range(steps_between + 1):
            for side in range(4):
                first, last = (Fraction(float(boxes[j][side])) for j in (i, i + 1))
                exact = first + (last - first) * Fraction(k, steps_between)
                assert tube.boxes[frames[i] + k, side] == float(Fraction(round(exact * 16), 16))
    assert np.flatnonzero(tube.observed).tolist() == frames.tolist()


@pytest.mark.parametrize("seed", range(4))
def test_observed_boxes_are_the_detections_and_all_boxes_lie_inside_the_frame(seed):
    rows = walk(seed)
    video, _ = link(rows)
    places = {(frame, *place) for frame, place, _, _ in rows}
    unions, _ = Candidates.from_arrays(make_arrays(rows, width=64, height=48)).unions()
    united = {(int(f), *b) for f, b in zip(unions.frame, unions.boxes.tolist(), strict=True)}
    used = []
    for tube in video.tubes:
        for frame, place, seen in zip(range(tube.start, tube.stop), tube.boxes.tolist(), tube.observed, strict=True):
            assert not seen or (frame, *place) in (places if tube.kind == "unary" else united)
            if seen:
                used.append((tube.kind, frame, *place))
        assert np.array_equal(tube.boxes, box.clip(box.quantise(tube.boxes), 64, 48))
        assert tube.observed[0]
        assert tube.observed[-1]
    assert len(used) == len(set(used)) > 50


def test_score_is_the_mean_of_the_observed():
    rows = [(frame, A, score, 0) for frame, score in enumerate([0.5, 1.0, 0.25, 0.25] * 4) if frame != 2]
    (tube,) = link(rows)[0].tubes
    assert tube.score == pytest.approx(np.mean([row[2] for row in rows]))


def test_multivariate_tube_holds_its_members_and_only_them():
    rows = still(0, 39, A, 0.5) + still(0, 39, FAR, 0.5) + still(10, 29, B, 0.75)
    video, _ = link(rows)
    assert [(t.kind, t.start, t.stop) for t in video.tubes] == [
        ("unary", 0, 40),
        ("unary", 0, 40),
        ("unary", 10, 30),
        ("multivariate", 10, 30),
    ]
    union = video.tubes[3]
    assert union.boxes.tolist() == [[0, 0, 18, 10]] * 20
    assert union.score == 0.625
    assert [video.tubes[m].boxes[0].tolist() for m in union.members] == [list(A), list(B)]


def test_members_are_unary_tubes_that_meet_their_union_inside_it():
    for seed in range(6):
        video, _ = link(walk(seed, n=9), max_tubes=8)
        for tube in video.tubes:
            assert tube.kind == "multivariate" or tube.members == ()
            for member in (video.tubes[m] for m in tube.members):
                assert member.kind == "unary"
                first, stop = max(tube.start, member.start), min(tube.stop, member.stop)
                outer, inner = tube.cut(first, stop), member.cut(first, stop)
                both = outer.observed & inner.observed
                within = (outer.boxes[:, :2] <= inner.boxes[:, :2]) & (outer.boxes[:, 2:] >= inner.boxes[:, 2:])
                assert (both & within.all(axis=1)).any()


def test_members_name_every_kept_unary_tube_that_went_in():
    """Against a search of all observed boxes of all unary tubes, on boxes that differ from one another."""
    rows = walk(1, n=8, miss=0.05)
    video, _ = link(rows)
    unions, groups = (candidates := Candidates.from_arrays(make_arrays(rows, width=64, height=48))).unions()
    group_of = {(int(f), *b): g for f, b, g in zip(unions.frame, unions.boxes.tolist(), groups, strict=True)}
    observed = [
        {(t.start + k, *t.boxes[k].tolist()) for k in np.flatnonzero(t.observed)} if t.kind == "unary" else set()
        for t in video.tubes
    ]
    checked = 0
    for tube in (t for t in video.tubes if t.kind == "multivariate"):
        inside = {
            (int(candidates.frame[i]), *candidates.boxes[i].tolist())
            for k in np.flatnonzero(tube.observed)
            for i in group_of[tube.start + int(k), *tube.boxes[k].tolist()]
        }
        assert tube.members == tuple(i for i, boxes in enumerate(observed) if boxes & inside)
        checked += len(tube.members)
    assert checked > 3


@pytest.mark.parametrize("kind", ["unary", "multivariate"])
def test_kinds_chooses(kind):
    video, _ = link(still(0, 19, A) + still(0, 19, B), kinds=[kind])
    assert {t.kind for t in video.tubes} == {kind}
    assert all(t.members == () for t in video.tubes)


def test_cap_keeps_the_greatest_sum_of_confidences():
    short_sure, long_fair, long_weak = still(0, 19, A, 0.9), still(0, 39, FAR, 0.5), still(0, 39, (20, 20, 30, 30), 0.3)
    middle = [20, 20, 30, 30]
    video, dropped = link(short_sure + long_fair + long_weak, max_tubes=3)
    assert [t.boxes[0].tolist() for t in video.tubes] == [list(A), middle, list(FAR)], "by box, not by score"
    assert dropped == 0
    video, dropped = link(short_sure + long_fair + long_weak, max_tubes=2)
    assert dropped == 1
    assert [t.boxes[0].tolist() for t in video.tubes] == [list(A), list(FAR)]
    video, dropped = link(short_sure + long_fair + long_weak, max_tubes=1)
    assert dropped == 2
    assert [t.boxes[0].tolist() for t in video.tubes] == [list(FAR)]


def test_cap_leaves_no_member_that_was_dropped():
    rows = still(0, 39, A, 0.5) + still(10, 29, B, 0.75)
    video, dropped = link(rows, max_tubes=2)
    # 20.0 for A; 15.0 for B; 12.5 for their union: the union goes.
    assert (spans(video, "unary"), spans(video, "multivariate"), dropped) == ([(0, 40), (10, 30)], [], 1)
    rows = still(0, 39, A, 1.0) + still(10, 29, B, 0.25)
    video, dropped = link(rows, max_tubes=2)
    # 40.0 for A; 5.0 for B; 12.5 for the union: B goes, and is no member any more.
    assert (spans(video, "multivariate"), video.tubes[1].members, dropped) == ([(10, 30)], (0,), 1)


def test_classes_are_kept_apart_on_request():
    rows = still(0, 19, A, label=0) + still(20, 39, A, label=3)
    assert spans(link(rows)[0], "unary") == [(0, 40)]
    assert spans(link(rows, class_agnostic=False)[0], "unary") == [(0, 20), (20, 40)]


@pytest.mark.parametrize("n_frames", [8, 15, 16, 40, 512, 1000])
def test_nothing_found_gives_a_whole_frame_tube_for_each_videolet(n_frames):
    video, dropped = link([], n_frames=n_frames)
    spans_ = tube_module.divide(0, n_frames, 32, min_frames=16)
    assert [(t.start, t.stop, t.kind) for t in video.tubes] == [(*span, "frame") for span in spans_]
    assert len(video.tubes) == min(32, max(n_frames // 16, 1))
    assert all(t.boxes.tolist() == [[0, 0, 64, 48]] * (t.stop - t.start) for t in video.tubes)
    assert not video.detected.any()
    assert dropped == 0


def test_only_short_tubes_is_nothing_found_but_detected():
    video, _ = link(still(2, 6, A), n_frames=40)
    assert {t.kind for t in video.tubes} == {"frame"}
    assert np.flatnonzero(video.detected).tolist() == [2, 3, 4, 5, 6]
