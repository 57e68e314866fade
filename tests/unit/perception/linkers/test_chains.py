import sys
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from support.linking import brute_force, detection_rows, make_arrays, naive_chains, naive_iou, scene, walk
from support.sequential_chains import sequential_chains
from wsstad.perception.linkers.candidates import Candidates
from wsstad.perception.linkers.chains import link_detections

OPTIONS = {"min_iou": 0.3, "max_gap": 3, "min_start_score": 0.25}


def chains_of(rows, **options):
    detections = Candidates.from_arrays(make_arrays(rows, width=64, height=48))
    return detections, [chain.tolist() for chain in link_detections(detections, **{**OPTIONS, **options})]


def scipy_solve(rows, columns, weights):
    matrix = np.zeros((len(rows), len(columns)))
    for (i, j), weight in weights.items():
        matrix[rows.index(i), columns.index(j)] = weight
    picked = zip(*linear_sum_assignment(matrix, maximize=True), strict=True)
    return [(rows[i], columns[j]) for i, j in picked if matrix[i, j]]


@settings(max_examples=200, deadline=None)
@given(
    detection_rows(),
    st.sampled_from([0.0, 0.1, 0.25, 0.5]),
    st.integers(0, 3),
    st.sampled_from([0.0, 0.25, 0.75]),
    st.booleans(),
)
def test_equal_to_trying_everything_frame_by_frame(rows, min_iou, max_gap, min_start_score, class_agnostic):
    options = {"min_iou": min_iou, "max_gap": max_gap, "min_start_score": min_start_score}
    options["class_agnostic"] = class_agnostic
    detections, chains = chains_of(rows, **options)
    expected = naive_chains(detections, lambda *problem: brute_force(*problem)[1], **options)
    assert chains == expected


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("max_gap", [0, 1, 6])
def test_equal_to_scipy_on_whole_frames_without_shortcuts(seed, max_gap):
    options = {**OPTIONS, "max_gap": max_gap}
    # Boxes on a fine grid: the optimum is unique, so the links themselves must agree.
    detections, chains = chains_of(walk(seed, n=4 + 2 * seed), **options)
    assert chains == naive_chains(detections, scipy_solve, **options)
    assert sum(len(chain) > 5 for chain in chains) > 3


@pytest.mark.parametrize("block", range(10))
def test_equal_to_a_walk_through_the_frames_on_random_scenes(block):
    """Forty scenes a block: coarse boxes full of ties, walks, crowds, and boxes missed by the handful."""
    linked = 0
    for seed in range(40 * block, 40 * block + 40):
        random = np.random.default_rng(seed)
        options = {
            "min_iou": random.choice([0.0, 0.1, 0.3, 0.5]),
            "max_gap": int(random.choice([0, 1, 3, 8])),
            "min_start_score": random.choice([0.0, 0.25, 0.5, 0.75]),
            "class_agnostic": bool(random.integers(2)),
        }
        detections, chains = chains_of(scene(random), **options)
        assert chains == [chain.tolist() for chain in sequential_chains(detections, **options)], f"seed {seed}"
        linked += sum(len(chain) > 1 for chain in chains)
    assert linked > 100


@settings(max_examples=60, deadline=None)
@given(detection_rows(max_frames=8, max_boxes=7), st.integers(0, 2))
def test_every_frame_reaches_the_total_of_scipy(rows, max_gap):
    """Ties or not: given the tubes so far, no other links into a frame have a greater total."""
    options = {**OPTIONS, "max_gap": max_gap}
    detections, chains = chains_of(rows, **options)
    follower = {i: j for chain in chains for i, j in pairwise(chain)}

    def follow(rows, columns, weights):
        links = [(i, follower[i]) for i in rows if follower.get(i) in columns]
        best = sum(weights[pair] for pair in scipy_solve(rows, columns, weights)) if weights else 0
        assert sum(weights[pair] for pair in links) == best
        return links

    assert naive_chains(detections, follow, **options) == chains


@settings(deadline=None)
@given(detection_rows(), st.randoms())
def test_order_of_input_changes_nothing(rows, random):
    first, chains = chains_of(rows)
    shuffled = random.sample(rows, len(rows))
    second, others = chains_of(shuffled)
    assert chains == others
    assert np.array_equal(first.boxes, second.boxes)
    assert np.array_equal(first.label, second.label)


@settings(deadline=None)
@given(detection_rows(), st.integers(1, 50))
def test_later_is_the_same(rows, shift):
    assert chains_of(rows)[1] == chains_of([(frame + shift, *rest) for frame, *rest in rows])[1]


@settings(deadline=None)
@given(detection_rows())
def test_chains_obey_the_gate_the_gap_and_use_each_detection_once(rows):
    detections, chains = chains_of(rows)
    used = [i for chain in chains for i in chain]
    assert len(used) == len(set(used))
    for chain in chains:
        assert detections.score[chain[0]] >= OPTIONS["min_start_score"]
        for i, j in pairwise(chain):
            assert 1 <= detections.frame[j] - detections.frame[i] <= OPTIONS["max_gap"] + 1
            assert naive_iou(detections.boxes[i], detections.boxes[j]) > OPTIONS["min_iou"]
    strong = np.flatnonzero(detections.score >= OPTIONS["min_start_score"])
    assert set(strong.tolist()) <= set(used)


def test_a_tube_that_waits_competes_with_the_box_next_door():
    """B is missed in frame 1; in frame 2 its box overlaps B's last box more than what A has become."""
    a, b = (0, 0, 10, 10), (3, 0, 13, 10)
    rows = [(0, a, 0.9, 0), (0, b, 0.8, 0), (1, (1, 0, 11, 10), 0.9, 0), (2, (3, 0, 13, 10), 0.7, 0)]
    assert chains_of(rows, min_iou=0.5)[1] == [[0, 2], [1, 3]]
    assert chains_of(rows, min_iou=0.5, max_gap=0)[1] == [[0, 2, 3], [1]]


def test_gate_is_strict_and_gap_is_counted_in_missed_frames():
    half = [(0, (0, 0, 8, 8), 0.9, 0), (1, (0, 0, 8, 4), 0.9, 0)]
    assert chains_of(half, min_iou=0.5)[1] == [[0], [1]]
    assert chains_of(half, min_iou=0.499)[1] == [[0, 1]]
    late = [(0, (0, 0, 8, 8), 0.9, 0), (4, (0, 0, 8, 8), 0.9, 0)]
    assert chains_of(late, max_gap=3)[1] == [[0, 1]]
    assert chains_of(late, max_gap=2)[1] == [[0], [1]]


def test_weak_detections_go_on_with_a_tube_but_start_none():
    rows = [(frame, (0, 0, 8, 8), score, 0) for frame, score in enumerate([0.1, 0.1, 0.9, 0.1])]
    assert chains_of(rows)[1] == [[2, 3]]
    assert chains_of(rows, min_start_score=0.95)[1] == []


def test_a_weak_detection_outside_all_tubes_keeps_no_box_from_a_tube_that_waits():
    rows = [(0, (0, 0, 10, 10), 0.9, 0), (1, (6, 0, 16, 10), 0.1, 0), (2, (4, 0, 14, 10), 0.9, 0)]
    assert chains_of(rows)[1] == [[0, 2]]
    assert chains_of(rows, min_start_score=0.0)[1] == [[0], [1, 2]]


def test_chunks_change_nothing(monkeypatch):
    rows = walk(3, n=8)
    whole = chains_of(rows)[1]
    for module, name in (("candidates", "CHUNK"), ("groups", "CHUNK"), ("overlaps", "FRAMES"), ("overlaps", "PAIRS")):
        monkeypatch.setattr(sys.modules[f"wsstad.perception.linkers.{module}"], name, 7)
        assert chains_of(rows)[1] == whole


def test_a_box_taken_by_a_tube_that_waits_is_taken_from_then_on():
    """Each frame's links depend on those before: a tube that waits takes a box, whose tube then waits for the next."""
    rows = []
    for frame in range(30):
        for k in range(4):
            if frame % 3 != k:
                x = 2 * k + frame % 2
                rows.append((frame, (x, 0, x + 10, 10), 0.9, 0))
    detections, chains = chains_of(rows, max_gap=5)
    expected = sequential_chains(detections, **{**OPTIONS, "max_gap": 5})
    assert chains == [chain.tolist() for chain in expected]
    assert len(chains) < 12
