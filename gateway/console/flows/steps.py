"""Coverage and drop-off of a flow in real traffic: conversations that reached and left each node."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from flows.document import Flow


class NodeSteps(NamedTuple):
    """A node as the author wrote it: how many conversations reached it, and how many went on."""

    node: str
    entered: int
    left: int
    is_end: bool

    @property
    def stayed(self) -> int:
        """Number of conversations that went no further, of those that came in the counted days."""
        return max(self.entered - self.left, 0)

    @property
    def stayed_percent(self) -> int:
        """Share of those that stayed."""
        return round(100 * self.stayed / self.entered) if self.entered else 0


class FlowSteps(NamedTuple):
    """The visited nodes of a flow, most visited first, and the others in the flow's order."""

    rows: Sequence[NodeSteps]
    unvisited: Sequence[str]

    @property
    def visited(self) -> int:
        """Number of visited nodes."""
        return len(self.rows)

    @property
    def nodes(self) -> int:
        """Number of nodes."""
        return len(self.rows) + len(self.unvisited)


def summarize_steps(flow: Flow, steps: Mapping[tuple[str, str], int]) -> FlowSteps:
    """Return the steps of a flow; moves within a form, which the author wrote as one node, do not count."""
    authored = {node.id: node.author_id for node in flow.nodes}
    ends = {node.author_id for node in flow.nodes if node.is_final or node.hand_off}
    entered, left = Counter[str](), Counter[str]()
    for (former, node), number in steps.items():
        source, target = authored.get(former, ""), authored.get(node, "")
        if source != target:
            left[source] += number
            entered[target] += number
    order = list(dict.fromkeys(authored.values()))
    rows = [NodeSteps(name, entered[name], left[name], name in ends) for name in order if entered[name]]
    rows.sort(key=lambda each: -each.entered)
    return FlowSteps(rows, [name for name in order if not entered[name]])
