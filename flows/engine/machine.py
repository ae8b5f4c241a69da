"""The dialog engine as the rest of the house uses it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from copy import copy
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import count
from types import MappingProxyType
from typing import Any, Literal, overload
from uuid import uuid4

from pydantic import JsonValue

from core.errors import Misconfigured
from core.model.timer import Timer
from core.model.turn import Address, Turn
from core.ports.dialog import Excuses, State, Step, Watcher
from core.ports.http_fetch import Fetch
from flows import locales as wording
from flows.compiled.flow import CompiledFlow, in_every_language
from flows.document.flow import Flow
from flows.document.flow_set import FlowSet
from flows.engine.action_runner import Means
from flows.engine.language import is_answer, tongue
from flows.engine.moderation import Moderator, moderated
from flows.engine.streaming import TurnStream
from flows.engine.turn import step, timed_out
from flows.engine.turn_result import Answered, TurnResult, Watch, unwatched
from flows.llm.factory import model_from
from flows.llm.model import Model
from flows.state.dialog_state import DialogState
from flows.tools.python import python_tools

log = logging.getLogger("turngate.flows")

_FRESH = DialogState()
_MEMORY = ("slots", "variables", "results", "environment", "done", "summary", "history")
_HERE = Address(channel="local", account="", ours="", theirs="")


class DialogMachine:
    """Runs a flow.

    As a `Dialog` (`answer`) it holds nothing between turns and serves any number of sessions at once. As an
    object of one conversation (`turn`) it keeps that conversation's `state` itself.
    """

    def __init__(
        self,
        flow: Flow | FlowSet,
        llm: str | Model = "rules",
        tools: Iterable[Callable[..., Any]] | None = None,
        *,
        state: State | None = None,
        fetch: Fetch | None = None,
        secrets: Mapping[str, str] | None = None,
        api_key: str | None = None,
        base_url: str | None = None,
        today: Callable[[], date] | None = None,
        now: Callable[[], datetime] | None = None,
        moderator: Moderator | None = None,
        watch: Watch = unwatched,
    ) -> None:
        """`llm` is a model or its name; `api_key` and `base_url` go with a name.

        `tools` are Python functions that the model may call. `fetch` makes the HTTP calls of actions and
        tools; without one they fail, and the flow goes by its failure edges. `secrets` are for their
        addresses, headers and bodies alone. `now` is the clock that business hours and dates go by. `watch`
        is called for every node that is entered, also in a turn that fails afterwards. `moderator` looks at
        what is said by both sides before anybody reads it. Raises `Misconfigured`.
        """
        self.model = model_from(llm, api_key=api_key, base_url=base_url) if isinstance(llm, str) else llm
        clock = now or _now
        self._means = Means(fetch, MappingProxyType(dict(secrets or {})), python_tools(tools or ()), clock)
        self._own = None if state is None else DialogState.stored(state)
        self._today = today
        self._watch = watch
        self._moderator = moderator
        self._at_work = asyncio.Lock()
        self._name, self._turns = uuid4().hex, count(1)
        self.take_up(flow)

    def take_up(self, flow: Flow | FlowSet) -> None:
        """Run this flow from the next turn on; who was at a node that is another now is asked there anew.

        Raises `Misconfigured`, and goes on with the flow before.
        """
        flows = flow if isinstance(flow, FlowSet) else FlowSet({"": flow})
        made = {name: in_every_language(flows[name]) for name in flows}
        self._check(flow for flows in made.values() for flow in flows.values())
        self.flow, self._first = flows[flows.first], flows.first
        self._compiled: Mapping[str, Mapping[str, CompiledFlow]] = made
        self._kept = flows  # a compiled flow lives as long as its document

    def _check(self, flows: Iterable[CompiledFlow]) -> None:
        for flow in flows:
            missing = sorted(flow.secrets - set(self._means.secrets))
            if missing and self._means.fetch is not None:
                names = ", ".join(missing)
                raise Misconfigured(
                    f"the flow's actions need secrets that are not set: {names}; "
                    f"the gateway takes them from TURNGATE_SECRET_{missing[0]} and so on"
                )
            for handler in sorted(flow.handlers - set(self._means.tools)):
                log.warning("the flow's tool %s has no Python function here and is not offered", handler)

    async def answer(self, turn: Turn, state: State | None, *, watcher: Watcher | None = None) -> Step:
        """Answer one turn from the stored state; `None` for a session's first turn.

        `watcher` hears the text as it is made, and is asked before the first act that cannot be undone.
        """
        before = DialogState.stored(state)
        after, result = await self._answered(before, turn, watcher)
        return result.as_step(after)

    def _answered(self, before: DialogState, turn: Turn, watcher: Watcher | None) -> Awaitable[Answered]:
        flow = self._at(before, turn)
        today = self._day(flow)

        def answer(watcher: Watcher | None) -> Awaitable[Answered]:
            return step(flow, before, turn, self.model, today, watcher, means=self._means, watch=self._watch)

        if self._moderator is None:
            return answer(watcher)
        sentences = wording.of(flow.language)
        said = "\n".join(filter(None, (turn.text, turn.payload)))
        return moderated(self._moderator, said, before, answer, sentences=sentences, watcher=watcher)

    async def timed_out(self, state: State | None, address: Address, timer: Timer) -> Step:
        """What the node says when nobody has written for as long as its `timeout`, or was not reached."""
        before = DialogState.stored(state)
        flow = self._at(before)
        today = self._day(flow)
        after, result = await timed_out(flow, before, address, timer, self.model, today, means=self._means)
        return result.as_step(after)

    def _day(self, flow: CompiledFlow) -> date:
        """The business's day; around midnight it is another one than elsewhere."""
        if self._today:
            return self._today()
        now, zone = self._means.now(), flow.zone
        return (now if now.tzinfo is zone else now.astimezone(zone)).date()

    def excuses(self, turn: Turn, state: State | None) -> Excuses:
        """What is said in place of an answer, in the language that is spoken there."""
        sentences = wording.of(self._at(DialogState.stored(state), turn).language)
        return Excuses(gave_up=sentences.gave_up, overflow=sentences.overflow)

    def _at(self, state: DialogState, turn: Turn | None = None) -> CompiledFlow:
        """The flow that a session is in, in the language that is spoken there."""
        flows = self._compiled.get(state.flow) or self._compiled[self._first]
        own = next(iter(flows))
        if len(flows) == 1:
            return flows[own]
        if turn is None:
            return flows.get(state.language) or flows[own]
        before = state.language if state.language in flows else ""
        node = flows[before or own].nodes.get(state.node)
        may_ask = node is None or not is_answer(node, turn.text)
        return flows[tongue(flows.keys(), before, own, turn, may_ask=may_ask)]

    @property
    def state(self) -> State | None:
        """Where this machine's own conversation stands: a JSON value, to be handed in again as `state`."""
        return None if self._own is None else self._own.to_json()

    @state.setter
    def state(self, state: State | None) -> None:
        self._own = None if state is None else DialogState.stored(state)

    def another(self) -> DialogMachine:
        """A machine for another conversation: the same flow, model and tools, shared by reference."""
        made = copy(self)
        made._own, made._at_work, made._name = None, asyncio.Lock(), uuid4().hex
        return made

    @property
    def is_complete(self) -> bool:
        """Whether this machine's own conversation has reached a final node."""
        return self._own is not None and self._own.outcome == "final"

    def reset(self) -> None:
        """Forget this machine's own conversation; the next one is in the same flow of the set."""
        flow = self._own.flow if self._own else ""
        self._own = DialogState(flow=flow) if flow else None

    def assist(self, note: str) -> None:
        """Tell the model something about this machine's own conversation that the user does not see."""
        own = replace(self._own or _FRESH)
        own.remember("system", note)
        self._own = own

    def switch_flow(self, name: str, *, preserve_memory: bool = True) -> None:
        """Go on in another flow of the set, at its beginning; with or without what was said and learnt.

        Raises `KeyError` when there is no flow of that name.
        """
        if name not in self._compiled:
            raise KeyError(f"there is no flow “{name}”; there are: {', '.join(self._compiled)}")
        kept = {each: getattr(self._own or _FRESH, each) for each in _MEMORY if preserve_memory}
        self._own = DialogState(flow=name, **kept)

    async def start(self, context: Mapping[str, JsonValue] | None = None) -> TurnResult:
        """Begin this machine's own conversation anew, with the greeting alone; notes made before it stay."""
        if self._own and not self._own.is_fresh:
            self.reset()
        return await self.turn("", context)

    @overload
    async def turn(
        self,
        text: str | Turn,
        context: Mapping[str, JsonValue] | None = None,
        stream: Literal[False] = False,
    ) -> TurnResult: ...

    @overload
    async def turn(
        self, text: str | Turn, context: Mapping[str, JsonValue] | None = None, *, stream: Literal[True]
    ) -> TurnStream: ...

    async def turn(
        self, text: str | Turn, context: Mapping[str, JsonValue] | None = None, stream: bool = False
    ) -> TurnResult | TurnStream:
        """Answer one message of this machine's own conversation. A failed or cancelled turn changes nothing.

        `text` may be a whole `Turn`, for payloads and attachments. `context` is what the caller knows of the
        user, as JSON; it never stands in for what the operator has set. With `stream` the answer is an async
        iterator of chunks, the model's own words as it writes them. Raises `ValueError` for a context that
        is no JSON, or more than fits into a state.
        """
        turn = text if isinstance(text, Turn) else self._turn_of(text)
        if stream:
            return TurnStream().begin(lambda watcher: self._turn(turn, context, watcher))
        return await self._turn(turn, context, None)

    def _turn_of(self, text: str) -> Turn:
        """A message that no channel has named: its deeds are its own, whoever says the same elsewhere."""
        return Turn(id=f"{self._name}-{next(self._turns)}", session=self._name, address=_HERE, text=text)

    async def _turn(
        self, turn: Turn, context: Mapping[str, JsonValue] | None, watcher: Watcher | None
    ) -> TurnResult:
        await self._at_work.acquire()
        try:
            before = self._own or _FRESH
            if context:
                before = before.knowing(context)
            self._own, result = await self._answered(before, turn, watcher)
            return result
        finally:
            self._at_work.release()

    async def aclose(self) -> None:
        """Let go of the connections, the model's and the actions'."""
        await self.model.aclose()
        if close := getattr(self._moderator, "aclose", None):
            await close()
        if self._means.fetch is not None:
            await self._means.fetch.aclose()


def _now() -> datetime:
    return datetime.now(UTC)
