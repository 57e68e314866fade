from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from support.linking import brute_force, detection_rows, make_arrays, naive_motion, walk
from wsstad.perception.linkers.candidates import Candidates
from wsstad.perception.linkers.chains import link_detections
from wsstad.perception.linkers.sweeps import gains, link_by_motion

OPTIONS = {"min_iou": 0.3, "max_gap": 6, "weak_gap": 1, "memory": 5, "min_start_score": 0.25}


def chains_of(rows, **options):
    detections = Candidates.from_arrays(make_arrays(rows, width=64, height=48))
    return detections, [chain.tolist() for chain in link_by_motion(detections, **{**OPTIONS, **options})]


def moving(frames, start, step, size=8, score=0.9):
    """Return rows of a box of `size` whose left upper corner moves from `start` by `step` a frame."""
    places = {frame: [at + by * frame for at, by in zip(start, step, strict=True)] for frame in frames}
    return [(frame, (x, y, x + size, y + size), score, 0) for frame, (x, y) in places.items()]


def places_of(detections, chains):
    return [[(int(detections.frame[i]), detections.boxes[i, 0]) for i in chain] for chain in chains]


# Backwards, boxes of frames 2 and 4 expect the weak one of frame 1 with the same IoU: the earlier one gets it.
TIED = [
    (0, (0, 3, 2, 4), 0.5, 0), (1, (0, 0, 2, 3), 0.875, 1), (1, (0, 6, 1, 9), 0.5, 0), (1, (1, 1, 5, 2), 0.875, 0),
    (1, (4, 6, 6, 7), 0.125, 1), (2, (3, 5, 5, 9), 0.875, 1), (2, (3, 3, 5, 6), 0.875, 0), (2, (3, 0, 5, 3), 0.875, 0),
    (4, (1, 4, 4, 6), 0.125, 0), (4, (5, 6, 9, 9), 0.5, 0), (4, (2, 0, 6, 2), 0.5, 1), (4, (5, 6, 7, 10), 0.875, 0),
]  # fmt: skip


@settings(max_examples=200, deadline=None)
@example(TIED, 0.1, 2, 2, 3, 0.75)
@given(
    detection_rows(),
    st.sampled_from([0.0, 0.1, 0.25, 0.5]),
    st.integers(0, 3),
    st.integers(0, 3),
    st.integers(1, 4),
    st.sampled_from([0.0, 0.25, 0.75]),
)
def test_equal_to_trying_everything_frame_by_frame(rows, min_iou, max_gap, weak_gap, memory, min_start_score):
    options = {"min_iou": min_iou, "max_gap": max_gap, "weak_gap": weak_gap}
    options |= {"memory": memory, "min_start_score": min_start_score}
    detections, chains = chains_of(rows, **options)
    assert chains == naive_motion(detections, lambda *problem: brute_force(*problem)[1], **options)


@pytest.mark.parametrize("seed", range(4))
def test_equal_to_loops_on_long_walks(seed):
    rows = walk(seed, n=4, n_frames=50, miss=0.3)
    options = {**OPTIONS, "min_start_score": 0.4}
    detections, chains = chains_of(rows, **options)
    assert chains == naive_motion(detections, lambda *problem: brute_force(*problem)[1], **options)
    assert sum(len(chain) > 8 for chain in chains) > 3


@settings(deadline=None)
@given(detection_rows(), st.randoms())
def test_order_of_input_changes_nothing(rows, random):
    first, chains = chains_of(rows)
    second, others = chains_of(random.sample(rows, len(rows)))
    assert chains == others
    assert np.array_equal(first.boxes, second.boxes)


@settings(deadline=None)
@given(detection_rows(), st.integers(1, 50))
def test_later_is_the_same(rows, shift):
    assert chains_of(rows)[1] == chains_of([(frame + shift, *rest) for frame, *rest in rows])[1]


@settings(deadline=None)
@given(detection_rows(max_frames=10))
def test_tubes_have_one_box_a_frame_and_every_strong_detection_is_in_one(rows):
    detections, chains = chains_of(rows, min_start_score=0.4)
    used = [i for chain in chains for i in chain]
    assert len(used) == len(set(used))
    strong = detections.score >= 0.4
    assert set(np.flatnonzero(strong).tolist()) <= set(used)
    for chain in chains:
        assert strong[chain].any()
        for i, j in pairwise(chain):
            gap = detections.frame[j] - detections.frame[i]
            assert 1 <= gap <= OPTIONS["max_gap"] + 1
            # Over a longer gap a link leads to a strong detection, in the direction in which it was found.
            assert gap <= OPTIONS["weak_gap"] + 1 or strong[i] or strong[j]


@pytest.mark.parametrize("boxes", range(2, 9))
def test_up_to_memory_boxes_the_gains_make_the_least_squares_line(boxes):
    places = np.random.default_rng(boxes).normal(0, 5, boxes)
    centre_gains, velocity_gains = gains(8)
    centre, velocity = places[0], 0.0
    for k, place in enumerate(places[1:], start=1):
        error = place - (centre + velocity)
        centre, velocity = centre + velocity + centre_gains[k] * error, velocity + velocity_gains[k] * error
    slope, start = np.polyfit(np.arange(boxes), places, 1)
    assert (velocity, centre) == pytest.approx((slope, start + slope * (boxes - 1)))


def test_two_who_pass_each_other_unseen_keep_their_ways():
    right, left = [*range(8), *range(13, 20)], [*range(8), *range(12, 20)]
    rows = moving(right, (0, 20), (3, 0)) + moving(left, (57, 20), (-3, 0))
    detections, chains = chains_of(rows)
    rightward, leftward = [(f, 3.0 * f) for f in right], [(f, 57 - 3.0 * f) for f in left]
    assert places_of(detections, chains) == [rightward, leftward]
    # By where their last boxes were, each goes back with the other.
    swapped = link_detections(detections, min_iou=0.3, max_gap=6, min_start_score=0.25)
    assert places_of(detections, swapped) == [rightward[:8] + leftward[8:], leftward[:8] + rightward[8:]]


def test_strong_boxes_are_linked_first():
    rows = [*moving(range(4), (10, 10), (0, 0)), (4, (12, 10, 20, 18), 0.9, 0), (4, (10, 10, 18, 18), 0.1, 0)]
    detections, chains = chains_of(rows)
    assert places_of(detections, chains) == [[(0, 10), (1, 10), (2, 10), (3, 10), (4, 12)]]


def test_weak_boxes_go_on_with_a_tube_for_a_short_while_and_start_none():
    far = [(frame, (40, 30, 50, 40), 0.1, 0) for frame in range(12)]
    for missed, expected in ((1, 6), (2, 5)):
        rows = moving(range(5), (10, 10), (0, 0)) + moving([5 + missed], (10, 10), (0, 0), score=0.1) + far
        detections, chains = chains_of(rows, weak_gap=1)
        assert [len(chain) for chain in chains] == [expected]
        assert detections.boxes[chains[0], 0].tolist() == [10] * expected


def test_weak_boxes_before_a_tube_are_found_backwards():
    rows = moving(range(3, 6), (0, 10), (4, 0), score=0.1) + moving(range(6, 12), (0, 10), (4, 0))
    detections, chains = chains_of(rows)
    assert places_of(detections, chains) == [[(frame, 4.0 * frame) for frame in range(3, 12)]]


def test_a_tube_is_joined_to_one_that_ended_too_soon_to_be_followed():
    """One box at frame 0 has no velocity; from its later boxes the way leads back to it."""
    rows = moving([0, *range(5, 12)], (0, 10), (4, 0))
    detections, chains = chains_of(rows)
    assert places_of(detections, chains) == [[(frame, 4.0 * frame) for frame in [0, *range(5, 12)]]]
    assert len(link_detections(detections, min_iou=0.3, max_gap=6, min_start_score=0.25)) == 2


def test_nothing_is_linked_to_nothing():
    assert chains_of([])[1] == []
