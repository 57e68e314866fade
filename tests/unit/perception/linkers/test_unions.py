import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.linking import UNIT, brute_force, detection_rows, make_arrays, naive_iou, walk
from wsstad.perception.linkers.candidates import Candidates
from wsstad.perception.linkers.chains import link_detections
from wsstad.perception.linkers.sweeps import link_by_motion
from wsstad.perception.linkers.unions import link_groups, pairs
from wsstad.structures.tubes import Tube

EMPTY = Candidates.from_arrays(make_arrays([], n_frames=60, width=64, height=48))


def still(start, place, n=20, **facts):
    return Tube(start, np.repeat(np.array([place], dtype=np.float32), n, axis=0), **facts)


def union_of(tubes):
    corners = np.stack([tube.boxes for tube in tubes])
    return np.hstack([corners[:, :, :2].min(axis=0), corners[:, :, 2:].max(axis=0)])


def naive_pairs(tubes, *, max_gap, min_frames):
    """Go through all pairs and all frames."""
    result = []
    for (i, one), (j, other) in itertools.combinations(enumerate(tubes), 2):
        runs = []
        for frame in range(max(one.start, other.start), min(one.stop, other.stop)):
            if naive_iou(one.boxes[frame - one.start].tolist(), other.boxes[frame - other.start].tolist()) > 0:
                if runs and frame - runs[-1][-1] <= max_gap + 1:
                    runs[-1].append(frame)
                else:
                    runs.append([frame])
        result += [(i, j, run[0], run[-1] + 1) for run in runs if run[-1] - run[0] + 1 >= min_frames]
    return result


def tubes_of(seed):
    detections = Candidates.from_arrays(make_arrays(walk(seed, n=8), width=64, height=48))
    chains = link_by_motion(detections, min_iou=0.3, max_gap=0, weak_gap=0, memory=5, min_start_score=0.1)
    return [Tube(int(detections.frame[c[0]]), detections.boxes[c].astype(np.float32)) for c in chains]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("max_gap", [0, 3])
def test_pairs_are_those_of_loops(seed, max_gap):
    tubes = tubes_of(seed)
    result = list(pairs(tubes, EMPTY, max_gap=max_gap, min_frames=4))
    assert [(i, j, tube.start, tube.stop) for tube, i, j in result] == naive_pairs(tubes, max_gap=max_gap, min_frames=4)
    assert len(result) > 5
    for tube, i, j in result:
        assert tube.kind == "multivariate"
        assert np.array_equal(tube.boxes, union_of([tubes[k].cut(tube.start, tube.stop) for k in (i, j)]))


def test_a_pair_is_observed_where_both_are_and_as_sure_as_both_together():
    seen = np.arange(20) % 4 != 0
    one, other = still(3, (0, 0, 10, 10), score=0.5, observed=seen), still(5, (8, 0, 18, 10), score=0.75)
    ((tube, *indices),) = pairs([one, other], EMPTY, max_gap=0, min_frames=16)
    assert (tube.start, tube.stop, tube.score, indices) == (5, 23, 0.625, [0, 1])
    assert tube.observed.tolist() == seen[2:].tolist()


def test_boxes_that_only_touch_do_not_meet():
    tubes = [still(0, (0, 0, 10, 10)), still(0, (10, 0, 20, 10))]
    assert list(pairs(tubes, EMPTY, max_gap=0, min_frames=1)) == []
    assert list(pairs([], EMPTY, max_gap=0, min_frames=1)) == []


def naive_groups(unions, objects, *, min_iou, max_gap):
    """Link frame by frame, everything that a tube has held asked anew."""
    chains = []
    for frame in range(unions.n_frames):
        tails = {c[-1]: c for c in chains if frame - unions.frame[c[-1]] <= max_gap + 1}
        columns = [int(j) for j in np.flatnonzero(unions.frame == frame)]
        weights = {}
        for i, j in itertools.product(sorted(tails), columns):
            overlap = naive_iou(unions.boxes[i].tolist(), unions.boxes[j].tolist())
            if overlap > min_iou and set.intersection(*(set(objects[k]) for k in [*tails[i], j])):
                weights[i, j] = max(round(overlap * UNIT), 1)
        linked = dict(brute_force(sorted(tails), columns, weights)[1])
        for i, j in linked.items():
            tails[i].append(j)
        chains += [[j] for j in columns if j not in linked.values()]
    return sorted(chains)


@settings(max_examples=100, deadline=None)
@given(detection_rows(), st.sampled_from([0.0, 0.25, 0.5]), st.integers(0, 3), st.data())
def test_groups_are_those_of_loops(rows, min_iou, max_gap, data):
    unions = Candidates.from_arrays(make_arrays(rows))
    objects = [data.draw(st.frozensets(st.integers(0, 3), min_size=1, max_size=3)) for _ in rows]
    result = [chain.tolist() for chain in link_groups(unions, objects, min_iou=min_iou, max_gap=max_gap)]
    assert result == naive_groups(unions, objects, min_iou=min_iou, max_gap=max_gap)


def test_a_group_does_not_drift_to_other_objects():
    """Six in a row take turns in standing close to the next: the union wanders from the first two to the last two."""
    rows = [(frame, (6 * k, 0, 6 * k + 20, 10), 0.5, 0) for frame, k in enumerate(range(5))]
    unions = Candidates.from_arrays(make_arrays(rows, width=64, height=48))
    objects = [frozenset({k, k + 1}) for k in range(5)]
    assert [c.tolist() for c in link_groups(unions, objects, min_iou=0.3, max_gap=4)] == [[0, 1], [2, 3], [4]]
    drifted = link_detections(unions, min_iou=0.3, max_gap=4, min_start_score=0)
    assert [chain.tolist() for chain in drifted] == [[0, 1, 2, 3, 4]]
