"""One turn: from a compiled flow, a stored state and a user's message to the next state and what to say."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import date
from time import perf_counter

from core.model import Address, Message, TimerKind, Turn
from core.ports import TurnListener
from flows.compiled import CompiledEdge, CompiledFlow
from flows.document import Fallback, Node
from flows.engine.action_runner import ActionRunner, EngineServices
from flows.engine.history_summary import start_summary
from flows.engine.language import requested_language
from flows.engine.response_builder import ResponseBuilder
from flows.engine.streaming import NULL_STREAMER, TextStreamer
from flows.engine.transition_executor import TransitionExecutor, find_fallback_edge
from flows.engine.transition_selector import MAX_TEXT_LENGTH, TransitionSelector, find_edge
from flows.engine.turn_result import StateAndResult, TurnResult, VisitListener, ignore_visits
from flows.llm import STAY_DECISION, Model, ModelError, TransitionDecision
from flows.nlu import is_greeting, is_small_talk
from flows.state import DialogState

_DEFAULT_SERVICES = EngineServices()
_NULL_LISTENER = TurnListener()
_SPEAKER_LABELS = {"user": "Person", "assistant": "Bot"}
_HAND_OFF_OUTCOMES = ("hand_off", "budget")
_OVERRIDING_ISSUES = {"refused": "stay", "rounds": "stay", "hops": "advance"}
"""What has an outcome of its own, and the one that it would have otherwise."""
_RESUMED_NOTE = "A person of the business had the conversation. You have it again now: answer as before."
"""For the model, which would go by what it said about being silent."""

_SUMMARY_LINES = 20
"""How many lines the person who takes over is told at most, beside the summary."""


async def run_turn(
    flow: CompiledFlow,
    before: DialogState,
    turn: Turn,
    model: Model,
    today: date,
    watcher: TurnListener | None = None,
    *,
    means: EngineServices = _DEFAULT_SERVICES,
    watch: VisitListener = ignore_visits,
) -> StateAndResult:
    """Answer one turn. A model that gives no answer costs an apology; the conversation stays where it was.

    Only what cannot be undone is kept: when a tool or an action has changed something, so is the state.
    """
    state = _resume_state(flow, before.working_copy(flow.nodes), turn)
    is_switched = flow.is_multilingual and before.language not in ("", flow.language)
    if flow.is_multilingual:
        state.language = flow.language
    run = _start_run(flow, state, turn, model, today, means, watch, watcher or _NULL_LISTENER)
    summary = start_summary(state, model)
    try:
        await run.answer(is_switched=is_switched)
        if summary:
            await summary.apply(run.response_builder)
    except ModelError as error:
        return run.build_error_result(before, error)
    finally:
        if summary:
            await summary.cancel()
    return run.build_result()


async def run_timer(
    flow: CompiledFlow,
    before: DialogState,
    address: Address,
    timer: TimerKind,
    model: Model,
    today: date,
    *,
    means: EngineServices = _DEFAULT_SERVICES,
) -> StateAndResult:
    """What the node where the conversation stands says when nobody writes, or was not reached; once."""
    state = before.working_copy(flow.nodes)
    resort = _fallback_for(flow.nodes[state.node].node, timer) if state.node else None
    if resort is None:
        return before, TurnResult(node=state.node)
    turn = Turn(id=_state_digest(before), session=":".join(address.model_dump().values()), address=address)
    run = _start_run(flow, state, turn, model, today, means, ignore_visits, _NULL_LISTENER)
    run.response_builder.add_text(resort.say)
    try:
        if edge := find_edge(resort.edge, run.response_builder.node.edges):
            await run.executor.follow(edge)
            return run.build_result()
    except ModelError as error:
        return run.build_error_result(before, error)
    return state, TurnResult(
        messages=run.response_builder.build_messages(), outcome=state.outcome, node=state.node
    )


def _fallback_for(node: Node, timer: TimerKind) -> Fallback | None:
    return node.on_undelivered if timer is TimerKind.UNDELIVERED else node.timeout


def _start_run(
    flow: CompiledFlow,
    state: DialogState,
    turn: Turn,
    model: Model,
    today: date,
    means: EngineServices,
    watch: VisitListener,
    watcher: TurnListener,
) -> _TurnRun:
    is_heard = type(watcher).on_text is not TurnListener.on_text
    node = flow.nodes[state.node] if state.node else flow.initial
    voice = TextStreamer(watcher.on_text) if is_heard else NULL_STREAMER
    speaker = ResponseBuilder(flow, state, node, turn, model, today, voice, means.now)
    return _TurnRun(
        TransitionSelector(ActionRunner(speaker, turn, means, watcher), turn, model, today), watch
    )


def _resume_state(flow: CompiledFlow, state: DialogState, turn: Turn) -> DialogState:
    """The state that a new message meets: the beginning after an end, the open question after a person.

    Who only says thanks has not begun anew.
    """
    if state.outcome == "final" and flow.after_final == "restart":
        return state if is_small_talk(turn.text, flow.language) and not turn.payload else state.restarted()
    if state.outcome == "hand_off":
        if not state.pop_interrupt() and not flow.nodes[state.node].edges:
            return state.restarted()
        state.add_history_line("system", _RESUMED_NOTE)
    return state


class _TurnRun:
    """A turn at work on its own copy of the state."""

    def __init__(self, judge: TransitionSelector, watch: VisitListener) -> None:
        self.started_at = perf_counter()
        self.selector = judge
        self.response_builder = judge.response_builder
        self.flow = judge.flow
        self.state = judge.state
        self.executor = TransitionExecutor(judge, watch)

    def build_result(self) -> StateAndResult:
        """The turn as it came out."""
        outcome, state = self.executor.outcome, self.state
        state.outcome = "hand_off" if outcome == "budget" else outcome
        state.apologies, state.version = 0, self.response_builder.node.version
        if self.flow.budget and outcome != "budget":
            state.turns, state.tokens = state.turns + 1, state.tokens + self.response_builder.tokens
        for trouble in self.response_builder.issues:
            if _OVERRIDING_ISSUES.get(trouble) == outcome:
                return self._build_turn_result(trouble, self.response_builder.build_messages())
        return self._build_turn_result(outcome, self.response_builder.build_messages())

    def build_error_result(self, before: DialogState, error: ModelError) -> StateAndResult:
        """The turn without a model's answer: nothing has happened, but what cannot be undone."""
        number, sentences = before.apologies, self.response_builder.locale_messages.apologies
        message = Message(text=sentences[number % len(sentences)])
        if not self.response_builder.has_side_effects:
            self.state, self.response_builder.messages = before.working_copy(self.flow.nodes), []
            self.executor.last_edge_id = ""
        else:
            self.response_builder.add_message(message)
        self.state.apologies = number + 1
        messages = self.response_builder.build_messages() if self.response_builder.messages else (message,)
        return self._build_turn_result("error", messages, str(error)[:200])

    def _build_turn_result(
        self, outcome: str, messages: tuple[Message, ...], error: str = ""
    ) -> StateAndResult:
        speaker, passage, state = self.response_builder, self.executor, self.state
        is_for_a_person, node = outcome in _HAND_OFF_OUTCOMES, self.flow.nodes.get(state.node)
        waits = node.node.timeout if node else None
        return state, TurnResult(
            messages,
            outcome,
            state.node,
            passage.last_edge_id,
            is_for_a_person,
            speaker.model_name or self.selector.model.name,
            speaker.tokens,
            tuple(self.selector.action_runner.executed),
            " ".join(dict.fromkeys(speaker.issues)) if speaker.issues else "",
            error,
            waits.seconds if waits and outcome != "final" else None,
            _hand_off_summary(state) if is_for_a_person else "",
            perf_counter() - self.started_at,
        )

    async def answer(self, *, is_switched: bool = False) -> None:
        """The whole turn. Something is said in every case.

        `is_switched`: another language is spoken from now on; who only asked for it is asked anew in it.
        """
        if self.state.outcome == "final":
            self._answer_after_end()
            return
        if self._is_budget_exhausted():
            self.selector.match_quick_reply(is_first=False)
            self.executor.outcome, self.state.turns, self.state.tokens = "budget", 0, 0
            self.response_builder.add_message(
                Message(text=self.response_builder.locale_messages.budget_exhausted)
            )
            return
        if self._has_node_changed() or (is_switched and requested_language(self.selector.text)):
            self.selector.match_quick_reply(is_first=False)
            await self.response_builder.repeat_question()
            return
        is_first = self.state.is_new
        if is_first:
            await self.executor.enter_initial_node()
        elif self.state.outcome == "hand_off":
            self.state.offered = self.response_builder.build_quick_replies()
        self.selector.match_quick_reply(is_first=is_first)
        if not is_first or self._needs_routing():
            await self._select_and_follow(is_first=is_first)

    def _is_budget_exhausted(self) -> bool:
        """Whether the conversation has used up what its flow allows it."""
        budget, state = self.flow.budget, self.state
        return budget is not None and (
            (budget.turns is not None and state.turns >= budget.turns)
            or (budget.tokens is not None and state.tokens >= budget.tokens)
        )

    def _has_node_changed(self) -> bool:
        """Whether the node has been rewritten since its question was asked: it is asked anew."""
        state = self.state
        is_asked = not state.is_new and state.outcome != "hand_off"
        return is_asked and bool(state.version) and state.version != self.response_builder.node.version

    def _answer_after_end(self) -> None:
        """Nothing follows a final node here: say so, part in kindness, or call a person."""
        sentences = self.response_builder.locale_messages
        self.executor.outcome = "hand_off" if self.flow.after_final == "hand_off" else "final"
        if self.flow.after_final == "closed":
            text = self.response_builder.render(self.flow.closed_text) or sentences.conversation_closed
        else:
            text = sentences.hand_off if self.executor.outcome == "hand_off" else sentences.farewell
        self.response_builder.add_message(Message(text=text))

    def _needs_routing(self) -> bool:
        """Whether a session's first message says more than a greeting, which the bot's own has answered."""
        is_over = self.executor.outcome in ("final", "hand_off")
        text = self.selector.text
        is_said = bool(text or self.selector.turn.payload)
        is_about_language = self.flow.is_multilingual and bool(requested_language(text))
        return not is_over and is_said and not is_greeting(text, self.flow.language) and not is_about_language

    async def _select_and_follow(self, *, is_first: bool) -> None:
        """Find the edge that the user's message means, and take it."""
        node, state = self.response_builder.node, self.state
        state.turns_in_node += 1
        is_last_try = node.node.max_turns is not None and state.turns_in_node > node.node.max_turns
        last_resort = find_fallback_edge(node) if is_last_try else None
        offered = self.selector.available_edges()
        certain = self.selector.edge_of_quick_reply(offered)
        if certain is None and node.is_decided_by_data and not is_first:
            certain = await self.selector.select_by_data(offered)
        decision = STAY_DECISION
        if certain is None:
            decision = await self.selector.ask_model(
                offered, is_first=is_first, may_reply=last_resort is None
            )
            if self.selector.action_runner.executed:  # a tool may have opened a way
                offered = self.selector.available_edges()
        edge = certain or self.selector.failure_edge or find_edge(decision.edge_id, offered)
        question = (
            (self.selector.fill_slots(edge, decision) or self.selector.unmet_criterion_question(edge))
            if edge
            else ""
        )
        if edge and not question:
            await self.executor.follow(edge, decision)
        elif last_resort:
            await self.executor.follow(last_resort)
        elif question:
            self.response_builder.reprompt_with_reason(question)
        else:
            self._stay_at_node(decision, offered, is_first=is_first)

    def _stay_at_node(
        self, decision: TransitionDecision, offered: Sequence[CompiledEdge], *, is_first: bool
    ) -> None:
        if decision.error_message and not is_first:
            self.response_builder.reprompt_with_reason(
                f"{decision.error_message}\n\n{self.response_builder.current_question()}".strip()
            )
        elif decision.issue == "refused":
            self.response_builder.reprompt_with_reason(
                f"{self.response_builder.locale_messages.refusal} {self.response_builder.current_question()}".strip()
            )
        elif reply := decision.reply.strip():
            self.response_builder.ask(reply[:MAX_TEXT_LENGTH])
        elif is_greeting(self.selector.text, self.flow.language) and (
            question := self.response_builder.current_question()
        ):
            self.response_builder.ask(question)
        elif not is_first:
            self.response_builder.add_fallback(knows_person=any(edge.leads_to_hand_off for edge in offered))


def _state_digest(state: DialogState) -> str:
    """A name for what happens by itself, the same when it is tried again."""
    return hashlib.sha256(json.dumps(state.to_json(), sort_keys=True).encode()).hexdigest()[:32]


def _hand_off_summary(state: DialogState) -> str:
    """What has been learnt and what was said last, line by line, for the person who takes over."""
    learnt = [f"{name.replace('_', ' ')}: {value}" for name, value in state.slots.items()]
    said = [
        f"{_SPEAKER_LABELS[line['role']]}: {line['content']}".replace(
            "\n", "\n  "
        )  # nobody speaks for another
        for line in state.history[-_SUMMARY_LINES:]
        if line["role"] in _SPEAKER_LABELS
    ]
    before = [f"Before: {state.summary}"] if state.summary else []
    return "\n\n".join("\n".join(part) for part in (learnt, before, said) if part)
