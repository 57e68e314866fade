import numpy as np
import pytest

from support.linking import make_arrays, walk
from wsstad.perception.linkers.motion import MotionLinker
from wsstad.perception.linkers.parameters import MotionParameters

OPTIONS = {
    "min_iou": 0.3,
    "max_gap": 8,
    "weak_gap": 2,
    "memory": 10,
    "min_frames": 16,
    "min_start_score": 0.4,
    "double_iou": 0.5,
    "kinds": ("unary", "multivariate"),
    "unions": ("pairs", "groups"),
    "max_tubes": 200,
}
A, B, FAR = (0, 0, 10, 10), (8, 0, 18, 10), (40, 30, 50, 40)


def link(rows, n_frames=None, **options):
    parameters = MotionParameters(type="motion", **{**OPTIONS, **options})
    return MotionLinker(parameters).link(make_arrays(rows, n_frames=n_frames, width=64, height=48))


def still(first, last, place, score=0.5, skip=()):
    return [(frame, place, score, 0) for frame in range(first, last + 1) if frame not in skip]


def spans(video, kind):
    return [(t.start, t.stop) for t in video.tubes if t.kind == kind]


def test_unary_tubes_have_min_frames_and_their_gaps_are_filled():
    video, dropped = link(still(0, 14, A) + still(20, 35, FAR, skip=(22, 23)), n_frames=40)
    (tube,) = video.tubes
    assert (tube.kind, tube.start, tube.stop, dropped) == ("unary", 20, 36, 0)
    assert np.flatnonzero(~tube.observed).tolist() == [2, 3]
    assert np.flatnonzero(~video.detected).tolist() == [*range(15, 20), 22, 23, *range(36, 40)]


def test_a_double_is_in_no_unary_tube_and_in_groups_as_what_it_doubles():
    double = (0, 0, 10, 9)
    video, _ = link(still(0, 19, A, 0.9) + still(0, 19, double, 0.5))
    assert [(t.kind, t.boxes[0].tolist(), t.members) for t in video.tubes] == [
        ("unary", list(A), ()),
        ("multivariate", list(A), (0,)),
    ]
    video, _ = link(still(0, 19, A, 0.9) + still(0, 19, double, 0.5), double_iou=1)
    assert len(spans(video, "unary")) == 2


@pytest.mark.parametrize("sorts", [["pairs"], ["groups"]])
def test_multivariate_tubes_hold_their_members_while_these_touch(sorts):
    video, _ = link(still(0, 39, A) + still(0, 39, FAR) + still(10, 29, B, 0.75), unions=sorts)
    assert spans(video, "unary") == [(0, 40), (0, 40), (10, 30)]
    (union,) = (tube for tube in video.tubes if tube.kind == "multivariate")
    assert (union.start, union.stop, union.score) == (10, 30, 0.625)
    assert union.boxes.tolist() == [[0, 0, 18, 10]] * 20
    assert [video.tubes[m].boxes[0].tolist() for m in union.members] == [list(A), list(B)]


def test_a_pair_goes_on_where_a_detection_is_missing_and_a_group_waits():
    missed = still(0, 29, A) + still(0, 29, B, skip=(12, 13))
    both = link(missed, unions=["pairs"])[0].tubes[2], link(missed, unions=["groups"])[0].tubes[2]
    assert [(t.start, t.stop, np.flatnonzero(~t.observed).tolist()) for t in both] == [(0, 30, [12, 13])] * 2


@pytest.mark.parametrize("kind", ["unary", "multivariate"])
def test_kinds_chooses(kind):
    video, _ = link(still(0, 19, A) + still(0, 19, B), kinds=[kind])
    assert {t.kind for t in video.tubes} == {kind}
    assert all(t.members == () for t in video.tubes)


def test_cap_leaves_no_member_that_was_dropped():
    rows = still(0, 39, A, 1.0) + still(10, 29, B, 0.5)
    video, dropped = link(rows, max_tubes=2, unions=["pairs"])
    # 40.0 for A; 15.0 for the pair; 10.0 for B, which goes and is no member any more.
    assert [(t.kind, t.members) for t in video.tubes] == [("unary", ()), ("multivariate", (0,))]
    assert dropped == 1


def test_members_are_unary_tubes_that_meet_their_union_inside_it():
    checked = 0
    for seed in range(6):
        video, _ = link(walk(seed, n=9), max_tubes=12)
        for tube in video.tubes:
            assert tube.kind == "multivariate" or tube.members == ()
            for member in (video.tubes[m] for m in tube.members):
                assert member.kind == "unary"
                first, stop = max(tube.start, member.start), min(tube.stop, member.stop)
                outer, inner = tube.cut(first, stop).boxes, member.cut(first, stop).boxes
                assert ((outer[:, :2] <= inner[:, :2]) & (outer[:, 2:] >= inner[:, 2:])).all(axis=1).any()
                checked += 1
    assert checked > 20
