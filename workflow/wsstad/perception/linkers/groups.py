"""Connected components, and the one-to-one assignment, of many small graphs at once."""

from functools import cache
from itertools import permutations
from math import perm

import numpy as np

from wsstad.perception.linkers.assignment import assign

# Ways of assigning a component that are tried one by one; larger ones are given to the solver.
MOST_WAYS = 120
# Sides up to which components of all shapes are tried together.
SQUARE = 4
# Numbers held at a time while they are tried.
CHUNK = 1 << 20


def label_components(n: int, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return for each of `n` nodes the smallest node of its connected component; edges join `first` and `second`.

    >>> label_components(6, np.array([5, 3]), np.array([1, 5])).tolist()
    [0, 1, 2, 1, 4, 1]
    """
    label = np.arange(n)
    while len(first):
        low, high = np.minimum(label[first], label[second]), np.maximum(label[first], label[second])
        apart = low < high
        if not apart.any():
            break
        first, second, low, high = first[apart], second[apart], low[apart], high[apart]
        # A root takes the smallest root that it is joined to; then all nodes look up their root.
        np.minimum.at(label, high, low)
        while True:
            above = label[label]
            if np.array_equal(above, label):
                break
            label = above
    return label


def assign_groups(group: np.ndarray, row: np.ndarray, column: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return which edges (n,) are chosen when the graph of each `group` is assigned as by `assignment.assign`.

    `weight` is integer; an edge of weight 0 counts as absent. Edges are sorted by row within a group, and no edge
    comes twice.
    """
    chosen = np.zeros(len(group), dtype=bool)
    if not len(group):
        return chosen
    order = np.argsort(group, kind="stable")
    start = np.flatnonzero(np.diff(group[order], prepend=group[order[0]] - 1))
    number = np.repeat(np.arange(len(start)), np.diff(start, append=len(order)))
    i, n_rows = _ranks(row[order], start, number)
    by_column = np.lexsort((column[order], number))
    j = np.empty_like(i)
    j[by_column], n_columns = _ranks(column[order][by_column], start, number)
    # Small components are filled up to squares, which leaves few shapes to go through.
    side = np.maximum(n_rows, n_columns)
    n_rows, n_columns = (np.where(side <= SQUARE, side, count) for count in (n_rows, n_columns))
    shape = n_rows * (len(order) + 1) + n_columns
    for one in sorted(set(shape.tolist())):
        rows, columns = divmod(one, len(order) + 1)
        here = np.flatnonzero((shape == one)[number])
        edges = order[here]
        if ways(rows, columns) <= MOST_WAYS and (columns + 1) ** rows < 2**62:
            place = np.cumsum(shape == one)[number[here]] - 1
            chosen[edges] = _try_all(place, i[here], j[here], weight[edges], rows, columns)
        else:
            for part in np.split(edges, np.flatnonzero(np.diff(number[here])) + 1):
                chosen[part] = _solve(row[part], column[part], weight[part])
    return chosen


def _ranks(value: np.ndarray, start: np.ndarray, number: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the rank of each value among the different ones of its group, and how many there are in each group."""
    new = np.diff(value, prepend=value[0]) != 0
    new[start] = True
    count = np.cumsum(new)
    total = np.diff(count[start] - 1, append=count[-1])
    return count - count[start][number], total


def ways(rows: int, columns: int) -> int:
    """Return how many complete one-to-one assignments of rows and columns there are."""
    return perm(max(rows, columns), min(rows, columns))


@cache
def table(rows: int, columns: int) -> np.ndarray:
    """Return all complete assignments, (ways, rows): the column of each row, `columns` for none."""
    if rows <= columns:
        return np.array(list(permutations(range(columns), rows)))
    assignments = np.full((ways(rows, columns), rows), columns)
    for way, picked in zip(assignments, permutations(range(rows), columns), strict=True):
        way[list(picked)] = range(columns)
    return assignments


def _try_all(
    place: np.ndarray, i: np.ndarray, j: np.ndarray, weight: np.ndarray, rows: int, columns: int
) -> np.ndarray:
    """Return which edges are in the first of the best of all assignments of components of one shape.

    `place` (n,) rises and numbers the component of an edge; its row is `i`, its column `j`.
    """
    assignments, chosen = table(rows, columns), np.zeros(len(place), dtype=bool)
    size = max(CHUNK // assignments.size, 1)
    for low in range(0, int(place[-1]) + 1, size):
        part = slice(*np.searchsorted(place, [low, low + size]).tolist())
        at = place[part] - low, i[part], j[part]
        weights = np.zeros((int(at[0][-1]) + 1, rows, columns + 1), dtype=np.int64)
        weights[at] = weight[part]
        taken = weights[:, np.arange(rows), assignments]
        totals = taken.sum(axis=2)
        # The tie rule: of the best, the one in which the first row has the smallest column, none being the last.
        names = np.where(taken > 0, assignments, columns) @ (columns + 1) ** np.arange(rows)[::-1]
        names[totals < totals.max(axis=1, keepdims=True)] = np.iinfo(np.int64).max
        best = assignments[names.argmin(axis=1)]
        chosen[part] = (best[at[0], at[1]] == at[2]) & (weight[part] > 0)
    return chosen


def _solve(row: np.ndarray, column: np.ndarray, weight: np.ndarray) -> np.ndarray:
    edges = zip(row.tolist(), column.tolist(), weight.tolist(), strict=True)
    pairs = set(assign([edge for edge in edges if edge[2]]))
    return np.array([pair in pairs for pair in zip(row.tolist(), column.tolist(), strict=True)])
