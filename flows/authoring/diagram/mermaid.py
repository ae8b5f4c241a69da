"""Renders a flow as Mermaid text, which many wikis and code hosts display."""

from __future__ import annotations

from flows.authoring.diagram.graph import DiagramNode, build_graph
from flows.authoring.xml import strip_invalid_xml
from flows.document import Flow

_SHAPES = {
    "initial": ("([", "])"),
    "final": ("[[", "]]"),
    "person": ("[/", "/]"),
    "router": ("{", "}"),
    "plain": ("[", "]"),
}
_MAX_LABEL_LENGTH = 60


def to_mermaid(flow: Flow) -> str:
    """Return a `flowchart`. Nodes are numbered, so that no id can be a keyword of Mermaid."""
    graph = build_graph(flow)
    number = {box.id: f"n{index}" for index, box in enumerate(graph.nodes)}
    lines = ["flowchart TD", *(f"  {number[box.id]}{_render_node(box)}" for box in graph.nodes)]
    if any(box.global_edge_ids for box in graph.nodes):
        lines.append('  anywhere(("anywhere"))')
    for arrow in graph.edges:
        line = "-.->" if arrow.is_fallback else "-->"
        label = _quote_label(", ".join(arrow.edge_ids))
        lines.append(f"  {number[arrow.source]} {line}|{label}| {number[arrow.target]}")
    for box in graph.nodes:
        if box.global_edge_ids:
            lines.append(f"  anywhere -.->|{_quote_label(', '.join(box.global_edge_ids))}| {number[box.id]}")
    return "\n".join(lines) + "\n"


def _render_node(box: DiagramNode) -> str:
    before, after = _SHAPES[box.kind]
    return f"{before}{_quote_label(box.id)}{after}"


def _quote_label(text: str) -> str:
    """Return quoted text, with Mermaid's entities for characters that would end the quotes."""
    text = strip_invalid_xml(text)
    text = text if len(text) <= _MAX_LABEL_LENGTH else text[: _MAX_LABEL_LENGTH - 1] + "…"
    for letter, entity in (("#", "#35;"), ('"', "#quot;"), ("<", "#lt;"), (">", "#gt;"), ("`", "#96;")):
        text = text.replace(letter, entity)
    return f'"{" ".join(text.split())}"'
