"""The one-to-one assignment of greatest total weight, made unique by a tie rule."""

from collections.abc import Iterable, Sequence
from math import prod

import lap
import numpy as np

# Edges that are not worth taking apart.
FEW_EDGES = 6
# Choices of all rows together up to which all are tried; for more there is a solver.
MOST_CHOICES = 100
# A row, a column, and the integer weight (over 0) of putting them together.
Edge = tuple[int, int, int]


def assign(edges: Sequence[Edge]) -> list[tuple[int, int]]:
    """Return the pairs of the one-to-one assignment along `edges` that has the greatest total weight.

    Of equal totals, the one in which the smallest row gets the smallest column it can (any column before none), then
    the next row, and so on. Rows and columns are any integers. The graph is solved component by component, which
    changes nothing and leaves little to solve.

    >>> assign([(0, 0, 5), (0, 1, 4), (1, 0, 4), (2, 3, 1)])
    [(0, 1), (1, 0), (2, 3)]
    """
    if len(edges) == 1:
        return [edges[0][:2]]
    if 0 < len(edges) <= FEW_EDGES:
        return _assign_component(list(edges))
    return sorted(pair for group in components(edges) for pair in _assign_component(group))


def _assign_component(edges: list[Edge]) -> list[tuple[int, int]]:
    if len(edges) == 1:
        return [edges[0][:2]]
    rows, columns = sorted({row for row, _, _ in edges}), sorted({column for _, column, _ in edges})
    if len(rows) == 1 or len(columns) == 1:
        row, column, _ = min(edges, key=lambda edge: (-edge[2], edge[0], edge[1]))
        return [(row, column)]
    of_row: dict[int, list[tuple[int, int]]] = {row: [] for row in rows}
    for row, column, weight in sorted(edges):
        of_row[row].append((column, weight))
    choices = list(of_row.values())
    if prod(len(one) + 1 for one in choices) <= MOST_CHOICES:
        _, picked = _search(choices, set())
        return [(row, column) for row, column in zip(rows, picked, strict=True) if column is not None]
    row_of = {row: i for i, row in enumerate(rows)}
    column_of = {column: j for j, column in enumerate(columns)}
    weights = np.zeros((len(rows), len(columns)), dtype=np.int64)
    for row, column, weight in edges:
        weights[row_of[row], column_of[column]] = weight
    return [(rows[i], columns[j]) for i, j in enumerate(_first_optimum(weights)) if j >= 0]


def _search(choices: list[list[tuple[int, int]]], used: set[int]) -> tuple[int, list[int | None]]:
    """Return the greatest total of the rows' `choices` (column, weight), and the first columns that reach it."""
    if not choices:
        return 0, []
    best, picked = -1, []
    for column, weight in choices[0]:
        if column not in used:
            total, others = _search(choices[1:], used | {column})
            if total + weight > best:
                best, picked = total + weight, [column, *others]
    total, others = _search(choices[1:], used)
    return (total, [None, *others]) if total > best else (best, picked)


def _first_optimum(weights: np.ndarray) -> list[int]:
    """Return each row's column (-1 for none) in the optimum that comes first under the tie rule."""
    best = _solve(weights)
    if _solve(_discourage(weights, best)) == best:
        return best
    total = _total(weights, best)
    left = weights.copy()
    fixed: list[int] = []
    for i in range(len(weights)):
        # What is fixed is out of `left`, so `best` and the trials assign only the rows from i on.
        for j in np.flatnonzero(left[i]):
            if j == best[i]:
                break
            trial = left.copy()
            trial[i, :] = trial[:, j] = 0
            rest = _solve(trial)
            if left[i, j] + _total(trial, rest) == total:
                best = [*rest[:i], int(j), *rest[i + 1 :]]
                break
        fixed.append(best[i])
        if best[i] >= 0:
            total -= int(left[i, best[i]])
            left[:, best[i]] = 0
        left[i, :] = 0
    return fixed


def _discourage(weights: np.ndarray, chosen: list[int]) -> np.ndarray:
    """Return weights under which another optimum, if there is one, beats the chosen one."""
    scaled = weights * (len(weights) + 1)
    for i, j in enumerate(chosen):
        if j >= 0:
            scaled[i, j] -= 1
    return scaled


def _solve(weights: np.ndarray) -> list[int]:
    """Return an optimum as each row's column, -1 for none; weight 0 is "never together"."""
    n = max(weights.shape)
    cost = np.zeros((n, n))
    # lap takes 1,000,000 for infinity, and is wrong without a word beyond it. Divided by a power of two, integers below
    # 2^53 stay exact in its doubles.
    cost[: weights.shape[0], : weights.shape[1]] = -weights / 2.0 ** int(weights.max()).bit_length()
    columns, _ = lap.lapjv(cost, return_cost=False)
    return [int(j) if j < weights.shape[1] and row[j] > 0 else -1 for row, j in zip(weights, columns, strict=False)]


def _total(weights: np.ndarray, chosen: list[int]) -> int:
    return sum(int(weights[i, j]) for i, j in enumerate(chosen) if j >= 0)


def components(edges: Iterable[Edge]) -> list[list[Edge]]:
    """Return the edges of each connected component of a graph of rows and columns.

    Not scipy's, because a call of that costs more than the five edges of a frame, and its import more than a video.

    >>> components([(0, 5, 1), (2, 3, 1), (2, 5, 1), (7, 8, 1)])
    [[(2, 3, 1), (0, 5, 1), (2, 5, 1)], [(7, 8, 1)]]
    """
    of_row: dict[int, list[Edge]] = {}
    of_column: dict[int, list[Edge]] = {}
    for edge in edges:
        row, column, _ = edge
        group = of_row.get(row)
        other = of_column.get(column)
        if group is None:
            group = [] if other is None else other
        elif other is not None and other is not group:
            group, other = (group, other) if len(group) >= len(other) else (other, group)
            for one in other:
                of_row[one[0]] = of_column[one[1]] = group
            group += other
        group.append(edge)
        of_row[row] = of_column[column] = group
    return list({id(group): group for group in of_row.values()}.values())
