"""From node to node: crossing an edge, and going on for as long as nothing is to be asked."""

from __future__ import annotations

from flows.compiled import CompiledEdge, CompiledNode
from flows.conditions import verdict
from flows.judge import Judge, named
from flows.trail import Hop, Watch

MOST_HOPS = 12


class Passage:
    """The way of one turn through the flow. `edge` is the id of the last edge that the user's words took."""

    def __init__(self, judge: Judge, watch: Watch) -> None:
        self.judge = judge
        self.speaker = judge.speaker
        self.state = judge.state
        self.flow = judge.flow
        self.in_passing: set[str] = set()
        self.outcome = "stay"
        self.edge = ""
        self._watch = watch

    async def begin(self) -> None:
        """Enter the flow's first node."""
        await self._arrive(Hop(self.flow.initial.id))

    async def take(self, edge: CompiledEdge) -> None:
        """Cross `edge` and go on for as long as nothing is to be asked."""
        self.edge, self.outcome, self.state.misses = edge.id, "advance", 0
        self.in_passing |= {s.name for s in edge.slots if not s.required and s.name in self.state.filled}
        if not any(own is edge for own in self.speaker.node.edges):
            self.state.interrupt()
        await self._arrive(Hop(edge.target, edge.id, self.state.node))

    async def _arrive(self, hop: Hop) -> None:
        """Enter a node, and those that follow it without waiting for the user: none twice, 12 at most."""
        passed: set[str] = set()
        for _ in range(MOST_HOPS):
            self._watch(hop)
            self.state.enter(hop.node)
            passed.add(hop.node)
            node = self.speaker.node
            onward = self._said_in_passing(node, passed)
            if onward is None and not node.is_router:
                await self.speaker.enter()
            if self._ends(node):
                return
            if node.returns and self.state.interrupts:
                self.state.resume()
                await self.speaker.ask_again()
                return
            onward = onward or await self._onward(node, passed)
            if onward is None:
                break
            hop = Hop(onward.target, onward.id, node.id)
        if not self.speaker.messages:
            await self.speaker.ask_again()

    def _ends(self, node: CompiledNode) -> bool:
        if node.is_final:
            self.outcome, self.state.interrupts = "final", []
        elif node.node.hand_off:
            self.outcome = "hand_off"
        return node.is_final or node.node.hand_off

    def _said_in_passing(self, node: CompiledNode, passed: set[str]) -> CompiledEdge | None:
        """An edge whose required slots were all said earlier in passing: no need to ask for them."""
        for edge in node.edges:
            needed = {slot.name for slot in edge.slots if slot.required}
            if needed and needed <= self.in_passing and edge.target not in passed:
                return edge
        return None

    async def _onward(self, node: CompiledNode, passed: set[str]) -> CompiledEdge | None:
        """The edge out of a node that does not wait for the user: by the data, or the only one, or chosen."""
        asks = node.kind == "instruction" and self.speaker.messages[-1].text.endswith("?")
        if not node.is_router and (not node.auto_proceed or asks):
            return None
        edges = [edge for edge in node.edges if edge.target not in passed and not edge.edge.is_fallback]
        known = {edge.id: self._verdict(edge) for edge in edges}
        undecided = tuple(edge for edge in edges if known[edge.id] is None)
        if certain := next((edge for edge in edges if known[edge.id]), None):
            return certain
        if len(undecided) == 1:
            return undecided[0]
        decision = await self.judge.decide(undecided, is_silent=True)
        edge = named(decision.edge, undecided)
        return edge if edge and not self.judge.learn(edge, decision) else fallback(node)

    def _verdict(self, edge: CompiledEdge) -> bool | None:
        values = self.speaker.values
        return edge.guard.holds(values) if edge.guard else verdict(edge.condition.source, values)


def fallback(node: CompiledNode) -> CompiledEdge | None:
    """Where the node leads when nothing else does."""
    return next((edge for edge in node.edges if edge.edge.is_fallback), None)
