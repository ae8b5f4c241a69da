"""Layered layout of a diagram: nodes in rows by their distance from the initial node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from flows.authoring.diagram.graph import DiagramGraph

NODE_WIDTH, NODE_HEIGHT, NOTE_LINE_HEIGHT = 200, 52, 14
COLUMN_GAP, ROW_GAP = 40, 76
LANE_WIDTH, LABEL_HEIGHT = 10, 13
MARGIN = 40
MAX_ROW_NODES = 6
_SWEEP_COUNT = 6
_LABEL_AREA_HEIGHT = ROW_GAP - 40
_NO_LABELS: Mapping[str, int] = MappingProxyType({})


class NodePosition(NamedTuple):
    """Top centre of a node and its height in pixels, and the index of its row."""

    x: float
    top: float
    height: float
    row: int


class Lane(NamedTuple):
    """The space before the node at this index of a row, or after the last one, for edges to cross."""

    row: int
    gap: int


_NO_LANES: Mapping[Lane, int] = MappingProxyType({})


def assign_layers(graph: DiagramGraph, initial: str) -> list[list[str]]:
    """Return the ids row by row; no row is wider than the limit, and sorting reduces crossings of edges."""
    onward: dict[str, list[str]] = {box.id: [] for box in graph.nodes}
    backward: dict[str, list[str]] = {box.id: [] for box in graph.nodes}
    for arrow in graph.edges:
        onward[arrow.source].append(arrow.target)
        backward[arrow.target].append(arrow.source)
    layers = _build_layers(onward, initial)
    for sweep in range(_SWEEP_COUNT):
        order = layers if sweep % 2 == 0 else layers[::-1]
        near = backward if sweep % 2 == 0 else onward
        position: dict[str, float] = {}
        for layer in layers:
            position |= _relative_positions(layer)
        for layer in order:
            layer.sort(key=lambda name: _barycenter(name, near, position))
            position |= _relative_positions(layer)
    return [layer[at : at + MAX_ROW_NODES] for layer in layers for at in range(0, len(layer), MAX_ROW_NODES)]


def layout_nodes(
    rows: Sequence[Sequence[str]],
    notes: Mapping[str, int],
    labels: Mapping[str, int] = _NO_LABELS,
    passing: Mapping[Lane, int] = _NO_LANES,
) -> dict[str, NodePosition]:
    """Return every node's position, with centred rows.

    The arguments give the number of notes in a node and of labels above it, and of edges in a lane.
    """
    positions: dict[str, NodePosition] = {}
    top = float(MARGIN)
    for number, row in enumerate(rows):
        gaps = [
            max(COLUMN_GAP, LANE_WIDTH * (passing.get(Lane(number, at), 0) + 1)) for at in range(1, len(row))
        ]
        x = NODE_WIDTH / 2 - (len(row) * NODE_WIDTH + sum(gaps)) / 2
        top += (
            max(0, LABEL_HEIGHT * max(labels.get(name, 0) for name in row) - _LABEL_AREA_HEIGHT)
            if number
            else 0
        )
        for name, gap in zip(row, [*gaps, 0], strict=True):
            positions[name] = NodePosition(
                x, top, NODE_HEIGHT + NOTE_LINE_HEIGHT * notes.get(name, 0), number
            )
            x += NODE_WIDTH + gap
        top = max(positions[name].top + positions[name].height for name in row) + ROW_GAP
    return positions


def _build_layers(onward: Mapping[str, Sequence[str]], initial: str) -> list[list[str]]:
    """Return layers by the fewest edges from the initial node; unreachable nodes follow in own layers."""
    seen: set[str] = set()
    layers: list[list[str]] = []
    for start in (initial, *onward):
        layer = [start] if start not in seen else []
        while layer:
            seen.update(layer)
            layers.append(layer)
            layer = list(dict.fromkeys(to for name in layer for to in onward[name] if to not in seen))
    return _merge_isolated_nodes(layers, onward)


def _merge_isolated_nodes(layers: list[list[str]], onward: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Merge nodes that are alone in their layer, such as the answers of an FAQ, into one layer."""
    alone = [layer[0] for layer in layers[1:] if len(layer) == 1 and not onward[layer[0]]]
    reached = {target for targets in onward.values() for target in targets}
    alone = [name for name in alone if name not in reached]
    rest = [layer for layer in layers if not (len(layer) == 1 and layer[0] in alone)]
    return [*rest, alone] if alone else rest


def _relative_positions(layer: Sequence[str]) -> dict[str, float]:
    return {name: (index + 0.5) / len(layer) for index, name in enumerate(layer)}


def _barycenter(name: str, near: Mapping[str, Sequence[str]], position: Mapping[str, float]) -> float:
    neighbours = [position[other] for other in near[name] if other != name]
    return sum(neighbours) / len(neighbours) if neighbours else position[name]
