import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.linking import brute_force
from wsstad.perception.linkers.assignment import assign
from wsstad.perception.linkers.groups import assign_groups, label_components, table, ways

# Edges (row, column) -> weight of several graphs; few weights, so that many optima have the same total.
GRAPHS = st.lists(
    st.dictionaries(st.tuples(st.integers(0, 3), st.integers(0, 3)), st.integers(0, 3), min_size=1), max_size=6
)


def chosen_in(graphs):
    """Return the pairs that `assign_groups` chooses in each graph, all given at once."""
    rows = sorted((number, *pair, weight) for number, graph in enumerate(graphs) for pair, weight in graph.items())
    group, row, column, weight = np.array(rows, dtype=np.int64).reshape(-1, 4).T
    chosen = assign_groups(group, row, column, weight)
    pairs = np.stack([group, row, column], axis=1)[chosen].tolist()
    return [[(i, j) for number, i, j in pairs if number == k] for k in range(len(graphs))]


@settings(max_examples=150, deadline=None)
@given(GRAPHS)
def test_groups_are_assigned_as_one_by_one_and_as_by_trying_everything(graphs):
    for graph, pairs in zip(graphs, chosen_in(graphs), strict=True):
        real = {pair: weight for pair, weight in graph.items() if weight}
        rows, columns = sorted({i for i, _ in graph}), sorted({j for _, j in graph})
        assert pairs == brute_force(rows, columns, real)[1]
        assert pairs == assign([(i, j, weight) for (i, j), weight in real.items()])


@pytest.mark.parametrize(("rows", "columns"), [(1, 9), (9, 1), (5, 5), (2, 8), (6, 7), (70, 1), (1, 70), (12, 12)])
def test_large_components_and_stars_are_assigned_as_one_by_one(rows, columns):
    """Below and above the number of ways that are tried, with weights beyond 2^32 in sum and many that are equal."""
    random = np.random.default_rng(rows * columns)
    graphs = [
        {(i, j): int(random.choice([1, 2**31, 2**32])) for i in range(rows) for j in range(columns)} for _ in range(3)
    ]
    expected = [assign([(i, j, weight) for (i, j), weight in graph.items()]) for graph in graphs]
    assert chosen_in(graphs) == expected


@given(st.integers(1, 4), st.integers(1, 4))
def test_the_table_holds_every_complete_assignment_once(rows, columns):
    assignments = [tuple(way) for way in table(rows, columns).tolist()]
    assert len(set(assignments)) == len(assignments) == ways(rows, columns)
    for way in assignments:
        used = [j for j in way if j < columns]
        assert len(used) == len(set(used)) == min(rows, columns)


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=15))
def test_labels_are_the_first_nodes_of_the_components(edges):
    first, second = np.array(edges, dtype=np.int64).reshape(-1, 2).T
    expected = list(range(13))
    for _ in edges:
        for a, b in edges:
            expected[a] = expected[b] = min(expected[a], expected[b])
    assert label_components(13, first, second).tolist() == expected


def test_labels_of_a_long_path():
    order = np.random.default_rng(0).permutation(500)
    assert set(label_components(500, order[:-1], order[1:]).tolist()) == {0}
