"""One-to-one assignment: each row gets at most one column, the sum of weights as high as possible."""

from collections.abc import Sequence
from math import inf

_EXACT_UP_TO = 60  # rows or columns; the exact method takes about n³ steps


def assign(weights: Sequence[Sequence[float]]) -> tuple[tuple[int, int], ...]:
    """Choose pairs (row, column) by weight; a weight of 0 or less is never chosen.

    Exact up to 60 rows and columns (Hungarian method); beyond, the heaviest free pair is taken first, whose
    sum is at least half of the best one: each pair taken rules out at most two others, neither heavier.
    """
    if not weights or not weights[0]:
        return ()
    if max(len(weights), len(weights[0])) > _EXACT_UP_TO:
        return _heaviest_first(weights)
    if len(weights) > len(weights[0]):
        turned = assign(list(zip(*weights, strict=True)))
        return tuple(sorted((row, column) for column, row in turned))
    costs = [[-max(weight, 0.0) for weight in row] for row in weights]
    return tuple((row, column) for row, column in _hungarian(costs) if weights[row][column] > 0)


def _heaviest_first(weights: Sequence[Sequence[float]]) -> tuple[tuple[int, int], ...]:
    ranked = sorted(
        (-weight, row, column)
        for row, line in enumerate(weights)
        for column, weight in enumerate(line)
        if weight > 0
    )
    rows: set[int] = set()
    columns: set[int] = set()
    chosen = []
    for _, row, column in ranked:
        if row not in rows and column not in columns:
            rows.add(row)
            columns.add(column)
            chosen.append((row, column))
    return tuple(sorted(chosen))


def _hungarian(costs: Sequence[Sequence[float]]) -> list[tuple[int, int]]:
    """Assign every row at the lowest total cost; there are at least as many columns as rows.

    Rows enter one at a time along a shortest augmenting path. Rows and columns count from 1 inside; column 0
    is where each path starts.
    """
    width = len(costs[0])
    row_price = [0.0] * (len(costs) + 1)
    column_price = [0.0] * (width + 1)
    row_of = [0] * (width + 1)
    for row in range(1, len(costs) + 1):
        row_of[0] = row
        came_from, column = _shortest_path(costs, row_of, row_price, column_price)
        while column:
            row_of[column] = row_of[came_from[column]]
            column = came_from[column]
    return sorted((row_of[column] - 1, column - 1) for column in range(1, width + 1) if row_of[column])


def _shortest_path(
    costs: Sequence[Sequence[float]], row_of: list[int], row_price: list[float], column_price: list[float]
) -> tuple[list[int], int]:
    """Walk from column 0 to the nearest free column, keeping the prices; return the steps and that column."""
    columns = range(len(row_of))
    nearest = [inf] * len(row_of)
    came_from = [0] * len(row_of)
    seen = [False] * len(row_of)
    column = 0
    while row_of[column]:
        seen[column] = True
        row = row_of[column]
        for other in columns[1:]:
            reduced = costs[row - 1][other - 1] - row_price[row] - column_price[other]
            if not seen[other] and reduced < nearest[other]:
                nearest[other], came_from[other] = reduced, column
        following = min((other for other in columns[1:] if not seen[other]), key=nearest.__getitem__)
        step = nearest[following]
        for other in columns:
            if seen[other]:
                row_price[row_of[other]] += step
                column_price[other] -= step
            else:
                nearest[other] -= step
        column = following
    return came_from, column
