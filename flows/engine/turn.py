"""One turn: from a compiled flow, a stored state and a user's message to the next state and what to say."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import date
from time import perf_counter

from core.model.message import Message
from core.model.timer import Timer
from core.model.turn import Address, Turn
from core.ports.dialog import Watcher
from flows.compiled.edge import CompiledEdge
from flows.compiled.flow import CompiledFlow
from flows.document.flow import Node, Resort
from flows.engine.action_runner import Means, Performer
from flows.engine.history_summary import summary_of
from flows.engine.language import asked_for
from flows.engine.response_builder import Speaker
from flows.engine.streaming import SILENT, Voice
from flows.engine.transition_executor import Passage, fallback
from flows.engine.transition_selector import LONGEST_TEXT, Judge, named
from flows.engine.turn_result import Answered, TurnResult, Watch, unwatched
from flows.llm.model import NOTHING, Decision, Model, ModelError
from flows.nlu.lexicon import is_courtesy, is_greeting
from flows.state.dialog_state import DialogState

_NO_MEANS = Means()
_NOBODY = Watcher()
_SPEAKERS = {"user": "Person", "assistant": "Bot"}
_FOR_A_PERSON = ("hand_off", "budget")
_CUT_SHORT = {"refused": "stay", "rounds": "stay", "hops": "advance"}
"""What has an outcome of its own, and the one that it would have otherwise."""
_BACK = "A person of the business had the conversation. You have it again now: answer as before."
"""For the model, which would go by what it said about being silent."""

_TOLD = 20
"""How many lines the person who takes over is told at most, beside the summary."""


async def step(
    flow: CompiledFlow,
    before: DialogState,
    turn: Turn,
    model: Model,
    today: date,
    watcher: Watcher | None = None,
    *,
    means: Means = _NO_MEANS,
    watch: Watch = unwatched,
) -> Answered:
    """Answer one turn. A model that gives no answer costs an apology; the conversation stays where it was.

    Only what cannot be undone is kept: when a tool or an action has changed something, so is the state.
    """
    state = _taken_up(flow, before.at_work(flow.nodes), turn)
    is_switched = flow.is_translated and before.language not in ("", flow.language)
    if flow.is_translated:
        state.language = flow.language
    run = _begin(flow, state, turn, model, today, means, watch, watcher or _NOBODY)
    summary = summary_of(state, model)
    try:
        await run.answer(is_switched=is_switched)
        if summary:
            await summary.take_over(run.speaker)
    except ModelError as error:
        return run.apology(before, error)
    finally:
        if summary:
            await summary.give_up()
    return run.result()


async def timed_out(
    flow: CompiledFlow,
    before: DialogState,
    address: Address,
    timer: Timer,
    model: Model,
    today: date,
    *,
    means: Means = _NO_MEANS,
) -> Answered:
    """What the node where the conversation stands says when nobody writes, or was not reached; once."""
    state = before.at_work(flow.nodes)
    resort = _resort(flow.nodes[state.node].node, timer) if state.node else None
    if resort is None:
        return before, TurnResult(node=state.node)
    turn = Turn(id=_digest(before), session=":".join(address.model_dump().values()), address=address)
    run = _begin(flow, state, turn, model, today, means, unwatched, _NOBODY)
    run.speaker.utter_text(resort.say)
    try:
        if edge := named(resort.edge, run.speaker.node.edges):
            await run.passage.take(edge)
            return run.result()
    except ModelError as error:
        return run.apology(before, error)
    return state, TurnResult(messages=run.speaker.said(), outcome=state.outcome, node=state.node)


def _resort(node: Node, timer: Timer) -> Resort | None:
    return node.on_undelivered if timer is Timer.UNDELIVERED else node.timeout


def _begin(
    flow: CompiledFlow,
    state: DialogState,
    turn: Turn,
    model: Model,
    today: date,
    means: Means,
    watch: Watch,
    watcher: Watcher,
) -> _Run:
    is_heard = type(watcher).on_text is not Watcher.on_text
    node = flow.nodes[state.node] if state.node else flow.initial
    voice = Voice(watcher.on_text) if is_heard else SILENT
    speaker = Speaker(flow, state, node, turn, model, today, voice, means.now)
    return _Run(Judge(Performer(speaker, turn, means, watcher), turn, model, today), watch)


def _taken_up(flow: CompiledFlow, state: DialogState, turn: Turn) -> DialogState:
    """The state that a new message meets: the beginning after an end, the open question after a person.

    Who only says thanks has not begun anew.
    """
    if state.outcome == "final" and flow.after_final == "restart":
        return state if is_courtesy(turn.text) and not turn.payload else state.begun_anew()
    if state.outcome == "hand_off":
        if not state.resume() and not flow.nodes[state.node].edges:
            return state.begun_anew()
        state.remember("system", _BACK)
    return state


class _Run:
    """A turn at work on its own copy of the state."""

    def __init__(self, judge: Judge, watch: Watch) -> None:
        self.began = perf_counter()
        self.judge = judge
        self.speaker = judge.speaker
        self.flow = judge.flow
        self.state = judge.state
        self.passage = Passage(judge, watch)

    def result(self) -> Answered:
        """The turn as it came out."""
        outcome, state = self.passage.outcome, self.state
        state.outcome = "hand_off" if outcome == "budget" else outcome
        state.apologies, state.version = 0, self.speaker.node.version
        if self.flow.budget and outcome != "budget":
            state.turns, state.tokens = state.turns + 1, state.tokens + self.speaker.tokens
        for trouble in self.speaker.troubles:
            if _CUT_SHORT.get(trouble) == outcome:
                return self._answered(trouble, self.speaker.said())
        return self._answered(outcome, self.speaker.said())

    def apology(self, before: DialogState, error: ModelError) -> Answered:
        """The turn without a model's answer: nothing has happened, but what cannot be undone."""
        number, sentences = before.apologies, self.speaker.sentences.apologies
        message = Message(text=sentences[number % len(sentences)])
        if not self.speaker.is_committed:
            self.state, self.speaker.messages = before.at_work(self.flow.nodes), []
            self.passage.edge = ""
        else:
            self.speaker.utter(message)
        self.state.apologies = number + 1
        messages = self.speaker.said() if self.speaker.messages else (message,)
        return self._answered("error", messages, str(error)[:200])

    def _answered(self, outcome: str, messages: tuple[Message, ...], error: str = "") -> Answered:
        speaker, passage, state = self.speaker, self.passage, self.state
        is_for_a_person, node = outcome in _FOR_A_PERSON, self.flow.nodes.get(state.node)
        waits = node.node.timeout if node else None
        return state, TurnResult(
            messages,
            outcome,
            state.node,
            passage.edge,
            is_for_a_person,
            speaker.model_name or self.judge.model.name,
            speaker.tokens,
            tuple(self.judge.performer.used),
            " ".join(dict.fromkeys(speaker.troubles)) if speaker.troubles else "",
            error,
            waits.seconds if waits and outcome != "final" else None,
            _summary(state) if is_for_a_person else "",
            perf_counter() - self.began,
        )

    async def answer(self, *, is_switched: bool = False) -> None:
        """The whole turn. Something is said in every case.

        `is_switched`: another language is spoken from now on; who only asked for it is asked anew in it.
        """
        if self.state.outcome == "final":
            self._close()
            return
        if self._is_spent():
            self.judge.hear(is_first=False)
            self.passage.outcome, self.state.turns, self.state.tokens = "budget", 0, 0
            self.speaker.utter(Message(text=self.speaker.sentences.spent))
            return
        if self._is_changed() or (is_switched and asked_for(self.judge.text)):
            self.judge.hear(is_first=False)
            await self.speaker.ask_again()
            return
        is_first = self.state.is_fresh
        if is_first:
            await self.passage.begin()
        elif self.state.outcome == "hand_off":
            self.state.offered = self.speaker.choices()
        self.judge.hear(is_first=is_first)
        if not is_first or self._says_more():
            await self._route(is_first=is_first)

    def _is_spent(self) -> bool:
        """Whether the conversation has used up what its flow allows it."""
        budget, state = self.flow.budget, self.state
        return budget is not None and (
            (budget.turns is not None and state.turns >= budget.turns)
            or (budget.tokens is not None and state.tokens >= budget.tokens)
        )

    def _is_changed(self) -> bool:
        """Whether the node has been rewritten since its question was asked: it is asked anew."""
        state = self.state
        is_asked = not state.is_fresh and state.outcome != "hand_off"
        return is_asked and bool(state.version) and state.version != self.speaker.node.version

    def _close(self) -> None:
        """Nothing follows a final node here: say so, part in kindness, or call a person."""
        sentences = self.speaker.sentences
        self.passage.outcome = "hand_off" if self.flow.after_final == "hand_off" else "final"
        if self.flow.after_final == "closed":
            text = self.speaker.rendered(self.flow.closed_text) or sentences.closed
        else:
            text = sentences.hand_off if self.passage.outcome == "hand_off" else sentences.farewell
        self.speaker.utter(Message(text=text))

    def _says_more(self) -> bool:
        """Whether a session's first message says more than a greeting, which the bot's own has answered."""
        is_over = self.passage.outcome in ("final", "hand_off")
        text = self.judge.text
        is_said = bool(text or self.judge.turn.payload)
        is_about_language = self.flow.is_translated and bool(asked_for(text))
        return not is_over and is_said and not is_greeting(text) and not is_about_language

    async def _route(self, *, is_first: bool) -> None:
        """Find the edge that the user's message means, and take it."""
        node, state = self.speaker.node, self.state
        state.turns_in_node += 1
        is_last_try = node.node.max_turns is not None and state.turns_in_node > node.node.max_turns
        last_resort = fallback(node) if is_last_try else None
        offered = self.judge.offered()
        certain = self.judge.chosen(offered)
        if certain is None and node.is_by_data and not is_first:
            certain = await self.judge.certain(offered)
        decision = NOTHING
        if certain is None:
            decision = await self.judge.decide(offered, is_first=is_first, may_reply=last_resort is None)
            if self.judge.performer.used:  # a tool may have opened a way
                offered = self.judge.offered()
        edge = certain or self.judge.detour or named(decision.edge, offered)
        question = (self.judge.learn(edge, decision) or self.judge.unmet(edge)) if edge else ""
        if edge and not question:
            await self.passage.take(edge, decision)
        elif last_resort:
            await self.passage.take(last_resort)
        elif question:
            self.speaker.complain(question)
        else:
            self._stay(decision, offered, is_first=is_first)

    def _stay(self, decision: Decision, offered: Sequence[CompiledEdge], *, is_first: bool) -> None:
        if decision.reason and not is_first:
            self.speaker.complain(f"{decision.reason}\n\n{self.speaker.question()}".strip())
        elif decision.trouble == "refused":
            self.speaker.complain(f"{self.speaker.sentences.refused} {self.speaker.question()}".strip())
        elif reply := decision.reply.strip():
            self.speaker.say(reply[:LONGEST_TEXT])
        elif is_greeting(self.judge.text) and (question := self.speaker.question()):
            self.speaker.say(question)
        elif not is_first:
            self.speaker.not_understood(knows_person=any(edge.asks_for_person for edge in offered))


def _digest(state: DialogState) -> str:
    """A name for what happens by itself, the same when it is tried again."""
    return hashlib.sha256(json.dumps(state.to_json(), sort_keys=True).encode()).hexdigest()[:32]


def _summary(state: DialogState) -> str:
    """What has been learnt and what was said last, line by line, for the person who takes over."""
    learnt = [f"{name.replace('_', ' ')}: {value}" for name, value in state.slots.items()]
    said = [
        f"{_SPEAKERS[line['role']]}: {line['content']}".replace("\n", "\n  ")  # nobody speaks for another
        for line in state.history[-_TOLD:]
        if line["role"] in _SPEAKERS
    ]
    before = [f"Before: {state.summary}"] if state.summary else []
    return "\n\n".join("\n".join(part) for part in (learnt, before, said) if part)
