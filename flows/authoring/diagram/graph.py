"""Graph model of a flow for diagrams: nodes, and one edge for all edges between the same two nodes."""

from __future__ import annotations

from collections.abc import Mapping
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
    """Return the graph of a flow; an author node is one node, whatever it was expanded to."""
    groups: dict[str, list[Node]] = {}
    for node in flow.nodes:
        groups.setdefault(node.author_id, []).append(node)
    author_ids = {node.id: node.author_id for node in flow.nodes}
    return DiagramGraph(
        tuple(_build_node(flow, name, nodes) for name, nodes in groups.items()),
        tuple(arrow for name, nodes in groups.items() for arrow in _build_edges(name, nodes, author_ids)),
    )


def _build_node(flow: Flow, name: str, nodes: list[Node]) -> DiagramNode:
    ids = {node.id for node in nodes}
    anywhere = tuple(edge.id for edge in flow.global_edges if edge.target_node_id in ids)
    texts = (" ".join((node.static_text or node.instruction or "").split()) for node in nodes)
    main = next((node for node in nodes if node.id == name), nodes[0])
    kind = _node_kind(flow, main)
    if main.part_of and kind == "router":
        kind = "initial" if flow.initial_node in ids else "plain"
    return DiagramNode(name, kind, " / ".join(filter(None, texts)), anywhere)


def _node_kind(flow: Flow, node: Node) -> DiagramNodeKind:
    if node.hand_off:
        return "person"
    kind = node_type(node)
    if kind == "final":
        return "final"
    if node.id == flow.initial_node:
        return "initial"
    return "router" if kind == "router" else "plain"


def _build_edges(name: str, nodes: list[Node], author_ids: Mapping[str, str]) -> list[DiagramEdge]:
    """Return the edges out of a node; those within an author node are not drawn."""
    edges = [
        (author_ids[edge.target_node_id], edge)
        for node in nodes
        for edge in node.edges
        if edge.target_node_id and not (node.part_of and author_ids[edge.target_node_id] == name)
    ]
    merged = []
    for target in dict.fromkeys(target for target, _ in edges):
        same = {edge.id: edge for other, edge in edges if other == target}.values()
        merged.append(
            DiagramEdge(
                name,
                target,
                tuple(edge.id for edge in same),
                tuple(edge.condition for edge in same),
                all(edge.is_fallback for edge in same),
            )
        )
    return merged
