"""One turn: from a compiled flow, a stored state and a user's message to the next state and what to say."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from core.dialog import State, Step
from core.message import Message
from core.turn import Address, Turn
from flows import wording
from flows.compiled import CompiledEdge, CompiledFlow, CompiledNode
from flows.judge import LONGEST_TEXT, Judge, named
from flows.models.port import Decision, Model, ModelError
from flows.passage import Passage, fallback
from flows.speaker import Speaker
from flows.state import DialogState
from flows.templates import Text
from flows.trail import Watch, unwatched
from flows.words import is_greeting


async def step(
    flow: CompiledFlow,
    stored: State | None,
    turn: Turn,
    model: Model,
    today: date,
    *,
    watch: Watch = unwatched,
) -> Step:
    """Answer one turn. A model that gives no answer costs an apology and leaves the state as it was."""
    state = _taken_up(flow, DialogState.stored(stored, flow.nodes))
    run = _Run(Judge(Speaker(flow, state, turn, model), turn, model, today), watch)
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


async def timed_out(
    flow: CompiledFlow, stored: State | None, address: Address, model: Model, today: date
) -> Step:
    """What the node where the conversation stands says when nobody writes. It is said once."""
    state = DialogState.stored(stored, flow.nodes)
    timeout = flow.nodes[state.node].node.timeout if state.node else None
    if timeout is None:
        return Step(state=stored or {}, node=state.node)
    turn = Turn(id="timeout", session="timeout", address=address)
    run = _Run(Judge(Speaker(flow, state, turn, model), turn, model, today), unwatched)
    if timeout.say:
        run.speaker.utter(Message(text=Text(timeout.say).render(run.speaker.values)))
    if edge := named(timeout.edge, run.speaker.node.edges):
        await run.passage.take(edge)
        return run.result()
    return Step(
        state=run.state.to_json(), messages=run.speaker.said(), outcome=state.outcome, node=state.node
    )


def _taken_up(flow: CompiledFlow, state: DialogState) -> DialogState:
    """The state that a new message meets: the beginning after an end, the open question after a person."""
    if state.outcome == "final" and flow.after_final == "restart":
        return DialogState()
    if state.outcome == "hand_off" and not state.resume() and not flow.nodes[state.node].edges:
        return DialogState()
    return state


class _Run:
    """A turn at work on its own copy of the state."""

    def __init__(self, judge: Judge, watch: Watch) -> None:
        self.judge = judge
        self.speaker = judge.speaker
        self.flow = judge.flow
        self.state = judge.state
        self.passage = Passage(judge, watch)

    def result(self) -> Step:
        outcome = self.state.outcome = self.passage.outcome
        return Step(
            state=self.state.to_json(),
            messages=self.speaker.said(),
            outcome=outcome,
            node=self.state.node,
            edge=self.passage.edge,
            hand_off=outcome == "hand_off",
            timeout=None if outcome == "final" else _seconds(self.speaker.node),
            details={
                "model": self.speaker.model_name or self.judge.model.name,
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
            await self.passage.begin()
        elif self.state.outcome == "hand_off":
            self.state.offered = self.speaker.choices()
        self.judge.hear(is_first=is_first)
        if not is_first or self._says_more():
            await self._route(is_first=is_first)

    def _close(self) -> None:
        """Nothing follows a final node in this flow; say so, or call a person."""
        if self.flow.after_final == "hand_off":
            self.passage.outcome = "hand_off"
            self.speaker.utter(Message(text=wording.HAND_OFF))
        else:
            self.passage.outcome = "final"
            text = self.flow.closed_text.render(self.speaker.values)
            self.speaker.utter(Message(text=text or wording.FAREWELL))

    def _says_more(self) -> bool:
        """Whether a session's first message says more than a greeting, which the bot's own has answered."""
        is_over = self.passage.outcome in ("final", "hand_off")
        text = self.judge.text
        return not is_over and bool(text or self.judge.turn.payload) and not is_greeting(text)

    async def _route(self, *, is_first: bool) -> None:
        """Find the edge that the user's message means, and take it."""
        node, state = self.speaker.node, self.state
        state.turns_in_node += 1
        is_last_try = node.node.max_turns is not None and state.turns_in_node > node.node.max_turns
        last_resort = fallback(node) if is_last_try else None
        offered = self.judge.offered()
        decision = await self.judge.decide(offered, is_first=is_first)
        edge = named(decision.edge, offered)
        question = self.judge.learn(edge, decision) if edge else ""
        if edge and not question:
            await self.passage.take(edge)
        elif last_resort:
            await self.passage.take(last_resort)
        elif question:
            self.speaker.complain(question)
        else:
            self._stay(decision, offered, is_first=is_first)

    def _stay(self, decision: Decision, offered: Sequence[CompiledEdge], *, is_first: bool) -> None:
        if decision.reason and not is_first:
            self.speaker.complain(f"{decision.reason}\n\n{self.speaker.question()}".strip())
        elif decision.reply:
            self.speaker.say(decision.reply[:LONGEST_TEXT])
        elif not is_first:
            self.speaker.not_understood(knows_person=any(edge.asks_for_person for edge in offered))


def _seconds(node: CompiledNode) -> float | None:
    return node.node.timeout.seconds if node.node.timeout else None
