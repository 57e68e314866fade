import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.linking import detection_rows, make_arrays, naive_iou, walk
from wsstad.perception.linkers import overlaps as module
from wsstad.perception.linkers.candidates import Candidates


def naive(detections, step, above):
    pairs = []
    for i, j in np.ndindex(len(detections), len(detections)):
        overlap = naive_iou(detections.boxes[i].tolist(), detections.boxes[j].tolist())
        later = detections.frame[j] - detections.frame[i] == step and (step or i < j)
        if later and overlap > above:
            pairs.append((i, j, overlap))
    return pairs


@settings(max_examples=150, deadline=None)
@given(detection_rows(), st.integers(0, 2), st.sampled_from([0.0, 0.25, 0.5]))
def test_equal_to_trying_all_pairs(rows, step, above):
    detections = Candidates.from_arrays(make_arrays(rows))
    pairs = detections.neighbours(step, above=above)
    assert list(zip(*(column.tolist() for column in pairs), strict=True)) == naive(detections, step, above)


@pytest.mark.parametrize("step", [0, 1])
def test_equal_to_pairs_looked_at_one_by_one_on_a_fine_grid(step):
    """The same bits as `overlapping`, which computes in pixels."""
    detections = Candidates.from_arrays(make_arrays(walk(4, n=12), width=64, height=48))
    every = np.arange(len(detections))
    first = np.searchsorted(detections.frame, detections.frame + step, side="left") if step else every + 1
    stop = np.searchsorted(detections.frame, detections.frame + step, side="right")
    expected = detections.overlapping(every, first, stop, above=0.1)
    for one, other in zip(detections.neighbours(step, above=0.1), expected, strict=True):
        assert np.array_equal(one, other)
    assert len(expected[0]) > 100


@pytest.mark.parametrize(("frames", "pairs"), [(1, 1), (3, 40), (512, 200)])
def test_where_the_frames_are_cut_changes_nothing(monkeypatch, frames, pairs):
    detections = Candidates.from_arrays(make_arrays(walk(1, n=7), n_frames=90, width=64, height=48))
    whole = [detections.neighbours(step, above=0.0) for step in (0, 1)]
    monkeypatch.setattr(module, "FRAMES", frames)
    monkeypatch.setattr(module, "PAIRS", pairs)
    for step in (0, 1):
        for one, other in zip(detections.neighbours(step, above=0.0), whole[step], strict=True):
            assert np.array_equal(one, other)
