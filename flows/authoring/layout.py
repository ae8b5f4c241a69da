"""Where each box of a drawing stands: in layers, by how far it is from the beginning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from flows.authoring.graph import Graph

WIDTH, HEIGHT, LINE = 200, 52, 14
GAP_ACROSS, GAP_DOWN = 40, 76
MARGIN = 40
WIDEST_ROW = 6
_SWEEPS = 6


class Place(NamedTuple):
    """The middle of a box's upper side and its height, in pixels, and the row it stands in."""

    x: float
    top: float
    height: float
    row: int


def rows_of(graph: Graph, initial: str) -> list[list[str]]:
    """The ids row by row: no row is wider than `WIDEST_ROW`, and arrows cross as little as sorting can do."""
    onward: dict[str, list[str]] = {box.id: [] for box in graph.boxes}
    backward: dict[str, list[str]] = {box.id: [] for box in graph.boxes}
    for arrow in graph.arrows:
        onward[arrow.source].append(arrow.target)
        backward[arrow.target].append(arrow.source)
    layers = _layers(onward, initial)
    for sweep in range(_SWEEPS):
        order = layers if sweep % 2 == 0 else layers[::-1]
        near = backward if sweep % 2 == 0 else onward
        position: dict[str, float] = {}
        for layer in layers:
            position |= _spread(layer)
        for layer in order:
            layer.sort(key=lambda name: _middle(name, near, position))
            position |= _spread(layer)
    return [layer[at : at + WIDEST_ROW] for layer in layers for at in range(0, len(layer), WIDEST_ROW)]


def places_of(rows: Sequence[Sequence[str]], lines: Mapping[str, int]) -> dict[str, Place]:
    """Every box's place, the rows centred below one another; `lines` says how many notes a box carries."""
    widest = max((len(row) for row in rows), default=0)
    middle = MARGIN + (widest * (WIDTH + GAP_ACROSS) - GAP_ACROSS) / 2
    places: dict[str, Place] = {}
    top = float(MARGIN)
    for number, row in enumerate(rows):
        left = middle - (len(row) * (WIDTH + GAP_ACROSS) - GAP_ACROSS) / 2
        for index, name in enumerate(row):
            x = left + index * (WIDTH + GAP_ACROSS) + WIDTH / 2
            places[name] = Place(x, top, HEIGHT + LINE * lines.get(name, 0), number)
        top = max(places[name].top + places[name].height for name in row) + GAP_DOWN
    return places


def _layers(onward: Mapping[str, Sequence[str]], initial: str) -> list[list[str]]:
    """By the fewest edges from the beginning; what cannot be reached so starts layers of its own below."""
    seen: set[str] = set()
    layers: list[list[str]] = []
    for start in (initial, *onward):
        layer = [start] if start not in seen else []
        while layer:
            seen.update(layer)
            layers.append(layer)
            layer = list(dict.fromkeys(to for name in layer for to in onward[name] if to not in seen))
    return _joined(layers, onward)


def _joined(layers: list[list[str]], onward: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Boxes that stand alone, such as the answers of an FAQ, share one layer."""
    alone = [layer[0] for layer in layers[1:] if len(layer) == 1 and not onward[layer[0]]]
    reached = {target for targets in onward.values() for target in targets}
    alone = [name for name in alone if name not in reached]
    rest = [layer for layer in layers if not (len(layer) == 1 and layer[0] in alone)]
    return [*rest, alone] if alone else rest


def _spread(layer: Sequence[str]) -> dict[str, float]:
    return {name: (index + 0.5) / len(layer) for index, name in enumerate(layer)}


def _middle(name: str, near: Mapping[str, Sequence[str]], position: Mapping[str, float]) -> float:
    found = [position[other] for other in near[name] if other != name]
    return sum(found) / len(found) if found else position[name]
