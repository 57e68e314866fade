import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from support.linking import brute_force
from wsstad.perception.linkers.assignment import assign, components


@st.composite
def graphs(draw):
    """Up to 4 x 5, with few weights, so that many optima have the same total."""
    pairs = st.tuples(st.sampled_from([3, 4, 8, 11]), st.sampled_from([0, 2, 5, 6, 9]))
    return draw(st.dictionaries(pairs, st.integers(1, 4), min_size=1))


@given(graphs())
def test_is_the_first_of_the_best_of_all_assignments(weights):
    rows, columns = sorted({r for r, _ in weights}), sorted({c for _, c in weights})
    total, pairs = brute_force(rows, columns, weights)
    assigned = assign([(r, c, w) for (r, c), w in weights.items()])
    assert sum(weights[pair] for pair in assigned) == total
    assert assigned == pairs


@given(graphs(), st.randoms())
def test_order_of_edges_changes_nothing(weights, random):
    edges = [(r, c, w) for (r, c), w in weights.items()]
    shuffled = random.sample(edges, len(edges))
    assert assign(shuffled) == assign(edges)


@pytest.mark.parametrize("seed", range(5))
def test_large_problems_reach_the_total_of_scipy(seed):
    random = np.random.default_rng(seed)
    weights = np.where(random.random((60, 50)) < 0.1, random.integers(1, 2**32, (60, 50)), 0)
    rows, columns = linear_sum_assignment(weights, maximize=True)
    edges = [(int(i), int(j), int(weights[i, j])) for i, j in np.argwhere(weights)]
    assigned = assign(edges)
    assert sum(int(weights[pair]) for pair in assigned) == weights[rows, columns].sum()
    # Weights are random 32-bit numbers: the optimum is unique, and so are its links.
    assert assigned == [(i, j) for i, j in zip(rows.tolist(), columns.tolist(), strict=True) if weights[i, j]]


def test_ties_go_to_the_smaller_row_then_the_smaller_column():
    assert assign([(0, 0, 7), (0, 1, 7), (1, 0, 7), (1, 1, 7)]) == [(0, 0), (1, 1)]
    assert assign([(0, 4, 7), (1, 4, 7)]) == [(0, 4)]
    assert assign([(2, 5, 7), (2, 4, 7)]) == [(2, 4)]
    # 3 + 3 equals 6: one strong link or two weak ones; row 0 gets column 0 either way, row 1 something rather than none
    assert assign([(0, 0, 3), (1, 0, 6), (1, 1, 3)]) == [(0, 0), (1, 1)]


def test_all_ties_of_a_crowd_are_the_identity():
    edges = [(i, j, 5) for i in range(30) for j in range(30)]
    assert assign(edges) == [(i, i) for i in range(30)]


def test_weights_beyond_what_lap_takes_for_infinity():
    """lap 0.5.13 gives some costs over 1,000,000 a wrong answer; the weights of boxes go up to 2^32 and more."""
    strong, fair = 2**31, round(0.4 * 2**32)
    assert assign([(2, 4, strong), (2, 5, strong), (3, 4, fair), (3, 5, fair)]) == [(2, 4), (3, 5)]


def test_nothing_to_assign():
    assert assign([]) == []


@given(st.sets(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=15))
def test_components_part_the_edges_by_what_they_reach(pairs):
    edges = [(row, column, 1) for row, column in pairs]
    result = components(edges)
    assert sorted(edge for group in result for edge in group) == sorted(edges)
    for group in result:
        rows, columns = {group[0][0]}, {group[0][1]}
        for _ in edges:
            rows |= {row for row, column, _ in edges if column in columns}
            columns |= {column for row, column, _ in edges if row in rows}
        assert sorted(group) == sorted(edge for edge in edges if edge[0] in rows)
