"""One turn: from a compiled flow, a stored state and a user's message to the next state and what to say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from pydantic import JsonValue

from core.dialog import State, Step
from core.message import Choice, Message
from core.turn import Turn
from flows import wording
from flows.choices import find_choice
from flows.compiled import CompiledEdge, CompiledFlow, CompiledNode
from flows.conditions import verdict
from flows.models.port import Decide, Decision, Model, ModelError, Speak
from flows.slots import accept
from flows.speech import in_language, scripted
from flows.state import DialogState
from flows.words import is_greeting

MOST_HOPS = 12
LONGEST_TEXT = 4_000


async def step(flow: CompiledFlow, stored: State | None, turn: Turn, model: Model, today: date) -> Step:
    """Answer one turn. A model that gives no answer costs an apology and leaves the state as it was."""
    run = _Run(flow, DialogState.stored(stored, flow.nodes), turn, model, today)
    try:
        await run.answer()
    except ModelError as error:
        return Step(
            state=stored or {},
            messages=(Message(text=wording.APOLOGY),),
            outcome="error",
            node=run.state.node,
            details={"model": model.name, "error": str(error)[:200]},
        )
    return run.result()


@dataclass
class _Run:
    """A turn at work on its own copy of the state."""

    flow: CompiledFlow
    state: DialogState
    turn: Turn
    model: Model
    today: date
    messages: list[Message] = field(default_factory=list)
    learnt: set[str] = field(default_factory=set)
    choice: Choice | None = None
    outcome: str = "stay"
    edge: str = ""
    tokens: int = 0
    model_name: str = ""

    @property
    def node(self) -> CompiledNode:
        return self.flow.nodes[self.state.node]

    @property
    def values(self) -> Mapping[str, JsonValue]:
        # the environment last: nothing that a user says may stand in for what the operator has set
        return {**self.state.variables, **self.state.slots, **self.flow.environment}

    @property
    def text(self) -> str:
        return self.turn.text.strip()[:LONGEST_TEXT]

    def result(self) -> Step:
        self.state.outcome = self.outcome
        # buttons of a question that is no longer open would only mislead
        last = len(self.messages) - 1
        messages = [
            m if i == last else m.model_copy(update={"choices": ()}) for i, m in enumerate(self.messages)
        ]
        return Step(
            state=self.state.to_json(),
            messages=tuple(messages),
            outcome=self.outcome,
            node=self.state.node,
            edge=self.edge,
            hand_off=self.outcome == "hand_off",
            details={"model": self.model_name or self.model.name, "tokens": str(self.tokens)},
        )

    async def answer(self) -> None:
        """The whole turn. Something is said in every case."""
        if self.state.outcome == "final" and self._is_over():
            return
        if self.state.outcome == "hand_off":
            self._after_person()
        is_first = self.state.is_fresh
        if is_first:
            await self._arrive(self.flow.initial.id)
        self.choice = self._choice(is_first=is_first)
        self.state.remember("user", self.choice.label if self.choice else self.text or self.turn.payload)
        if not is_first or self._has_more():
            await self._route(is_first=is_first)

    def _has_more(self) -> bool:
        """Whether a session's first message says more than a greeting, which the bot's own has answered."""
        is_over = self.outcome in ("final", "hand_off")
        return not is_over and bool(self.text or self.turn.payload) and not is_greeting(self.text)

    def _is_over(self) -> bool:
        """After a final node: start again, or say that nothing follows."""
        if self.flow.after_final == "restart":
            self.state = DialogState()
            return False
        if self.flow.after_final == "hand_off":
            self._end("hand_off")
            self._utter(Message(text=wording.HAND_OFF))
            return True
        self._end("final")
        self._utter(Message(text=self.flow.closed_text.render(self.values) or wording.FAREWELL))
        return True

    def _after_person(self) -> None:
        """A person gave the conversation back: go on with the open question, or begin anew."""
        if not self.state.resume() and self.node.returns | self.node.node.hand_off and not self.node.edges:
            self.state = DialogState()
        else:
            self.state.offered = self._choices()

    def _end(self, outcome: str) -> None:
        self.outcome = outcome

    async def _route(self, *, is_first: bool) -> None:
        """Find the edge that the user's message means, and take it."""
        node, state = self.node, self.state
        state.turns_in_node += 1
        fallback = self._fallback()
        if fallback and node.node.max_turns is not None and state.turns_in_node > node.node.max_turns:
            await self._take(fallback)
            return
        offered = self._offered()
        decision = await self._decide(offered, is_first=is_first)
        edge = _named(decision.edge, offered)
        if edge is None:
            await self._stay(decision, is_first=is_first)
        elif question := self._learn(edge, decision):
            await self._ask(question)
        else:
            await self._take(edge)

    def _fallback(self) -> CompiledEdge | None:
        return next((edge for edge in self.node.edges if edge.edge.is_fallback), None)

    def _offered(self) -> tuple[CompiledEdge, ...]:
        """The node's own edges and, where it may be interrupted, the global ones that they do not shadow."""
        node, values = self.node, self.values
        edges = list(node.edges)
        if node.node.interruptible and not node.is_final and not node.is_router:
            own = {edge.id for edge in edges}
            edges += [
                edge for edge in self.flow.global_edges if edge.id not in own and edge.target != node.id
            ]
        return tuple(edge for edge in edges if edge.guard is None or edge.guard.holds(values))

    async def _decide(
        self, offered: tuple[CompiledEdge, ...], *, is_first: bool = False, is_silent: bool = False
    ) -> Decision:
        if not offered:
            return Decision()
        choice, node, values = self.choice, self.node, self.values
        decision = await self.model.decide(
            Decide(
                node=node,
                offered=offered,
                text=choice.label if choice else self.text,
                payload=choice.payload if choice else self.turn.payload,
                said=node.text.render(values) if node.text else "",
                prompt=in_language(self.flow.prompt.render(values), self.flow.language),
                instruction=node.instruction.render(values) if node.instruction else "",
                conditions={edge.id: edge.condition.render(values) for edge in offered},
                # without the environment, which holds the operator's secrets
                values={**self.state.variables, **self.state.slots},
                filled=frozenset(self.state.filled),
                history=tuple(self.state.history),
                today=self.today,
                is_first=is_first,
                is_silent=is_silent,
            )
        )
        self._count(decision.tokens, decision.model)
        return decision

    def _count(self, tokens: int, model: str) -> None:
        self.tokens += tokens
        self.model_name = model or self.model_name

    def _choice(self, *, is_first: bool) -> Choice | None:
        """The quick reply that was meant. A first message cannot be a number out of a list not yet seen."""
        offered = self.state.offered
        if self.turn.payload:
            return next((choice for choice in offered if choice.payload == self.turn.payload), None)
        if is_first and self.text.isdigit():
            return None
        return find_choice(self.text, offered)

    def _learn(self, edge: CompiledEdge, decision: Decision) -> str:
        """Take the edge's slots over; the question that is to be asked when a required one is missing."""
        reasons: dict[str, str] = {}
        for slot in edge.slots:
            reading = accept(slot, decision.slots.get(slot.name), self.today)
            if reading.value is None and not reading.reason and slot.required and len(slot.values) == 1:
                reading = accept(slot, slot.values[0], self.today)
            if reading.value is not None:
                self.state.slots[slot.name] = reading.value
                if not slot.required:
                    self.learnt.add(slot.name)
                self.state.filled = list(dict.fromkeys([*self.state.filled, slot.name]))
            elif reading.reason:
                reasons[slot.name] = reading.reason
        missing = [slot for slot in edge.slots if slot.required and slot.name not in self.state.filled]
        if not missing:
            return ""
        first = missing[0]
        return reasons.get(first.name) or first.question or wording.still_needed(first.description)

    async def _take(self, edge: CompiledEdge) -> None:
        """Cross `edge` and go on for as long as nothing is to be asked."""
        self.edge = edge.id
        self.outcome = "advance"
        self.state.misses = 0
        if edge not in self.node.edges:
            self.state.interrupt()
        await self._arrive(edge.target)

    async def _arrive(self, node_id: str) -> None:
        """Enter a node, and those that follow it without waiting for the user: none twice, 12 at most."""
        passed: set[str] = set()
        for _ in range(MOST_HOPS):
            passed.add(node_id)
            self.state.enter(node_id)
            node = self.node
            onward = self._prefilled(node, passed)
            if onward is None:
                if not node.is_router:
                    await self._say_entry()
                if self._ends(node):
                    return
                if node.returns and self.state.interrupts:
                    await self._resume()
                    return
                onward = await self._onward(node, passed)
            if onward is None:
                break
            node_id = onward.target
        if not self.messages:
            await self._say_again(wording.GO_ON)

    def _ends(self, node: CompiledNode) -> bool:
        if node.is_final:
            self._end("final")
            self.state.interrupts = []
        elif node.node.hand_off:
            self._end("hand_off")
        return self.outcome in ("final", "hand_off")

    async def _resume(self) -> None:
        """Back to the question that was interrupted, and ask it again."""
        self.state.resume()
        await self._say_again("")

    def _prefilled(self, node: CompiledNode, passed: set[str]) -> CompiledEdge | None:
        """An edge whose required slots were all said in passing in this turn: no need to ask for them."""
        for edge in node.edges:
            needed = {slot.name for slot in edge.slots if slot.required}
            if needed and needed <= self.learnt and edge.target not in passed:
                return edge
        return None

    async def _onward(self, node: CompiledNode, passed: set[str]) -> CompiledEdge | None:
        """The edge out of a node that does not wait for the user."""
        said = self.messages[-1].text if self.messages else ""
        if not node.is_router and (
            not node.auto_proceed or (node.kind == "instruction" and said.endswith("?"))
        ):
            return None
        edges = [edge for edge in node.edges if edge.target not in passed and not edge.edge.is_fallback]
        values = self.values
        verdicts = [
            edge.guard.holds(values) if edge.guard else verdict(edge.condition.source, values)
            for edge in edges
        ]
        if True in verdicts:
            return edges[verdicts.index(True)]
        undecided = tuple(edge for edge, known in zip(edges, verdicts, strict=True) if known is None)
        if len(undecided) == 1:
            return undecided[0]
        decision = await self._decide(undecided, is_silent=True)
        edge = _named(decision.edge, undecided)
        if edge is not None and not self._learn(edge, decision):
            return edge
        return self._fallback()

    async def _say_entry(self) -> None:
        node, values = self.node, self.values
        is_again = self.state.visits.get(node.id, 0) > 1
        text = node.reprompt.render(values) if node.reprompt and is_again else ""
        text = text or (node.text.render(values) if node.text else "")
        if not text and node.instruction:
            text = await self._spoken(node.instruction.render(values))
        self._say(text or self._default_text(node))

    async def _spoken(self, instruction: str) -> str:
        if line := scripted(instruction, self.flow.language):
            return line
        speech = await self.model.speak(
            Speak(
                instruction=in_language(instruction, self.flow.language),
                prompt=in_language(self.flow.prompt.render(self.values), self.flow.language),
                history=tuple(self.state.history),
            )
        )
        self._count(speech.tokens, speech.model)
        return speech.text.strip()[:LONGEST_TEXT]

    def _default_text(self, node: CompiledNode) -> str:
        if node.is_final:
            return wording.FAREWELL
        if node.node.hand_off:
            return wording.HAND_OFF
        return wording.CHOOSE if node.labels else wording.GO_ON

    def _question(self) -> str:
        """What the present node asks, without a call of the model."""
        node, values = self.node, self.values
        for text in (node.reprompt, node.text):
            if text and (rendered := text.render(values)):
                return rendered
        return scripted(node.instruction.render(values), self.flow.language) if node.instruction else ""

    async def _say_again(self, otherwise: str) -> None:
        if question := self._question() or otherwise:
            self._say(question)
        else:
            await self._say_entry()

    async def _ask(self, question: str) -> None:
        """Stay, and ask for what is missing; in other words when that was just said."""
        if self.state.history and self._last_reply() == question:
            question = f"{wording.lead(self.state.misses, self.turn)} {question}"
        self.state.misses += 1
        self._say(question)

    def _last_reply(self) -> str:
        return next((line.text for line in reversed(self.state.history) if line.role == "assistant"), "")

    async def _stay(self, decision: Decision, *, is_first: bool) -> None:
        if decision.reason:
            question = self._question()
            await self._ask(
                f"{decision.reason}\n\n{question}" if question and not is_first else decision.reason
            )
        elif decision.reply:
            self._say(decision.reply[:LONGEST_TEXT])
        elif not is_first:
            text = wording.not_understood(
                self.state.misses,
                self.turn,
                question=self._question(),
                has_choices=bool(self.node.labels),
                knows_person=any(edge.asks_for_person for edge in self._offered()),
            )
            self.state.misses += 1
            self._say(text)

    def _choices(self) -> list[Choice]:
        values, node = self.values, self.node
        labels: Sequence[str] = [label.render(values) for label in node.labels]
        return [
            Choice(label=label, payload=choice.payload or label)
            for label, choice in zip(labels, node.node.choices, strict=True)
            if label
        ]

    def _say(self, text: str) -> None:
        self.state.offered = self._choices()
        media = self.node.node.media
        self._utter(Message(text=text, choices=tuple(self.state.offered), media=media))

    def _utter(self, message: Message) -> None:
        self.messages.append(message)
        self.state.remember("assistant", message.text)


def _named(name: str, edges: Sequence[CompiledEdge]) -> CompiledEdge | None:
    """The edge of that id or, as models sometimes answer, the one that leads to the node of that id."""
    if not name:
        return None
    return next((e for e in edges if e.id == name), None) or next(
        (e for e in edges if e.target == name), None
    )
