"""Public interface of the dialog engine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from dataclasses import replace
from datetime import date, datetime
from itertools import count
from typing import Any, Literal, overload
from uuid import uuid4

from pydantic import JsonValue

from core.model import Address, TimerKind, Turn
from core.ports import ErrorMessages, HttpFetcher, State, TurnListener, TurnOutcome
from flows.document import Flow, FlowSet
from flows.engine.flow_runner import FlowRunner
from flows.engine.streaming import TurnStream
from flows.engine.turn_context import LoadPicture
from flows.engine.turn_result import TurnResult, VisitListener, ignore_visits
from flows.llm import Model, Moderator, require_model
from flows.state import DialogState

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
        self._runner = FlowRunner(
            flow,
            require_model(llm, api_key=api_key, base_url=base_url),
            tools=tools or (),
            fetch=fetch,
            secrets=secrets or {},
            today=today,
            now=now,
            moderator=moderator,
            load_picture=load_picture,
            watch=watch,
        )
        self._own_state = None if state is None else DialogState.from_json(state)
        self._turn_lock = asyncio.Lock()
        self._session_id, self._turn_numbers = uuid4().hex, count(1)

    @property
    def model(self) -> Model:
        """The model, or the fallbacks in their order; may be set to another one, or to a name."""
        return self._runner.model

    @model.setter
    def model(self, llm: str | Model) -> None:
        self._runner = self._runner.with_model(require_model(llm))

    @property
    def disabled_tools(self) -> tuple[str, ...]:
        """The flow's tools that are not offered, because they have no Python function here."""
        return self._runner.disabled_tools

    @property
    def flow(self) -> Flow:
        """The flow in which conversations begin."""
        return self._runner.initial_flow

    def replace_flow(self, flow: Flow | FlowSet) -> None:
        """Run this flow from the next turn on; a node that has changed asks its question again.

        Raises `ConfigurationError` and keeps the present flow.
        """
        self._runner = self._runner.with_flow(flow)

    async def answer(
        self, turn: Turn, state: State | None, *, listener: TurnListener | None = None
    ) -> TurnOutcome:
        """Answer one turn from the stored state; `None` for a session's first turn.

        `listener` receives the text while it is produced, and is called before the turn's first side effect.
        """
        before = DialogState.from_json(state)
        after, result = await self._runner.run_turn(before, turn, listener)
        return result.to_turn_outcome(after)

    async def handle_timeout(self, state: State | None, address: Address, timer: TimerKind) -> TurnOutcome:
        """Send the node's message for a user who has not written for its `timeout`, or was not reached."""
        failure = (state or {}).get("undelivered")
        after, result = await self._runner.run_timer(DialogState.from_json(state), timer, address, failure)
        return result.to_turn_outcome(after)

    def error_messages(self, turn: Turn, state: State | None) -> ErrorMessages:
        """Return the messages that replace an answer when a turn fails, in the dialog's language."""
        sentences = self._runner.find_sentences(DialogState.from_json(state), turn)
        return ErrorMessages(
            processing_failed=sentences.processing_failed,
            mailbox_overflow=sentences.mailbox_overflow,
            opted_out=sentences.opted_out,
            opted_out_of_marketing=sentences.opted_out_of_marketing,
            opted_in=sentences.opted_in,
        )

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
        if name not in self._runner.compiled:
            raise KeyError(f"there is no flow “{name}”; there are: {', '.join(self._runner.compiled)}")
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
            self._own_state, result = await self._runner.run_turn(before, turn, listener)
            return result
        finally:
            self._turn_lock.release()

    async def aclose(self) -> None:
        """Close the connections of the model, the moderator and the actions."""
        await self._runner.aclose()
