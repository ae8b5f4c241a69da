"""What a message means at a node: the edges that are open, the one that is chosen, the slots that it gave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from pydantic import JsonValue

from core.model.message import Choice
from core.model.turn import Turn
from flows.compiled.edge import CompiledEdge
from flows.engine.action_runner import Performer
from flows.llm.model import NOTHING, Decide, Decision, Model, Write, unheard
from flows.llm.rules.model import RulesModel
from flows.nlu.choices import find_choice
from flows.slots.extraction import accept
from flows.slots.slot import Slot
from flows.templating.template import Text
from flows.text.surrogates import whole_characters
from flows.tools.types import Exchange, Function

LONGEST_TEXT = 4_000
MOST_ROUNDS = 4
MOST_CALLS = 4

_RULES = RulesModel()
_NOTHING: tuple[JsonValue, ...] = (None, "", [], {})


class Judge:
    """Judges one turn. `choice` is the quick reply that was meant, once `hear` has looked for it.

    `detour` is the edge to take because a tool has failed, `rounds` counts the turn's rounds of tools.
    """

    def __init__(self, performer: Performer, turn: Turn, model: Model, today: date) -> None:
        self.performer = performer
        self.speaker = speaker = performer.speaker
        self.state = speaker.state
        self.flow = speaker.flow
        self.turn = turn
        self.model = model
        self.today = today
        self.text = whole_characters(turn.text.strip()[:LONGEST_TEXT])
        self.choice: Choice | None = None
        self.detour: CompiledEdge | None = None
        self.rounds = 0

    def hear(self, *, is_first: bool) -> None:
        """Find the quick reply that was meant. A first message is no number out of a list not yet seen."""
        offered = self.state.offered
        if self.turn.payload:
            self.choice = next((choice for choice in offered if choice.payload == self.turn.payload), None)
        elif not (is_first and self.text.isdigit()):
            self.choice = find_choice(self.text, offered)
        self.state.remember("user", self.choice.label if self.choice else self.text or self._wordless())

    def _wordless(self) -> str:
        return self.turn.payload or self.speaker.sentences.sent(self.turn)

    def chosen(self, offered: tuple[CompiledEdge, ...]) -> CompiledEdge | None:
        """The edge that an offered quick reply names by its payload, unless it has something to learn.

        What was not offered is not taken at its word: anybody may send the id of an edge that is the model's
        to judge.
        """
        choice = self.choice
        edge = next((edge for edge in offered if edge.id == choice.payload), None) if choice else None
        return None if edge and any(s.required and len(s.values) != 1 for s in edge.slots) else edge

    def offered(self) -> tuple[CompiledEdge, ...]:
        """The node's own edges and, where it may be interrupted, the global ones that they do not shadow."""
        node = self.speaker.node
        return node.ways if node.is_open else tuple(edge for edge in node.ways if self._is_open(edge))

    def _is_open(self, edge: CompiledEdge) -> bool:
        if edge.guard is not None and not edge.guard.holds(self.speaker.values):
            return False
        return edge.data is None or edge.data.holds(self.speaker.values) is not False

    def verdict(self, edge: CompiledEdge) -> bool | None:
        """What the data alone say of an edge; None when that is for the model to say."""
        if edge.guard is not None:
            return edge.guard.holds(self.speaker.values)
        return edge.data.holds(self.speaker.values) if edge.data else None

    async def certain(self, offered: tuple[CompiledEdge, ...]) -> CompiledEdge | None:
        """The edge out of a node `is_by_data`, when the data decide on exactly one of its own.

        What the user said still counts where it asks for something else: a global edge, by the rules.
        """
        own = [edge for edge in self.speaker.node.edges if not edge.edge.is_fallback]
        open_edges = [edge for edge in own if any(edge is other for other in offered)]
        if len(open_edges) != 1 or any(self.verdict(edge) is None for edge in own):
            return None
        others = tuple(edge for edge in offered if not any(edge is mine for mine in self.speaker.node.edges))
        asked = await _RULES.decide(self._question(others))
        return named(asked.edge, others) or open_edges[0]

    @property
    def known(self) -> Mapping[str, JsonValue]:
        """What the user, the caller and the actions have told by now."""
        return {**self.state.variables, **self.state.slots, **self.state.results}

    def lacks(self, edge: CompiledEdge) -> str:
        """The question to ask before an edge may be crossed that nobody has just asked about."""
        known = self.known
        missing = next((s for s in edge.slots if s.required and known.get(s.name) in _NOTHING), None)
        return self._asking_for(missing) if missing else self.unmet(edge)

    def unmet(self, edge: CompiledEdge) -> str:
        """The question for what the node must know before `edge` may be crossed.

        Where it may be skipped, who insists gets past it.
        """
        node, state = self.speaker.node, self.state
        if not node.node.completion_criteria:
            return ""
        is_exempt = edge.edge.is_fallback or edge.asks_for_person or edge.target == node.id
        if is_exempt or not any(own is edge for own in node.edges):
            return ""
        known = self.known
        criteria = [item for item in node.node.completion_criteria if item.required]
        missing = next((item for item in criteria if known.get(item.key) in _NOTHING), None)
        if missing is None or (node.node.allow_skip and state.insisted):
            return ""
        state.insisted += 1
        return self.speaker.sentences.still_needed.format(
            missing.description or missing.key.replace("_", " ")
        )

    async def decide(
        self,
        offered: tuple[CompiledEdge, ...],
        *,
        is_first: bool = False,
        is_silent: bool = False,
        may_reply: bool = False,
    ) -> Decision:
        """Ask the model for one of `offered`, running the tools that it wants. Raises `ModelError`.

        With `may_reply` the model's reply will be said if it stays, so it may be told while it is written.
        """
        exchanges: list[Exchange] = []
        self.detour = None
        write = self.speaker.voice.writer if may_reply else unheard
        while True:
            tools = self.performer.offers() if self.rounds < MOST_ROUNDS else ()
            if is_silent and not offered:
                return NOTHING  # whatever a tool found, nothing leads on
            if not offered and not tools and not exchanges:
                return NOTHING
            question = self._question(offered, is_first, is_silent, tools, tuple(exchanges), write)
            decision = await self.model.decide(question)
            self.speaker.count(decision.tokens, decision.model, decision.trouble)
            if not decision.calls or not tools:
                break
            self.rounds += 1
            for call in decision.calls[:MOST_CALLS]:
                result, failure = await self.performer.call(call)
                self.detour = named(failure, (*self.speaker.node.edges, *self.flow.global_edges))
                if self.detour:
                    return Decision()
                exchanges.append(Exchange(call, result))
        if decision.calls:
            self.speaker.troubles.append("rounds")
        return decision

    def _question(
        self,
        offered: tuple[CompiledEdge, ...],
        is_first: bool = False,
        is_silent: bool = False,
        tools: tuple[Function, ...] = (),
        exchanges: tuple[Exchange, ...] = (),
        write: Write = unheard,
    ) -> Decide:
        speaker, state, choice = self.speaker, self.state, self.choice
        node, rendered = speaker.node, speaker.rendered
        conditions = node.conditions if offered is node.ways else None
        if conditions is None:
            conditions = tuple([rendered(edge.condition) for edge in offered])
        return Decide(
            node,
            offered,
            conditions,
            choice.label if choice else self.text,
            choice.payload if choice else self.turn.payload,
            rendered(node.text) if node.text else "",
            speaker.prompt,
            rendered(node.instruction) if node.instruction else "",
            speaker.known,
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
            node.ahead,
        )

    def learn(self, edge: CompiledEdge, decision: Decision) -> str:
        """Take the edge's slots over; the question that is to be asked when a required one is missing."""
        if not (edge.slots or edge.inferred):
            return ""
        reasons: dict[str, str] = {}
        for slot in (*edge.slots, *edge.inferred):
            value = decision.slots.get(slot.name)
            if value is None and slot.required and len(slot.values) == 1:
                value = slot.values[0]  # models leave out what can only be one thing
            reading = accept(slot, value, self.today)
            if reading.value is not None:
                self.state.keep_slot(slot.name, reading.value)
            elif reading.reason:
                reasons[slot.name] = reading.reason
        filled = set(self.state.filled) - set(reasons)  # a correction that cannot be read is asked for again
        missing = next((s for s in edge.slots if s.required and s.name not in filled), None)
        return reasons.get(missing.name) or self._asking_for(missing) if missing else ""

    def _asking_for(self, slot: Slot) -> str:
        question = self.speaker.rendered(Text(slot.question)) if slot.question else ""
        return question or self.speaker.sentences.still_needed.format(slot.description)


def named(name: str, edges: Sequence[CompiledEdge]) -> CompiledEdge | None:
    """The edge of that id or, as models sometimes answer, the one that leads to the node of that id."""
    if not name:
        return None
    return next((e for e in edges if e.id == name), None) or next(
        (e for e in edges if e.target == name), None
    )
