"""One turn: from a compiled flow, a stored state and a user's message to the next state and what to say."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from core.dialog import State, Step
from core.message import Choice, Message
from core.turn import Turn
from flows import wording
from flows.choices import find_choice
from flows.compiled import CompiledEdge, CompiledFlow, CompiledNode
from flows.conditions import verdict
from flows.models.port import Decide, Decision, Model, ModelError
from flows.reading import accept
from flows.speaker import Speaker
from flows.state import DialogState
from flows.words import is_greeting

MOST_HOPS = 12
LONGEST_TEXT = 4_000


async def step(flow: CompiledFlow, stored: State | None, turn: Turn, model: Model, today: date) -> Step:
    """Answer one turn. A model that gives no answer costs an apology and leaves the state as it was."""
    run = _Run(flow, _taken_up(flow, DialogState.stored(stored, flow.nodes)), turn, model, today)
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


def _taken_up(flow: CompiledFlow, state: DialogState) -> DialogState:
    """The state that a new message meets: the beginning after an end, the open question after a person."""
    if state.outcome == "final" and flow.after_final == "restart":
        return DialogState()
    if state.outcome == "hand_off" and not state.resume() and not flow.nodes[state.node].edges:
        return DialogState()
    return state


class _Run:
    """A turn at work on its own copy of the state."""

    def __init__(self, flow: CompiledFlow, state: DialogState, turn: Turn, model: Model, today: date) -> None:
        self.flow = flow
        self.state = state
        self.turn = turn
        self.model = model
        self.today = today
        self.speaker = Speaker(flow, state, turn, model)
        self.text = turn.text.strip()[:LONGEST_TEXT]
        self.choice: Choice | None = None
        self.in_passing: set[str] = set()
        self.outcome = "stay"
        self.edge = ""

    @property
    def node(self) -> CompiledNode:
        return self.speaker.node

    def result(self) -> Step:
        self.state.outcome = self.outcome
        return Step(
            state=self.state.to_json(),
            messages=self.speaker.said(),
            outcome=self.outcome,
            node=self.state.node,
            edge=self.edge,
            hand_off=self.outcome == "hand_off",
            details={
                "model": self.speaker.model_name or self.model.name,
                "tokens": str(self.speaker.tokens),
            },
        )

    async def answer(self) -> None:
        """The whole turn. Something is said in every case."""
        if self.state.outcome == "final":
            self._close()
            return
        is_first = self.state.is_fresh
        if is_first:
            await self._arrive(self.flow.initial.id)
        elif self.state.outcome == "hand_off":
            self.state.offered = self.speaker.choices()
        self.choice = self._find_choice(is_first=is_first)
        self.state.remember("user", self.choice.label if self.choice else self.text or self.turn.payload)
        if not is_first or self._says_more():
            await self._route(is_first=is_first)

    def _close(self) -> None:
        """Nothing follows a final node in this flow; say so, or call a person."""
        if self.flow.after_final == "hand_off":
            self.outcome = "hand_off"
            self.speaker.utter(Message(text=wording.HAND_OFF))
        else:
            self.outcome = "final"
            text = self.flow.closed_text.render(self.speaker.values)
            self.speaker.utter(Message(text=text or wording.FAREWELL))

    def _says_more(self) -> bool:
        """Whether a session's first message says more than a greeting, which the bot's own has answered."""
        is_over = self.outcome in ("final", "hand_off")
        return not is_over and bool(self.text or self.turn.payload) and not is_greeting(self.text)

    def _find_choice(self, *, is_first: bool) -> Choice | None:
        """The quick reply that was meant. A first message cannot be a number out of a list not yet seen."""
        offered = self.state.offered
        if self.turn.payload:
            return next((choice for choice in offered if choice.payload == self.turn.payload), None)
        return None if is_first and self.text.isdigit() else find_choice(self.text, offered)

    async def _route(self, *, is_first: bool) -> None:
        """Find the edge that the user's message means, and take it."""
        node, state = self.node, self.state
        state.turns_in_node += 1
        is_last_try = node.node.max_turns is not None and state.turns_in_node > node.node.max_turns
        fallback = _fallback(node) if is_last_try else None
        offered = self._offered()
        decision = await self._decide(offered, is_first=is_first)
        edge = _named(decision.edge, offered)
        question = self._learn(edge, decision) if edge else ""
        if edge and not question:
            await self._take(edge)
        elif fallback:
            await self._take(fallback)
        elif question:
            self.speaker.complain(question)
        else:
            self._stay(decision, offered, is_first=is_first)

    def _offered(self) -> tuple[CompiledEdge, ...]:
        """The node's own edges and, where it may be interrupted, the global ones that they do not shadow."""
        node, values = self.node, self.speaker.values
        edges = list(node.edges)
        if node.node.interruptible and not node.is_final and not node.is_router:
            own = {edge.id for edge in edges}
            edges += [e for e in self.flow.global_edges if e.id not in own and e.target != node.id]
        return tuple(edge for edge in edges if edge.guard is None or edge.guard.holds(values))

    async def _decide(
        self, offered: tuple[CompiledEdge, ...], *, is_first: bool = False, is_silent: bool = False
    ) -> Decision:
        if not offered:
            return Decision()
        choice, node, values = self.choice, self.node, self.speaker.values
        question = Decide(
            node=node,
            offered=offered,
            text=choice.label if choice else self.text,
            payload=choice.payload if choice else self.turn.payload,
            said=node.text.render(values) if node.text else "",
            prompt=self.speaker.prompt,
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
        decision = await self.model.decide(question)
        self.speaker.count(decision.tokens, decision.model)
        return decision

    def _learn(self, edge: CompiledEdge, decision: Decision) -> str:
        """Take the edge's slots over; the question that is to be asked when a required one is missing."""
        reasons: dict[str, str] = {}
        for slot in edge.slots:
            value = decision.slots.get(slot.name)
            if value is None and slot.required and len(slot.values) == 1:
                value = slot.values[0]  # models leave out what can only be one thing
            reading = accept(slot, value, self.today)
            if reading.value is not None:
                self.state.slots[slot.name] = reading.value
                self.state.filled = list(dict.fromkeys([*self.state.filled, slot.name]))
            elif reading.reason:
                reasons[slot.name] = reading.reason
        missing = next((s for s in edge.slots if s.required and s.name not in self.state.filled), None)
        if missing is None:
            return ""
        return reasons.get(missing.name) or missing.question or wording.still_needed(missing.description)

    def _stay(self, decision: Decision, offered: Sequence[CompiledEdge], *, is_first: bool) -> None:
        if decision.reason and not is_first:
            self.speaker.complain(f"{decision.reason}\n\n{self.speaker.question()}".strip())
        elif decision.reply:
            self.speaker.say(decision.reply[:LONGEST_TEXT])
        elif not is_first:
            self.speaker.not_understood(knows_person=any(edge.asks_for_person for edge in offered))

    async def _take(self, edge: CompiledEdge) -> None:
        """Cross `edge` and go on for as long as nothing is to be asked."""
        self.edge, self.outcome, self.state.misses = edge.id, "advance", 0
        self.in_passing |= {s.name for s in edge.slots if not s.required and s.name in self.state.filled}
        if not any(own is edge for own in self.node.edges):
            self.state.interrupt()
        await self._arrive(edge.target)

    async def _arrive(self, node_id: str) -> None:
        """Enter a node, and those that follow it without waiting for the user: none twice, 12 at most."""
        passed: set[str] = set()
        for _ in range(MOST_HOPS):
            self.state.enter(node_id)
            passed.add(node_id)
            node = self.node
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
            node_id = onward.target
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
        decision = await self._decide(undecided, is_silent=True)
        edge = _named(decision.edge, undecided)
        return edge if edge and not self._learn(edge, decision) else _fallback(node)

    def _verdict(self, edge: CompiledEdge) -> bool | None:
        values = self.speaker.values
        return edge.guard.holds(values) if edge.guard else verdict(edge.condition.source, values)


def _fallback(node: CompiledNode) -> CompiledEdge | None:
    return next((edge for edge in node.edges if edge.edge.is_fallback), None)


def _named(name: str, edges: Sequence[CompiledEdge]) -> CompiledEdge | None:
    """The edge of that id or, as models sometimes answer, the one that leads to the node of that id."""
    if not name:
        return None
    return next((e for e in edges if e.id == name), None) or next(
        (e for e in edges if e.target == name), None
    )
