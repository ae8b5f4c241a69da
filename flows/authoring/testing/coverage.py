"""Node and edge coverage of conversation tests."""

from __future__ import annotations

from flows.document import Flow
from flows.engine import NodeVisit

EdgeKey = tuple[str, str]
"""A node's id and the id of one of its edges; the node is empty for a global edge."""


class Coverage:
    """The nodes entered and edges followed, out of all of a flow, as its author named them.

    What an author node was expanded to counts as that node, and its edges to the same node as one.
    """

    def __init__(self, flow: Flow) -> None:
        self._author_ids = {node.id: node.author_id for node in flow.nodes}
        self.nodes = tuple(dict.fromkeys(self._author_ids.values()))
        self._edge_keys: dict[EdgeKey, EdgeKey | None] = {}
        ways: dict[tuple[str, str, bool], EdgeKey] = {}
        for node in flow.nodes:
            for edge in node.edges:
                if edge.target_node_id:
                    key: EdgeKey | None = (node.author_id, edge.id)
                    if node.part_of:
                        way = (node.author_id, self._author_ids[edge.target_node_id], edge.is_fallback)
                        key = ways.setdefault(way, (node.author_id, edge.id)) if way[0] != way[1] else None
                    self._edge_keys[node.id, edge.id] = key
        for edge in flow.global_edges:
            if edge.target_node_id:
                self._edge_keys["", edge.id] = ("", edge.id)
        self.edges: tuple[EdgeKey, ...] = tuple(dict.fromkeys(filter(None, self._edge_keys.values())))
        self._visited_nodes: set[str] = set()
        self._followed_edges: set[EdgeKey] = set()

    def record_visit(self, visit: NodeVisit) -> None:
        """Record a visit."""
        self._visited_nodes.add(self._author_ids[visit.node_id])
        if visit.edge_id:
            own = (visit.source_id, visit.edge_id)
            key = self._edge_keys.get(own, ("", visit.edge_id))
            if key:
                self._followed_edges.add(key)

    @property
    def missed_nodes(self) -> tuple[str, ...]:
        """Nodes that no conversation entered, in document order."""
        return tuple(name for name in self.nodes if name not in self._visited_nodes)

    @property
    def missed_edges(self) -> tuple[EdgeKey, ...]:
        """Edges that no conversation followed, in document order."""
        return tuple(edge for edge in self.edges if edge not in self._followed_edges)

    def report_lines(self) -> list[str]:
        """Return the counts and the missed parts as lines for a terminal."""
        missed = [f"{node or 'anywhere'} → {edge}" for node, edge in self.missed_edges]
        return [
            _format_summary("nodes", len(self.nodes), self.missed_nodes),
            _format_summary("edges", len(self.edges), missed),
        ]


def _format_summary(what: str, count: int, missed: tuple[str, ...] | list[str]) -> str:
    line = f"{what}: {count - len(missed)} of {count}"
    return f"{line}; never: {', '.join(missed)}" if missed else line
