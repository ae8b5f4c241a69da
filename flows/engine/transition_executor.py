"""From node to node: crossing an edge, and going on for as long as nothing is to be asked."""

from __future__ import annotations

from flows.compiled import CompiledEdge, CompiledNode, is_silent
from flows.engine.transition_selector import TransitionSelector, find_edge
from flows.engine.turn_result import NodeVisit, VisitListener
from flows.llm import STAY_DECISION, TransitionDecision
from flows.slots import validate_slot_value

MAX_TRANSITIONS_PER_TURN = 12


class TransitionExecutor:
    """The way of one turn through the flow. `edge` is the id of the last edge that the user's words took."""

    def __init__(self, judge: TransitionSelector, watch: VisitListener) -> None:
        self.selector = judge
        self.action_runner = judge.action_runner
        self.response_builder = judge.response_builder
        self.state = judge.state
        self.flow = judge.flow
        self.optional_filled_slots: set[str] = set()
        self.outcome = "stay"
        self.last_edge_id = ""
        self._visit_listener = watch

    async def enter_initial_node(self) -> None:
        """Enter the flow's first node."""
        await self._enter_nodes(NodeVisit(self.flow.initial.id))

    async def follow(self, edge: CompiledEdge, decision: TransitionDecision = STAY_DECISION) -> None:
        """Cross `edge` and go on for as long as nothing is to be asked."""
        speech = self._speculative_reply(edge, decision)
        crossed = await self._run_exit_actions(edge)
        self.last_edge_id, self.outcome, self.state.misses = crossed.id, "advance", 0
        self.optional_filled_slots |= {
            s.name for s in crossed.slots if not s.required and s.name in self.state.filled
        }
        if not any(own is crossed for own in self.response_builder.node.edges):
            self.state.push_interrupt()
        await self._enter_nodes(NodeVisit(crossed.target, crossed.id, self.state.node), speech)

    def _speculative_reply(self, edge: CompiledEdge, decision: TransitionDecision) -> str:
        """What a model that has chosen `edge` wrote for the node beyond it."""
        is_asked = any(
            each.edge_id == edge.id == decision.edge_id
            for each in self.response_builder.node.speculative_replies
        )
        return decision.reply if is_asked else ""

    async def _enter_nodes(self, hop: NodeVisit, speech: str = "") -> None:
        """Enter a node, and those that follow it without waiting for the user: none twice, 12 at most.

        `speech` is what the first of them says, if a model has written it already.
        """
        passed: set[str] = set()
        for _ in range(MAX_TRANSITIONS_PER_TURN):
            self._visit_listener(hop)
            self.state.enter_node(hop.node_id)
            passed.add(hop.node_id)
            node = self.response_builder.node = self.flow.nodes[hop.node_id]
            onward, speech = await self._enter_node(node, passed, speech), ""
            if onward is None:
                if self._record_ending(node):
                    return
                if node.returns_from_interrupt and self.state.interrupts:
                    self.response_builder.node = self.flow.nodes[self.state.pop_interrupt()]
                    await self.response_builder.repeat_question()
                    return
                onward, speech = await self._next_without_input(node, passed)
            if onward is None:
                break
            onward = await self._run_exit_actions(onward)
            if not any(own is onward for own in node.edges):
                self.state.push_interrupt()
            hop = NodeVisit(onward.target, onward.id, node.id)
        else:
            self.response_builder.issues.append("hops")
        if not self.response_builder.messages:
            await self.response_builder.repeat_question()

    async def _enter_node(self, node: CompiledNode, passed: set[str], speech: str) -> CompiledEdge | None:
        """Run what is to be run here and speak; the edge to go on by when nothing is to be said."""
        failure = (
            find_edge(await self.action_runner.run(node.on_enter), self._failure_edges(node))
            if node.on_enter
            else None
        )
        if failure is None and self._is_outside_business_hours(node):
            return self._answer_out_of_hours(node)
        onward = failure or self._edge_with_filled_slots(node, passed)
        if onward is None and (node.node.hand_off or not self._is_silent_node(node)):
            await self.response_builder.add_node_prompt(speech)
        return onward

    def _is_outside_business_hours(self, node: CompiledNode) -> bool:
        """Whether the node is for a person while nobody of the business is there."""
        hours = self.flow.hours
        is_asked = node.node.hand_off and node.node.out_of_hours is not None
        return is_asked and hours is not None and not hours.is_open(self.action_runner.services.now())

    def _answer_out_of_hours(self, node: CompiledNode) -> CompiledEdge | None:
        """Say that nobody is there, in place of the node's own text, and go where that leads."""
        resort = node.node.out_of_hours
        assert resort is not None, "asked by the caller"
        onward = find_edge(resort.edge, node.edges)
        if not self.response_builder.add_text(resort.say) and onward is None:
            self.response_builder.ask(
                self.response_builder.current_question()
                or self.response_builder.locale_messages.continue_prompt
            )
        return onward

    async def _run_exit_actions(self, edge: CompiledEdge) -> CompiledEdge:
        """Run what is to be run on the way out; the edge to take, another one when something failed."""
        node = self.response_builder.node
        for triggers in filter(None, (node.on_exit, edge.edge.actions)):
            failure = find_edge(await self.action_runner.run(triggers), self._failure_edges(node))
            if failure:
                return failure
        return edge

    def _failure_edges(self, node: CompiledNode) -> tuple[CompiledEdge, ...]:
        return (*node.edges, *self.flow.global_edges)

    def _record_ending(self, node: CompiledNode) -> bool:
        if node.is_final:
            self.outcome, self.state.interrupts = "final", ()
        elif node.node.hand_off:
            self.outcome = "hand_off"
        return node.is_final or node.node.hand_off

    def _is_silent_node(self, node: CompiledNode) -> bool:
        """Whether the node only leads on."""
        if node.is_router or node.text or not node.edges or node.instruction is None:
            return node.is_router
        return is_silent(self.response_builder.render(node.instruction))

    def _edge_with_filled_slots(self, node: CompiledNode, passed: set[str]) -> CompiledEdge | None:
        """An edge for whose required slots nobody need be asked: said in passing, or the caller knew them.

        What the caller knows is asked for all the same when the node is entered again: it was not right then.
        """
        is_new = bool(self.last_edge_id) and self.state.visits.get(node.id) == 1
        told = self.state.variables if is_new else {}
        for edge in node.edges if self.optional_filled_slots or told else ():
            needed = [slot for slot in edge.slots if slot.required]
            if not needed or edge.target in passed:
                continue
            asked = [slot for slot in needed if slot.name not in self.optional_filled_slots]
            known = {
                slot.name: validate_slot_value(slot, told.get(slot.name), self.selector.today).value
                for slot in asked
            }
            if None not in known.values():
                for name, value in known.items():
                    self.state.set_slot(name, value)
                return edge
        return None

    async def _next_without_input(
        self, node: CompiledNode, passed: set[str]
    ) -> tuple[CompiledEdge | None, str]:
        """The edge out of a node that does not wait for the user: by the data, or the only one, or chosen.

        With it comes what the model that chose it wrote for the node beyond.
        """
        if not self._is_silent_node(node):
            asks = node.kind == "instruction" and self.response_builder.messages[-1].text.endswith("?")
            if not node.auto_proceed or asks:
                return None, ""
        edge, decision = await self._choose_silently(node, passed)
        if edge is None:
            return find_fallback_edge(node), ""
        if question := self.selector.missing_slot_question(edge):
            self.response_builder.reprompt_with_reason(question)
            return None, ""
        return edge, self._speculative_reply(edge, decision)

    async def _choose_silently(
        self, node: CompiledNode, passed: set[str]
    ) -> tuple[CompiledEdge | None, TransitionDecision]:
        """The edge by the data where they decide on each, by the model where they leave something open."""
        edges = [edge for edge in node.edges if edge.target not in passed and not edge.edge.is_fallback]
        verdicts = [(edge, self.selector.evaluate_data(edge)) for edge in edges]
        open_edges = tuple(edge for edge, verdict in verdicts if verdict is not False)
        certain = [edge for edge, verdict in verdicts if verdict]
        if len(open_edges) == 1 and (certain or len(edges) == 1 or find_fallback_edge(node) is None):
            return open_edges[0], STAY_DECISION
        decision = await self.selector.ask_model(open_edges, is_silent=True)
        if edge := self.selector.failure_edge or find_edge(decision.edge_id, open_edges):
            self.selector.fill_slots(edge, decision)
            return edge, decision
        return next(iter(certain), None), STAY_DECISION


def find_fallback_edge(node: CompiledNode) -> CompiledEdge | None:
    """Where the node leads when nothing else does."""
    return next((edge for edge in node.edges if edge.edge.is_fallback), None)
