"""Routes edges through the rows between their nodes: in lanes beside the nodes, never under one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from flows.authoring.diagram.layout import COLUMN_GAP, LANE_WIDTH, NODE_WIDTH, Lane, NodePosition

EdgeEndpoints = tuple[str, str]
"""The nodes that an edge connects."""

_COLUMN_PITCH = NODE_WIDTH + COLUMN_GAP
_CROWDING_PENALTY = 12


class VerticalSegment(NamedTuple):
    """The part of an edge that crosses a row vertically."""

    x: float
    top: float
    bottom: float


def assign_lanes(
    rows: Sequence[Sequence[str]], arrows: Iterable[EdgeEndpoints]
) -> dict[EdgeEndpoints, tuple[Lane, ...]]:
    """Assign lanes to the edges that cross rows: near the straight line, and not too crowded."""
    stands = {
        name: (number, _column_x(row, index))
        for number, row in enumerate(rows)
        for index, name in enumerate(row)
    }
    usage: Counter[Lane] = Counter()
    assigned = {}
    for source, target in arrows:
        (row, x), (last, to_x) = stands[source], stands[target]
        lanes = []
        for number in range(row + 1, last):
            x += (to_x - x) / (last - number + 1)
            lane = _choose_lane(rows[number], number, x, usage)
            usage[lane] += 1
            lanes.append(lane)
            x = _closest_x_in_lane(rows[number], lane, x)
        assigned[source, target] = tuple(lanes)
    return assigned


def route_edges(
    rows: Sequence[Sequence[str]],
    positions: Mapping[str, NodePosition],
    lanes: Mapping[EdgeEndpoints, Sequence[Lane]],
) -> dict[EdgeEndpoints, list[VerticalSegment]]:
    """Return the vertical segments of each edge; those in the same lane are side by side."""
    routes: dict[EdgeEndpoints, list[VerticalSegment]] = {ends: [] for ends in lanes}
    for number, row in enumerate(rows):
        top = positions[row[0]].top
        bottom = top + max(positions[name].height for name in row)
        passing: dict[Lane, list[tuple[float, EdgeEndpoints]]] = {}
        for ends, own in lanes.items():
            if lane := next((lane for lane in own if lane.row == number), None):
                passing.setdefault(lane, []).append((_ideal_x(ends, routes[ends], positions, number), ends))
        for lane, arrows in passing.items():
            arrows.sort()
            aims = [aim for aim, _ in arrows]
            for x, (_, ends) in zip(_spread_in_lane(row, lane, positions, aims), arrows, strict=True):
                routes[ends].append(VerticalSegment(x, top, bottom))
    return routes


def _column_x(row: Sequence[str], index: float) -> float:
    """Return the x of a node when rows are centred and no gap is wider than another."""
    return (index - (len(row) - 1) / 2) * _COLUMN_PITCH


def _choose_lane(row: Sequence[str], number: int, x: float, usage: Mapping[Lane, int]) -> Lane:
    lanes = [Lane(number, gap) for gap in range(len(row) + 1)]
    return min(
        lanes,
        key=lambda lane: abs(_closest_x_in_lane(row, lane, x) - x) + _CROWDING_PENALTY * usage.get(lane, 0),
    )


def _closest_x_in_lane(row: Sequence[str], lane: Lane, x: float) -> float:
    """Return the x nearest to `x` inside a lane; outer lanes are unbounded."""
    middle = _column_x(row, lane.gap - 0.5)
    if lane.gap == 0:
        return min(middle, x)
    return max(middle, x) if lane.gap == len(row) else middle


def _ideal_x(
    ends: EdgeEndpoints, route: Sequence[VerticalSegment], positions: Mapping[str, NodePosition], row: int
) -> float:
    """Return where the edge would cross the row if there were no nodes."""
    source, target = (positions[name] for name in ends)
    x = route[-1].x if route else source.x
    return x + (target.x - x) / (target.row - row + 1)


def _spread_in_lane(
    row: Sequence[str], lane: Lane, positions: Mapping[str, NodePosition], aims: Sequence[float]
) -> list[float]:
    """Distribute edges with these ideal positions, from left to right, over a lane."""
    if lane.gap == 0:
        return [
            -x
            for x in reversed(
                _spread_outwards([-aim for aim in reversed(aims)], -positions[row[0]].x + NODE_WIDTH / 2)
            )
        ]
    left = positions[row[lane.gap - 1]].x + NODE_WIDTH / 2
    if lane.gap == len(row):
        return _spread_outwards(aims, left)
    width = positions[row[lane.gap]].x - NODE_WIDTH / 2 - left
    return [left + width * number / (len(aims) + 1) for number in range(1, len(aims) + 1)]


def _spread_outwards(aims: Sequence[float], edge: float) -> list[float]:
    """Distribute edges outside of a row, each at its ideal position or further out."""
    assigned: list[float] = []
    for aim in aims:
        edge = max(aim, edge + LANE_WIDTH)
        assigned.append(edge)
    return assigned
