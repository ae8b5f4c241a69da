"""How much of a flow its conversations have gone through."""

from __future__ import annotations

from flows.document.flow import Flow
from flows.engine.turn_result import Hop

Way = tuple[str, str]
"""A node and an edge of it; the node is empty for a global edge."""


class Coverage:
    """Nodes that were entered and edges that were crossed, out of those that there are."""

    def __init__(self, flow: Flow) -> None:
        self.nodes = tuple(node.id for node in flow.nodes)
        own = [(node.id, edge.id) for node in flow.nodes for edge in node.edges if edge.target_node_id]
        shared = [("", edge.id) for edge in flow.global_edges if edge.target_node_id]
        self.edges: tuple[Way, ...] = tuple(dict.fromkeys([*own, *shared]))
        self._known = frozenset(self.edges)
        self._entered: set[str] = set()
        self._crossed: set[Way] = set()

    def watch(self, hop: Hop) -> None:
        """Take note of a hop."""
        self._entered.add(hop.node)
        if hop.edge:
            own = (hop.source, hop.edge)
            self._crossed.add(own if own in self._known else ("", hop.edge))

    @property
    def nodes_missed(self) -> tuple[str, ...]:
        """Nodes that no conversation entered, in document order."""
        return tuple(name for name in self.nodes if name not in self._entered)

    @property
    def edges_missed(self) -> tuple[Way, ...]:
        """Edges that no conversation crossed, in document order."""
        return tuple(way for way in self.edges if way not in self._crossed)

    def lines(self) -> list[str]:
        """The counts, and what was missed, for a terminal."""
        missed = [f"{node or 'anywhere'} → {edge}" for node, edge in self.edges_missed]
        return [
            _line("nodes", len(self.nodes), self.nodes_missed),
            _line("edges", len(self.edges), missed),
        ]


def _line(what: str, count: int, missed: tuple[str, ...] | list[str]) -> str:
    line = f"{what}: {count - len(missed)} of {count}"
    return f"{line}; never: {', '.join(missed)}" if missed else line
