"""A flow as a picture needs it: boxes, and one arrow for all edges between the same two."""

from __future__ import annotations

from typing import Literal, NamedTuple

from flows.compiled.instructions import kind_of
from flows.document.flow import Flow, Node

Kind = Literal["initial", "final", "person", "router", "plain"]


class Box(NamedTuple):
    """A node. `anywhere` are the global edges that lead to it from every other node."""

    id: str
    kind: Kind
    text: str
    anywhere: tuple[str, ...]


class Arrow(NamedTuple):
    """All edges from one node to another. `is_fallback` says that they are all last resorts."""

    source: str
    target: str
    edges: tuple[str, ...]
    conditions: tuple[str, ...]
    is_fallback: bool

    @property
    def ends(self) -> tuple[str, str]:
        """The boxes between which it runs."""
        return self.source, self.target


class Graph(NamedTuple):
    """Boxes in document order, arrows in the order of their edges."""

    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


def graph_of(flow: Flow) -> Graph:
    """The picture's parts."""
    return Graph(
        tuple(_box(flow, node) for node in flow.nodes),
        tuple(arrow for node in flow.nodes for arrow in _arrows(node)),
    )


def _box(flow: Flow, node: Node) -> Box:
    anywhere = tuple(edge.id for edge in flow.global_edges if edge.target_node_id == node.id)
    text = " ".join((node.static_text or node.instruction or "").split())
    return Box(node.id, _kind(flow, node), text, anywhere)


def _kind(flow: Flow, node: Node) -> Kind:
    if node.hand_off:
        return "person"
    kind = kind_of(node)
    if kind == "final":
        return "final"
    if node.id == flow.initial_node:
        return "initial"
    return "router" if kind == "router" else "plain"


def _arrows(node: Node) -> list[Arrow]:
    targets = dict.fromkeys(edge.target_node_id for edge in node.edges if edge.target_node_id)
    found = []
    for target in targets:
        edges = [edge for edge in node.edges if edge.target_node_id == target]
        found.append(
            Arrow(
                node.id,
                target,
                tuple(edge.id for edge in edges),
                tuple(edge.condition for edge in edges),
                all(edge.is_fallback for edge in edges),
            )
        )
    return found
