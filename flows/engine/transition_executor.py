"""From node to node: crossing an edge, and going on for as long as nothing is to be asked."""

from __future__ import annotations

from flows.compiled.edge import CompiledEdge
from flows.compiled.flow import CompiledNode
from flows.compiled.instructions import is_silent
from flows.engine.transition_selector import Judge, named
from flows.engine.turn_result import Hop, Watch
from flows.llm.model import NOTHING, Decision
from flows.slots.extraction import accept

MOST_HOPS = 12


class Passage:
    """The way of one turn through the flow. `edge` is the id of the last edge that the user's words took."""

    def __init__(self, judge: Judge, watch: Watch) -> None:
        self.judge = judge
        self.performer = judge.performer
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

    async def take(self, edge: CompiledEdge, decision: Decision = NOTHING) -> None:
        """Cross `edge` and go on for as long as nothing is to be asked."""
        speech = self._beyond(edge, decision)
        crossed = await self._cross(edge)
        self.edge, self.outcome, self.state.misses = crossed.id, "advance", 0
        self.in_passing |= {s.name for s in crossed.slots if not s.required and s.name in self.state.filled}
        if not any(own is crossed for own in self.speaker.node.edges):
            self.state.interrupt()
        await self._arrive(Hop(crossed.target, crossed.id, self.state.node), speech)

    def _beyond(self, edge: CompiledEdge, decision: Decision) -> str:
        """What a model that has chosen `edge` wrote for the node beyond it."""
        is_asked = any(each.edge == edge.id == decision.edge for each in self.speaker.node.ahead)
        return decision.reply if is_asked else ""

    async def _arrive(self, hop: Hop, speech: str = "") -> None:
        """Enter a node, and those that follow it without waiting for the user: none twice, 12 at most.

        `speech` is what the first of them says, if a model has written it already.
        """
        passed: set[str] = set()
        for _ in range(MOST_HOPS):
            self._watch(hop)
            self.state.enter(hop.node)
            passed.add(hop.node)
            node = self.speaker.node = self.flow.nodes[hop.node]
            onward, speech = await self._enter(node, passed, speech), ""
            if onward is None:
                if self._ends(node):
                    return
                if node.returns and self.state.interrupts:
                    self.speaker.node = self.flow.nodes[self.state.resume()]
                    await self.speaker.ask_again()
                    return
                onward, speech = await self._onward(node, passed)
            if onward is None:
                break
            onward = await self._cross(onward)
            if not any(own is onward for own in node.edges):
                self.state.interrupt()
            hop = Hop(onward.target, onward.id, node.id)
        else:
            self.speaker.troubles.append("hops")
        if not self.speaker.messages:
            await self.speaker.ask_again()

    async def _enter(self, node: CompiledNode, passed: set[str], speech: str) -> CompiledEdge | None:
        """Run what is to be run here and speak; the edge to go on by when nothing is to be said."""
        failure = named(await self.performer.run(node.on_enter), self._ways(node)) if node.on_enter else None
        if failure is None and self._is_closed(node):
            return self._turn_away(node)
        onward = failure or self._known_already(node, passed)
        if onward is None and (node.node.hand_off or not self._says_nothing(node)):
            await self.speaker.enter(speech)
        return onward

    def _is_closed(self, node: CompiledNode) -> bool:
        """Whether the node is for a person while nobody of the business is there."""
        hours = self.flow.hours
        is_asked = node.node.hand_off and node.node.out_of_hours is not None
        return is_asked and hours is not None and not hours.is_open(self.performer.means.now())

    def _turn_away(self, node: CompiledNode) -> CompiledEdge | None:
        """Say that nobody is there, in place of the node's own text, and go where that leads."""
        resort = node.node.out_of_hours
        assert resort is not None, "asked by the caller"
        onward = named(resort.edge, node.edges)
        if not self.speaker.utter_text(resort.say) and onward is None:
            self.speaker.say(self.speaker.question() or self.speaker.sentences.go_on)
        return onward

    async def _cross(self, edge: CompiledEdge) -> CompiledEdge:
        """Run what is to be run on the way out; the edge to take, another one when something failed."""
        node = self.speaker.node
        for triggers in filter(None, (node.on_exit, edge.edge.actions)):
            failure = named(await self.performer.run(triggers), self._ways(node))
            if failure:
                return failure
        return edge

    def _ways(self, node: CompiledNode) -> tuple[CompiledEdge, ...]:
        return (*node.edges, *self.flow.global_edges)

    def _ends(self, node: CompiledNode) -> bool:
        if node.is_final:
            self.outcome, self.state.interrupts = "final", ()
        elif node.node.hand_off:
            self.outcome = "hand_off"
        return node.is_final or node.node.hand_off

    def _says_nothing(self, node: CompiledNode) -> bool:
        """Whether the node only leads on."""
        if node.is_router or node.text or not node.edges or node.instruction is None:
            return node.is_router
        return is_silent(self.speaker.rendered(node.instruction))

    def _known_already(self, node: CompiledNode, passed: set[str]) -> CompiledEdge | None:
        """An edge for whose required slots nobody need be asked: said in passing, or the caller knew them.

        What the caller knows is asked for all the same when the node is entered again: it was not right then.
        """
        is_new = bool(self.edge) and self.state.visits.get(node.id) == 1
        told = self.state.variables if is_new else {}
        for edge in node.edges if self.in_passing or told else ():
            needed = [slot for slot in edge.slots if slot.required]
            if not needed or edge.target in passed:
                continue
            asked = [slot for slot in needed if slot.name not in self.in_passing]
            known = {slot.name: accept(slot, told.get(slot.name), self.judge.today).value for slot in asked}
            if None not in known.values():
                for name, value in known.items():
                    self.state.keep_slot(name, value)
                return edge
        return None

    async def _onward(self, node: CompiledNode, passed: set[str]) -> tuple[CompiledEdge | None, str]:
        """The edge out of a node that does not wait for the user: by the data, or the only one, or chosen.

        With it comes what the model that chose it wrote for the node beyond.
        """
        if not self._says_nothing(node):
            asks = node.kind == "instruction" and self.speaker.messages[-1].text.endswith("?")
            if not node.auto_proceed or asks:
                return None, ""
        edge, decision = await self._silently(node, passed)
        if edge is None:
            return fallback(node), ""
        if question := self.judge.lacks(edge):
            self.speaker.complain(question)
            return None, ""
        return edge, self._beyond(edge, decision)

    async def _silently(self, node: CompiledNode, passed: set[str]) -> tuple[CompiledEdge | None, Decision]:
        """The edge by the data where they decide on each, by the model where they leave something open."""
        edges = [edge for edge in node.edges if edge.target not in passed and not edge.edge.is_fallback]
        verdicts = [(edge, self.judge.verdict(edge)) for edge in edges]
        open_edges = tuple(edge for edge, verdict in verdicts if verdict is not False)
        certain = [edge for edge, verdict in verdicts if verdict]
        if len(open_edges) == 1 and (certain or len(edges) == 1 or fallback(node) is None):
            return open_edges[0], NOTHING
        decision = await self.judge.decide(open_edges, is_silent=True)
        if edge := self.judge.detour or named(decision.edge, open_edges):
            self.judge.learn(edge, decision)
            return edge, decision
        return next(iter(certain), None), NOTHING


def fallback(node: CompiledNode) -> CompiledEdge | None:
    """Where the node leads when nothing else does."""
    return next((edge for edge in node.edges if edge.edge.is_fallback), None)
