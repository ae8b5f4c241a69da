"""Public interface of the dialog engine."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import count
from types import MappingProxyType
from typing import Any, Literal, overload
from uuid import uuid4

from pydantic import JsonValue

from core.errors import ConfigurationError
from core.model import Address, TimerKind, Turn
from core.ports import ErrorMessages, HttpFetcher, State, TurnListener, TurnOutcome
from flows.compiled import CompiledFlow, compile_all_languages
from flows.document import Flow, FlowSet
from flows.engine.inbound.incoming import read_incoming
from flows.engine.inbound.language import is_language_answer, select_language
from flows.engine.language_model.moderation import moderate_turn
from flows.engine.streaming import TurnStream
from flows.engine.timer import run_timer
from flows.engine.turn import run_turn
from flows.engine.turn_context import EngineServices, LoadPicture
from flows.engine.turn_result import StateAndResult, TurnResult, VisitListener, ignore_visits
from flows.llm import Model, Moderator, require_model
from flows.locales import messages_for
from flows.state import DialogState
from flows.tools import build_python_tools

log = logging.getLogger("turngate.flows")

_INITIAL_STATE = DialogState()
_MEMORY = ("slots", "variables", "results", "environment", "done", "summary", "history")
_LOCAL_ADDRESS = Address(channel="local", account="", ours="", theirs="")


class DialogMachine:
    """Runs a flow.

    As a `Dialog` (`answer`) it is stateless and serves any number of sessions concurrently. As the object of
    one conversation (`turn`) it keeps that conversation's `state`.
    """

    def __init__(  # noqa: PLR0913 - keyword-only
        self,
        flow: Flow | FlowSet,
        llm: str | Model = "rules",
        tools: Iterable[Callable[..., Any]] | None = None,
        *,
        state: State | None = None,
        fetch: HttpFetcher | None = None,
        secrets: Mapping[str, str] | None = None,
        api_key: str | None = None,
        base_url: str | None = None,
        today: Callable[[], date] | None = None,
        now: Callable[[], datetime] | None = None,
        moderator: Moderator | None = None,
        load_picture: LoadPicture | None = None,
        watch: VisitListener = ignore_visits,
    ) -> None:
        """Create a machine for a flow.

        `llm` is a model or its name; `api_key` and `base_url` belong to a name. `tools` are Python functions
        that the model may call. `fetch` makes the HTTP calls of actions and tools; without it they fail, and
        their failure edges are followed. `secrets` are available to their URLs, headers and bodies alone.
        `now` is the clock for business hours and dates. `watch` is called for every node that is entered,
        also in a turn that fails later. `moderator` checks user and bot messages. `load_picture` downloads
        the user's pictures for a model that can see; without it, no model sees any. Raises
        `ConfigurationError`.
        """
        self._model = require_model(llm, api_key=api_key, base_url=base_url)
        clock = now or _utc_now
        self._services = EngineServices(
            fetch,
            MappingProxyType(dict(secrets or {})),
            build_python_tools(tools or ()),
            clock,
            load_picture,
        )
        self._own_state = None if state is None else DialogState.from_json(state)
        self._today = today
        self._visit_listener = watch
        self._moderator = moderator
        self._turn_lock = asyncio.Lock()
        self._session_id, self._turn_numbers = uuid4().hex, count(1)
        self.replace_flow(flow)

    @property
    def model(self) -> Model:
        """The model of the next turns; may be set to another one, or to its name."""
        return self._model

    @model.setter
    def model(self, llm: str | Model) -> None:
        self._model = require_model(llm)

    def replace_flow(self, flow: Flow | FlowSet) -> None:
        """Run this flow from the next turn on; a node that has changed asks its question again.

        Raises `ConfigurationError` and keeps the present flow.
        """
        if not isinstance(flow, Flow | FlowSet):
            raise ConfigurationError(f"a flow is required here, not {flow!r}: give Flow.load(…) of its file")
        flows = flow if isinstance(flow, FlowSet) else FlowSet({"": flow})
        compiled = {name: compile_all_languages(flows[name]) for name in flows}
        self.disabled_tools = self._validate_services(
            [flow for flows in compiled.values() for flow in flows.values()]
        )
        self.flow, self._initial_flow = flows[flows.initial_name], flows.initial_name
        self._compiled: Mapping[str, Mapping[str, CompiledFlow]] = compiled
        self._flow_set = flows  # the cache of compiled flows is bound to the life of the document

    def _validate_services(self, flows: Sequence[CompiledFlow]) -> tuple[str, ...]:
        """Return the tools that are not offered, as they have no function. Raises `ConfigurationError`."""
        for flow in flows:
            missing = sorted(flow.secret_names - set(self._services.secrets))
            if missing and self._services.fetch is not None:
                names = ", ".join(missing)
                raise ConfigurationError(
                    f"the flow's actions need secrets that are not set: {names}; "
                    f"set them as TURNGATE_SECRET_{missing[0]} and so on"
                )
        handlers = {handler for flow in flows for handler in flow.handler_ids}
        disabled = tuple(sorted(handlers - set(self._services.tools)))
        for handler in disabled:
            log.warning("the flow's tool %s is disabled: it has no Python function here", handler)
        return disabled

    async def answer(
        self, turn: Turn, state: State | None, *, listener: TurnListener | None = None
    ) -> TurnOutcome:
        """Answer one turn from the stored state; `None` for a session's first turn.

        `listener` receives the text while it is produced, and is called before the turn's first side effect.
        """
        before = DialogState.from_json(state)
        after, result = await self._run_turn(before, turn, listener)
        return result.to_turn_outcome(after)

    def _run_turn(
        self, before: DialogState, turn: Turn, listener: TurnListener | None
    ) -> Awaitable[StateAndResult]:
        turn = read_incoming(turn, before)
        flow = self._select_flow(before, turn)
        today = self._business_date(flow)

        def answer(listener: TurnListener | None) -> Awaitable[StateAndResult]:
            return run_turn(
                flow,
                before,
                turn,
                model=self.model,
                today=today,
                services=self._services,
                listener=listener,
                on_visit=self._visit_listener,
            )

        if self._moderator is None:
            return answer(listener)
        sentences = messages_for(flow.language)
        text = "\n".join(filter(None, (turn.text, turn.payload)))
        return moderate_turn(self._moderator, text, before, answer, sentences=sentences, listener=listener)

    async def handle_timeout(self, state: State | None, address: Address, timer: TimerKind) -> TurnOutcome:
        """Send the node's message for a user who has not written for its `timeout`, or was not reached."""
        before = DialogState.from_json(state)
        if failure := (state or {}).get("undelivered"):
            before = replace(before, variables={**before.variables, "undelivered": failure})
        flow = self._select_flow(before)
        today = self._business_date(flow)
        after, result = await run_timer(
            flow,
            before,
            timer,
            address=address,
            model=self.model,
            today=today,
            services=self._services,
        )
        return result.to_turn_outcome(after)

    def _business_date(self, flow: CompiledFlow) -> date:
        """Return the date in the business's time zone."""
        if self._today:
            return self._today()
        now, zone = self._services.now(), flow.time_zone
        return (now if now.tzinfo is zone else now.astimezone(zone)).date()

    def error_messages(self, turn: Turn, state: State | None) -> ErrorMessages:
        """Return the messages that replace an answer when a turn fails, in the dialog's language."""
        sentences = messages_for(self._select_flow(DialogState.from_json(state), turn).language)
        return ErrorMessages(
            processing_failed=sentences.processing_failed,
            mailbox_overflow=sentences.mailbox_overflow,
            opted_out=sentences.opted_out,
            opted_out_of_marketing=sentences.opted_out_of_marketing,
            opted_in=sentences.opted_in,
        )

    def _select_flow(self, state: DialogState, turn: Turn | None = None) -> CompiledFlow:
        """Return the session's flow in the language of the dialog."""
        flows = self._compiled.get(state.flow) or self._compiled[self._initial_flow]
        own = next(iter(flows))
        if len(flows) == 1:
            return flows[own]
        if turn is None:
            return flows.get(state.language) or flows[own]
        before = state.language if state.language in flows else ""
        node = flows[before or own].nodes.get(state.node)
        may_ask = node is None or not is_language_answer(node, turn.text)
        return flows[select_language(flows.keys(), before, own, turn, may_ask=may_ask)]

    @property
    def state(self) -> State | None:
        """State of this machine's conversation: a JSON value that can be passed as `state`."""
        return None if self._own_state is None else self._own_state.to_json()

    @state.setter
    def state(self, state: State | None) -> None:
        self._own_state = None if state is None else DialogState.from_json(state)

    def clone(self) -> DialogMachine:
        """Return a machine for another conversation that shares the flow, the model and the tools."""
        clone = copy(self)
        clone._own_state, clone._turn_lock, clone._session_id = None, asyncio.Lock(), uuid4().hex
        return clone

    @property
    def is_complete(self) -> bool:
        """True if this machine's conversation has reached a final node."""
        return self._own_state is not None and self._own_state.outcome == "final"

    def reset(self) -> None:
        """Discard this machine's conversation; the next one is in the same flow of the set."""
        flow = self._own_state.flow if self._own_state else ""
        self._own_state = DialogState(flow=flow) if flow else None

    def assist(self, note: str) -> None:
        """Add a note for the model to this machine's conversation; the user does not see it."""
        own = replace(self._own_state or _INITIAL_STATE)
        own.add_history_line("system", note)
        self._own_state = own

    def switch_flow(self, name: str, *, preserve_memory: bool = True) -> None:
        """Continue in another flow of the set, at its beginning; with or without history and values.

        Raises `KeyError` when there is no flow of that name.
        """
        if name not in self._compiled:
            raise KeyError(f"there is no flow “{name}”; there are: {', '.join(self._compiled)}")
        memory = {
            each: getattr(self._own_state or _INITIAL_STATE, each) for each in _MEMORY if preserve_memory
        }
        self._own_state = DialogState(flow=name, **memory)

    async def start(self, context: Mapping[str, JsonValue] | None = None) -> TurnResult:
        """Restart this machine's conversation with the greeting alone; notes added before it stay."""
        if self._own_state and not self._own_state.is_new:
            self.reset()
        return await self.turn("", context)

    @overload
    async def turn(
        self,
        text: str | Turn,
        context: Mapping[str, JsonValue] | None = None,
        stream: Literal[False] = False,  # noqa: FBT002 - the public signature, as superdialog has it
    ) -> TurnResult: ...

    @overload
    async def turn(
        self, text: str | Turn, context: Mapping[str, JsonValue] | None = None, *, stream: Literal[True]
    ) -> TurnStream: ...

    async def turn(
        self,
        text: str | Turn,
        context: Mapping[str, JsonValue] | None = None,
        stream: bool = False,  # noqa: FBT001, FBT002 - the public signature, as superdialog has it
    ) -> TurnResult | TurnStream:
        """Answer one message of this machine's conversation. A failed or cancelled turn changes nothing.

        `text` may be a `Turn`, for payloads and attachments. `context` is what the caller knows about the
        user, as JSON; it never overrides the operator's environment. With `stream` the answer is an async
        iterator of chunks, which the model's text reaches while it is written. Raises `ValueError` for a
        context that is not JSON or exceeds the limit.
        """
        turn = text if isinstance(text, Turn) else self._build_turn(text)
        if stream:
            return TurnStream().start(lambda listener: self._run_own_turn(turn, context, listener))
        return await self._run_own_turn(turn, context, None)

    def _build_turn(self, text: str) -> Turn:
        """Return a turn with an id that is unique to this machine, so that idempotency keys are as well."""
        return Turn(
            id=f"{self._session_id}-{next(self._turn_numbers)}",
            session=self._session_id,
            address=_LOCAL_ADDRESS,
            text=text,
        )

    async def _run_own_turn(
        self, turn: Turn, context: Mapping[str, JsonValue] | None, listener: TurnListener | None
    ) -> TurnResult:
        await self._turn_lock.acquire()
        try:
            before = self._own_state or _INITIAL_STATE
            if context:
                before = before.with_context(context)
            self._own_state, result = await self._run_turn(before, turn, listener)
            return result
        finally:
            self._turn_lock.release()

    async def aclose(self) -> None:
        """Close the connections of the model, the moderator and the actions."""
        await self.model.aclose()
        if close := getattr(self._moderator, "aclose", None):
            await close()
        if self._services.fetch is not None:
            await self._services.fetch.aclose()


def _utc_now() -> datetime:
    return datetime.now(UTC)
