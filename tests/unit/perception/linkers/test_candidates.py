import numpy as np
import pytest
from hypothesis import given, settings

from support.linking import detection_rows, make_arrays, naive_iou
from wsstad.perception.linkers.candidates import Candidates

BOX = (0, 0, 4, 4)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", range(4))
def test_refuses_boxes_that_are_not_finite(bad, place):
    arrays = make_arrays([(0, BOX, 0.5, 0), (1, BOX, 0.5, 0)])
    arrays["boxes"][1, place] = bad
    with pytest.raises(ValueError, match=r"detection 1 \(frame 1, box .*is not finite"):
        Candidates.from_arrays(arrays)


def test_refuses_scores_that_are_not_finite():
    with pytest.raises(ValueError, match=r"detection 0 .*is not finite"):
        Candidates.from_arrays(make_arrays([(0, BOX, np.nan, 0)]))


@pytest.mark.parametrize("box", [(4, 0, 2, 4), (3, 3, 3, 5), (12, 0, 15, 4)])
def test_refuses_boxes_that_are_empty_inside_the_frame(box):
    with pytest.raises(ValueError, match="is empty inside a frame of 10 x 10"):
        Candidates.from_arrays(make_arrays([(0, box, 0.5, 0)]))


@pytest.mark.parametrize("frame", [-1, 3])
def test_refuses_frames_outside_the_video(frame):
    with pytest.raises(ValueError, match="is not in a video of 3 frames"):
        Candidates.from_arrays(make_arrays([(frame, BOX, 0.5, 0)], n_frames=3))


def test_clips_and_rounds_boxes():
    detections = Candidates.from_arrays(make_arrays([(0, (-3, 0.01, 4.04, 20), 0.5, 0)]))
    assert detections.boxes.tolist() == [[0, 0, 4.0625, 10]]


@settings(deadline=None)
@given(detection_rows())
def test_unions_are_the_connected_components_of_intersecting_boxes(rows):
    detections = Candidates.from_arrays(make_arrays(rows))
    unions, groups = detections.unions()
    inside = [i for group in groups for i in group.tolist()]
    assert len(inside) == len(set(inside))
    for frame, box, score, group in zip(unions.frame, unions.boxes, unions.score, groups, strict=True):
        members = detections.boxes[group]
        assert len(group) >= 2
        assert set(detections.frame[group]) == {frame}
        assert box.tolist() == [*members.min(axis=0)[:2], *members.max(axis=0)[2:]]
        assert score == pytest.approx(detections.score[group].mean(), abs=1 / 4096)
        reached = {0}
        for _ in group:
            reached |= {
                b for a in reached for b in range(len(group)) if naive_iou(members[a].tolist(), members[b].tolist()) > 0
            }
        assert reached == set(range(len(group)))
    group_of = {i: number for number, group in enumerate(groups) for i in group.tolist()}
    for i in range(len(detections)):
        touching = [
            j
            for j in range(len(detections))
            if j != i
            and detections.frame[i] == detections.frame[j]
            and naive_iou(detections.boxes[i].tolist(), detections.boxes[j].tolist()) > 0
        ]
        assert (i in group_of) == bool(touching)
        assert all(group_of[j] == group_of[i] for j in touching)


def test_boxes_that_share_an_edge_do_not_intersect():
    rows = [(0, (0, 0, 4, 4), 0.5, 0), (0, (4, 0, 8, 4), 0.5, 0)]
    assert len(Candidates.from_arrays(make_arrays(rows)).unions()[0]) == 0
