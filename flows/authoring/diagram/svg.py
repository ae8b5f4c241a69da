"""Renders a flow as SVG: nodes in rows, edges only downwards, backward edges as notes.

An arrow stands for all edges between two nodes. An edge that leads up or along a row would cross the drawing,
so a note in the node names it instead. Texts and conditions are tooltips.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from typing import NamedTuple
from unicodedata import east_asian_width

from flows.authoring.diagram.edge_routing import VerticalSegment, assign_lanes, route_edges
from flows.authoring.diagram.graph import DiagramEdge, DiagramNode, build_graph
from flows.authoring.diagram.layout import (
    LABEL_HEIGHT,
    MARGIN,
    NODE_HEIGHT,
    NODE_WIDTH,
    NOTE_LINE_HEIGHT,
    NodePosition,
    assign_layers,
    layout_nodes,
)
from flows.authoring.xml import strip_invalid_xml
from flows.document import Flow

_FILL_COLORS = {
    "initial": "#d7f0dd",
    "final": "#e3e3e8",
    "person": "#ffe3cc",
    "router": "#fff6c9",
    "plain": "#e6effc",
}
_MAX_ID_WIDTH, _MAX_TEXT_WIDTH, _MAX_NOTE_WIDTH, _MAX_LABEL_WIDTH = 23, 29, 31, 30
_STYLE = """\
text{font:11px system-ui,sans-serif;fill:#223}
.id{font-weight:600;font-size:12px}
.note{font-size:10px;fill:#8a4b00}
.label{font-size:10px;fill:#335;text-anchor:middle;paint-order:stroke;stroke:#fff;stroke-width:5px}
path{fill:none;stroke:#8593ab;stroke-width:1.3}
.last{stroke-dasharray:4 4}"""
_VISITED_STYLE = """
.end{text-anchor:end}
path.visited{stroke:#0f6a4c;stroke-width:3}
g.visited rect{stroke:#0f6a4c;stroke-width:3}
g.now rect{fill:#0f6a4c;stroke:#0f6a4c}
g.now text{fill:#fff}"""


class VisitedPath(NamedTuple):
    """Path of a conversation: nodes, pairs of nodes with an edge between them, and the present node."""

    nodes: frozenset[str] = frozenset()
    edges: frozenset[tuple[str, str]] = frozenset()
    present: str = ""


def to_svg(flow: Flow, visited: VisitedPath | None = None) -> str:
    """Return the diagram as one SVG document without scripts and external resources.

    With `visited` its nodes and edges are drawn stronger, and the present node is filled and named.
    """
    graph = build_graph(flow)
    style, visited = (_STYLE + _VISITED_STYLE, visited) if visited else (_STYLE, VisitedPath())
    rows = assign_layers(graph, flow.initial_node)
    row = {name: number for number, names in enumerate(rows) for name in names}
    down = [arrow for arrow in graph.edges if row[arrow.source] < row[arrow.target]]
    back = [arrow for arrow in graph.edges if row[arrow.source] >= row[arrow.target]]
    notes = {box.id: _build_notes(box, back) for box in graph.nodes}
    lanes = assign_lanes(rows, [arrow.endpoints for arrow in down])
    positions = layout_nodes(
        rows,
        {name: len(lines) for name, lines in notes.items()},
        Counter(arrow.target for arrow in down),
        Counter(lane for passed in lanes.values() for lane in passed),
    )
    routes = route_edges(rows, positions, lanes)
    bottoms = [max(positions[name].top + positions[name].height for name in names) for names in rows]
    arriving: Counter[str] = Counter()
    lines, labels = [], []
    for arrow in down:
        lines.append(
            _render_edge(
                arrow,
                positions,
                bottoms[row[arrow.source]],
                routes[arrow.endpoints],
                is_visited=arrow.endpoints in visited.edges,
            )
        )
        labels.append(_render_edge_label(arrow, positions, arriving[arrow.target]))
        arriving[arrow.target] += 1
    reach = [position.x + side * NODE_WIDTH / 2 for position in positions.values() for side in (-1, 1)]
    reach += [stretch.x for route in routes.values() for stretch in route]
    nodes = [_render_node(box, positions[box.id], notes[box.id], visited) for box in graph.nodes]
    return _render_document(reach, bottoms[-1] + MARGIN, style, [*lines, *nodes, *labels])


def _render_document(reach: Sequence[float], height: float, style: str, elements: Sequence[str]) -> str:
    """Return the SVG document; `reach` are all horizontal positions that something has."""
    left, width = min(reach) - MARGIN, max(reach) - min(reach) + 2 * MARGIN
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{left:.0f} 0 {width:.0f} {height:.0f}"'
            f' width="{width:.0f}" height="{height:.0f}">',
            f"<style>{style}</style>",
            '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8"'
            ' orient="auto"><path d="M0 0 L8 4 L0 8 z" style="fill:#8593ab;stroke:none"/></marker></defs>',
            f'<rect x="{left:.0f}" width="{width:.0f}" height="{height:.0f}" fill="#fff"/>',
            *elements,
            "</svg>",
            "",
        ]
    )


def _build_notes(box: DiagramNode, back: Sequence[DiagramEdge]) -> list[str]:
    """Return notes on global edges to the node and on its backward edges."""
    notes = [f"from anywhere: {name}" for name in box.global_edge_ids]
    for arrow in back:
        if arrow.source == box.id:
            sign = "↺" if arrow.target == box.id else "↑"
            notes.append(f"{sign} {arrow.target}: {', '.join(arrow.edge_ids)}")
    return notes


def _render_node(box: DiagramNode, position: NodePosition, notes: Sequence[str], visited: VisitedPath) -> str:
    left, top = position.x - NODE_WIDTH / 2, position.top
    x, first_note = left + 10, top + NODE_HEIGHT + 3
    name = _truncate_to_width(box.id, _MAX_ID_WIDTH)
    text = _truncate_to_width(box.text, _MAX_TEXT_WIDTH)
    lines = [
        f'<text class="id" x="{x:.0f}" y="{top + 21:.0f}">{name}</text>',
        f'<text x="{x:.0f}" y="{top + 39:.0f}">{text}</text>',
        *(
            f'<text class="note" x="{x:.0f}" y="{first_note + NOTE_LINE_HEIGHT * index:.0f}">'
            f"<title>{_escape_text(note)}</title>{_truncate_to_width(note, _MAX_NOTE_WIDTH)}</text>"
            for index, note in enumerate(notes)
        ),
    ]
    kind = (
        ' class="now"' if box.id == visited.present else ' class="visited"' if box.id in visited.nodes else ""
    )
    if box.id == visited.present:
        right = left + NODE_WIDTH - 10
        lines.append(f'<text class="id end" x="{right:.0f}" y="{top + 21:.0f}">now</text>')
    return (
        f"<g{kind}><title>{_escape_text(f'{box.id}: {box.text}')}</title>"
        f'<rect x="{left:.0f}" y="{top:.0f}" width="{NODE_WIDTH}" height="{position.height:.0f}" rx="8"'
        f' fill="{_FILL_COLORS[box.kind]}" stroke="#8593ab"/>{"".join(lines)}</g>'
    )


def _render_edge(
    arrow: DiagramEdge,
    positions: Mapping[str, NodePosition],
    bottom: float,
    route: Sequence[VerticalSegment],
    *,
    is_visited: bool,
) -> str:
    """Render an edge straight down past rows, and bent between them."""
    start, end = positions[arrow.source], positions[arrow.target]
    x, y = start.x, bottom
    drawn = f"M{x:.0f} {start.top + start.height:.0f}V{y:.0f}"
    for to_x, to_y, on_to in (*route, VerticalSegment(end.x, end.top, end.top)):
        middle = (y + to_y) / 2
        drawn += f"C{x:.0f} {middle:.0f} {to_x:.0f} {middle:.0f} {to_x:.0f} {to_y:.0f}"
        if on_to > to_y:
            drawn += f"V{on_to:.0f}"
        x, y = to_x, on_to
    classes = " ".join(
        name for name, counts in (("last", arrow.is_fallback), ("visited", is_visited)) if counts
    )
    kind = f' class="{classes}"' if classes else ""
    return f'<path{kind} d="{drawn}" marker-end="url(#tip)"/>'


def _render_edge_label(arrow: DiagramEdge, positions: Mapping[str, NodePosition], before: int) -> str:
    """Render a label above the target, where edges are apart; above labels that are already there."""
    end = positions[arrow.target]
    label = "; ".join(
        f"{name}: {condition}" for name, condition in zip(arrow.edge_ids, arrow.conditions, strict=True)
    )
    return (
        f'<text class="label" x="{end.x:.0f}" y="{end.top - 14 - LABEL_HEIGHT * before:.0f}">'
        f"<title>{_escape_text(f'{arrow.source} → {arrow.target}: {label}')}</title>"
        f"{_truncate_to_width(', '.join(arrow.edge_ids), _MAX_LABEL_WIDTH)}</text>"
    )


def _truncate_to_width(text: str, most: int) -> str:
    """Cut text to a number of average characters, with an ellipsis if something is missing."""
    text, space = strip_invalid_xml(text), float(most)
    for index, letter in enumerate(text):
        space -= _character_width(letter)
        if space < 0:
            return _escape_text(text[: max(index - 1, 0)] + "…")
    return _escape_text(text)


def _character_width(letter: str) -> float:
    if east_asian_width(letter) in "WF":
        return 2.0
    return 1.8 if letter in "WM@%—…" else 1.25 if letter.isupper() else 1.0


def _escape_text(text: str) -> str:
    return escape(strip_invalid_xml(text))
