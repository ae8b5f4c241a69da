"""What a message means at a node: the edges that are open, the one that is chosen, the slots that it gave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from pydantic import JsonValue

from core.model import Choice, Turn
from flows.compiled import CompiledEdge
from flows.engine.action_runner import ActionRunner
from flows.llm import STAY_DECISION, Model, TextCallback, TransitionDecision, TransitionRequest, discard
from flows.llm.rules import RulesModel
from flows.nlu import recognize_choice
from flows.slots import Slot, validate_slot_value
from flows.templating import TextTemplate
from flows.text import replace_surrogates
from flows.tools import ToolDefinition, ToolExchange

MAX_TEXT_LENGTH = 4_000
MAX_TOOL_ROUNDS = 4
MAX_CALLS_PER_ROUND = 4

_RULES_MODEL = RulesModel()
_EMPTY_VALUES: tuple[JsonValue, ...] = (None, "", [], {})


class TransitionSelector:
    """Judges one turn. `choice` is the quick reply that was meant, once `hear` has looked for it.

    `detour` is the edge to take because a tool has failed, `rounds` counts the turn's rounds of tools.
    """

    def __init__(self, performer: ActionRunner, turn: Turn, model: Model, today: date) -> None:
        self.action_runner = performer
        self.response_builder = speaker = performer.response_builder
        self.state = speaker.state
        self.flow = speaker.flow
        self.turn = turn
        self.model = model
        self.today = today
        self.text = replace_surrogates(turn.text.strip()[:MAX_TEXT_LENGTH])
        self.quick_reply: Choice | None = None
        self.failure_edge: CompiledEdge | None = None
        self.tool_rounds = 0

    def match_quick_reply(self, *, is_first: bool) -> None:
        """Find the quick reply that was meant. A first message is no number out of a list not yet seen."""
        offered = self.state.offered
        if self.turn.payload:
            self.quick_reply = next(
                (choice for choice in offered if choice.payload == self.turn.payload), None
            )
        elif not (is_first and self.text.isdigit()):
            self.quick_reply = recognize_choice(self.text, offered, self.flow.language)
        self.state.add_history_line(
            "user",
            self.quick_reply.label if self.quick_reply else self.text or self._describe_wordless_turn(),
        )

    def _describe_wordless_turn(self) -> str:
        return self.turn.payload or self.response_builder.locale_messages.describe_wordless_turn(self.turn)

    def edge_of_quick_reply(self, offered: tuple[CompiledEdge, ...]) -> CompiledEdge | None:
        """The edge that an offered quick reply names by its payload, unless it has something to learn.

        What was not offered is not taken at its word: anybody may send the id of an edge that is the model's
        to judge.
        """
        choice = self.quick_reply
        edge = next((edge for edge in offered if edge.id == choice.payload), None) if choice else None
        return None if edge and any(s.required and len(s.allowed_values) != 1 for s in edge.slots) else edge

    def available_edges(self) -> tuple[CompiledEdge, ...]:
        """The node's own edges and, where it may be interrupted, the global ones that they do not shadow."""
        node = self.response_builder.node
        return (
            node.available_edges
            if node.has_only_open_edges
            else tuple(edge for edge in node.available_edges if self._is_available(edge))
        )

    def _is_available(self, edge: CompiledEdge) -> bool:
        if edge.guard is not None and not edge.guard.is_true(self.response_builder.template_values):
            return False
        return (
            edge.data_condition is None
            or edge.data_condition.evaluate(self.response_builder.template_values) is not False
        )

    def evaluate_data(self, edge: CompiledEdge) -> bool | None:
        """What the data alone say of an edge; None when that is for the model to say."""
        if edge.guard is not None:
            return edge.guard.is_true(self.response_builder.template_values)
        return (
            edge.data_condition.evaluate(self.response_builder.template_values)
            if edge.data_condition
            else None
        )

    async def select_by_data(self, offered: tuple[CompiledEdge, ...]) -> CompiledEdge | None:
        """The edge out of a node `is_by_data`, when the data decide on exactly one of its own.

        What the user said still counts where it asks for something else: a global edge, by the rules.
        """
        own = [edge for edge in self.response_builder.node.edges if not edge.edge.is_fallback]
        open_edges = [edge for edge in own if any(edge is other for other in offered)]
        if len(open_edges) != 1 or any(self.evaluate_data(edge) is None for edge in own):
            return None
        others = tuple(
            edge for edge in offered if not any(edge is mine for mine in self.response_builder.node.edges)
        )
        asked = await _RULES_MODEL.decide(self._build_request(others))
        return find_edge(asked.edge_id, others) or open_edges[0]

    @property
    def known_values(self) -> Mapping[str, JsonValue]:
        """What the user, the caller and the actions have told by now."""
        return {**self.state.variables, **self.state.slots, **self.state.results}

    def missing_slot_question(self, edge: CompiledEdge) -> str:
        """The question to ask before an edge may be crossed that nobody has just asked about."""
        known = self.known_values
        missing = next((s for s in edge.slots if s.required and known.get(s.name) in _EMPTY_VALUES), None)
        return self._slot_question(missing) if missing else self.unmet_criterion_question(edge)

    def unmet_criterion_question(self, edge: CompiledEdge) -> str:
        """The question for what the node must know before `edge` may be crossed.

        Where it may be skipped, who insists gets past it.
        """
        node, state = self.response_builder.node, self.state
        if not node.node.completion_criteria:
            return ""
        is_exempt = edge.edge.is_fallback or edge.leads_to_hand_off or edge.target == node.id
        if is_exempt or not any(own is edge for own in node.edges):
            return ""
        known = self.known_values
        criteria = [item for item in node.node.completion_criteria if item.required]
        missing = next((item for item in criteria if known.get(item.key) in _EMPTY_VALUES), None)
        if missing is None or (node.node.allow_skip and state.insisted):
            return ""
        state.insisted += 1
        return self.response_builder.locale_messages.missing_value.format(
            missing.description or missing.key.replace("_", " ")
        )

    async def ask_model(
        self,
        offered: tuple[CompiledEdge, ...],
        *,
        is_first: bool = False,
        is_silent: bool = False,
        may_reply: bool = False,
    ) -> TransitionDecision:
        """Ask the model for one of `offered`, running the tools that it wants. Raises `ModelError`.

        With `may_reply` the model's reply will be said if it stays, so it may be told while it is written.
        """
        exchanges: list[ToolExchange] = []
        self.failure_edge = None
        write = self.response_builder.streamer.writer if may_reply else discard
        while True:
            tools = self.action_runner.available_tools() if self.tool_rounds < MAX_TOOL_ROUNDS else ()
            if is_silent and not offered:
                return STAY_DECISION  # whatever a tool found, nothing leads on
            if not offered and not tools and not exchanges:
                return STAY_DECISION
            question = self._build_request(offered, is_first, is_silent, tools, tuple(exchanges), write)
            decision = await self.model.decide(question)
            self.response_builder.record_usage(decision.tokens, decision.model, decision.issue)
            if not decision.calls or not tools:
                break
            self.tool_rounds += 1
            for call in decision.calls[:MAX_CALLS_PER_ROUND]:
                result, failure = await self.action_runner.call_tool(call)
                self.failure_edge = find_edge(
                    failure, (*self.response_builder.node.edges, *self.flow.global_edges)
                )
                if self.failure_edge:
                    return TransitionDecision()
                exchanges.append(ToolExchange(call, result))
        if decision.calls:
            self.response_builder.issues.append("rounds")
        return decision

    def _build_request(
        self,
        offered: tuple[CompiledEdge, ...],
        is_first: bool = False,
        is_silent: bool = False,
        tools: tuple[ToolDefinition, ...] = (),
        exchanges: tuple[ToolExchange, ...] = (),
        write: TextCallback = discard,
    ) -> TransitionRequest:
        speaker, state, choice = self.response_builder, self.state, self.quick_reply
        node, rendered = speaker.node, speaker.render
        conditions = node.conditions if offered is node.available_edges else None
        if conditions is None:
            conditions = tuple([rendered(edge.condition) for edge in offered])
        return TransitionRequest(
            node,
            offered,
            conditions,
            choice.label if choice else self.text,
            choice.payload if choice else self.turn.payload,
            rendered(node.text) if node.text else "",
            speaker.system_prompt,
            rendered(node.instruction) if node.instruction else "",
            speaker.model_values,
            state.filled,
            state.summary,
            state.history,
            self.today,
            is_first,
            is_silent,
            tools,
            exchanges,
            self.flow.language,
            write,
            node.speculative_replies,
        )

    def fill_slots(self, edge: CompiledEdge, decision: TransitionDecision) -> str:
        """Take the edge's slots over; the question that is to be asked when a required one is missing."""
        if not (edge.slots or edge.inferred_slots):
            return ""
        reasons: dict[str, str] = {}
        for slot in (*edge.slots, *edge.inferred_slots):
            value = decision.slots.get(slot.name)
            if value is None and slot.required and len(slot.allowed_values) == 1:
                value = slot.allowed_values[0]  # models leave out what can only be one thing
            reading = validate_slot_value(slot, value, self.today)
            if reading.value is not None:
                self.state.set_slot(slot.name, reading.value)
            elif reading.error_message:
                reasons[slot.name] = reading.error_message
        filled = set(self.state.filled) - set(reasons)  # a correction that cannot be read is asked for again
        missing = next((s for s in edge.slots if s.required and s.name not in filled), None)
        return reasons.get(missing.name) or self._slot_question(missing) if missing else ""

    def _slot_question(self, slot: Slot) -> str:
        question = self.response_builder.render(TextTemplate(slot.question)) if slot.question else ""
        return question or self.response_builder.locale_messages.missing_value.format(slot.description)


def find_edge(name: str, edges: Sequence[CompiledEdge]) -> CompiledEdge | None:
    """The edge of that id or, as models sometimes answer, the one that leads to the node of that id."""
    if not name:
        return None
    return next((e for e in edges if e.id == name), None) or next(
        (e for e in edges if e.target == name), None
    )
