"""A flow as Mermaid text, which many wikis and code hosts draw."""

from __future__ import annotations

from flows.authoring.diagram.graph import Box, graph_of
from flows.authoring.xml import valid
from flows.document.flow import Flow

_SHAPES = {
    "initial": ("([", "])"),
    "final": ("[[", "]]"),
    "person": ("[/", "/]"),
    "router": ("{", "}"),
    "plain": ("[", "]"),
}
_LONGEST = 60


def mermaid(flow: Flow) -> str:
    """A `flowchart`. Nodes go by number, so that no id can be taken for a word of Mermaid's."""
    graph = graph_of(flow)
    number = {box.id: f"n{index}" for index, box in enumerate(graph.boxes)}
    lines = ["flowchart TD", *(f"  {number[box.id]}{_shape(box)}" for box in graph.boxes)]
    if any(box.anywhere for box in graph.boxes):
        lines.append('  anywhere(("anywhere"))')
    for arrow in graph.arrows:
        line = "-.->" if arrow.is_fallback else "-->"
        lines.append(
            f"  {number[arrow.source]} {line}|{_quoted(', '.join(arrow.edges))}| {number[arrow.target]}"
        )
    for box in graph.boxes:
        if box.anywhere:
            lines.append(f"  anywhere -.->|{_quoted(', '.join(box.anywhere))}| {number[box.id]}")
    return "\n".join(lines) + "\n"


def _shape(box: Box) -> str:
    before, after = _SHAPES[box.kind]
    return f"{before}{_quoted(box.id)}{after}"


def _quoted(text: str) -> str:
    """Text in quotes, with Mermaid's own entities for what would end them."""
    text = valid(text)
    text = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    for letter, entity in (("#", "#35;"), ('"', "#quot;"), ("<", "#lt;"), (">", "#gt;"), ("`", "#96;")):
        text = text.replace(letter, entity)
    return f'"{" ".join(text.split())}"'
