"""Graph model of a flow for diagrams: nodes, and one edge for all edges between the same two nodes."""

from __future__ import annotations

from typing import Literal, NamedTuple

from flows.compiled import node_type
from flows.document import Flow, Node

DiagramNodeKind = Literal["initial", "final", "person", "router", "plain"]


class DiagramNode(NamedTuple):
    """A node. `global_edge_ids` are the global edges that lead to it."""

    id: str
    kind: DiagramNodeKind
    text: str
    global_edge_ids: tuple[str, ...]


class DiagramEdge(NamedTuple):
    """All edges from one node to another. `is_fallback` says that all of them are fallbacks."""

    source: str
    target: str
    edge_ids: tuple[str, ...]
    conditions: tuple[str, ...]
    is_fallback: bool

    @property
    def endpoints(self) -> tuple[str, str]:
        """The nodes that it connects."""
        return self.source, self.target


class DiagramGraph(NamedTuple):
    """Nodes in document order, and edges in the order of the document's edges."""

    nodes: tuple[DiagramNode, ...]
    edges: tuple[DiagramEdge, ...]


def build_graph(flow: Flow) -> DiagramGraph:
    """Return the graph of a flow."""
    return DiagramGraph(
        tuple(_build_node(flow, node) for node in flow.nodes),
        tuple(arrow for node in flow.nodes for arrow in _build_edges(node)),
    )


def _build_node(flow: Flow, node: Node) -> DiagramNode:
    anywhere = tuple(edge.id for edge in flow.global_edges if edge.target_node_id == node.id)
    text = " ".join((node.static_text or node.instruction or "").split())
    return DiagramNode(node.id, _node_kind(flow, node), text, anywhere)


def _node_kind(flow: Flow, node: Node) -> DiagramNodeKind:
    if node.hand_off:
        return "person"
    kind = node_type(node)
    if kind == "final":
        return "final"
    if node.id == flow.initial_node:
        return "initial"
    return "router" if kind == "router" else "plain"


def _build_edges(node: Node) -> list[DiagramEdge]:
    targets = dict.fromkeys(edge.target_node_id for edge in node.edges if edge.target_node_id)
    merged = []
    for target in targets:
        edges = [edge for edge in node.edges if edge.target_node_id == target]
        merged.append(
            DiagramEdge(
                node.id,
                target,
                tuple(edge.id for edge in edges),
                tuple(edge.condition for edge in edges),
                all(edge.is_fallback for edge in edges),
            )
        )
    return merged
