"""Runs turns and timers of a flow, or of a set of flows, from a given state; keeps no state of a session."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any, Self

from pydantic import JsonValue

from core.errors import ConfigurationError
from core.model import Address, TimerKind, Turn
from core.ports import HttpFetcher, TurnListener
from flows.compiled import CompiledFlow, compile_all_languages
from flows.document import Flow, FlowSet
from flows.engine.inbound.incoming import read_incoming
from flows.engine.inbound.language import is_language_answer, select_language
from flows.engine.language_model.moderation import moderate_turn
from flows.engine.timer import run_timer
from flows.engine.turn import run_turn
from flows.engine.turn_context import EngineServices, LoadPicture
from flows.engine.turn_result import StateAndResult, VisitListener
from flows.llm import Model, Moderator
from flows.locales import LocaleMessages, messages_for
from flows.state import DialogState
from flows.tools import build_python_tools

log = logging.getLogger("turngate.flows")


class FlowRunner:
    """Runs the flow that a state is in, in the language of its dialog."""

    def __init__(  # noqa: PLR0913 - keyword-only
        self,
        flow: Flow | FlowSet,
        model: Model,
        *,
        tools: Iterable[Callable[..., Any]],
        fetch: HttpFetcher | None,
        secrets: Mapping[str, str],
        today: Callable[[], date] | None,
        now: Callable[[], datetime] | None,
        moderator: Moderator | None,
        load_picture: LoadPicture | None,
        watch: VisitListener,
    ) -> None:
        """Create a runner; the arguments are those of `DialogMachine`. Raises `ConfigurationError`."""
        self.model, self._moderator = model, moderator
        clock = now or _utc_now
        self.services = EngineServices(
            fetch, MappingProxyType(dict(secrets)), build_python_tools(tools), clock, load_picture
        )
        self._today = today
        self._visit_listener = watch
        self._load(flow)

    def with_flow(self, flow: Flow | FlowSet) -> Self:
        """Return a runner of this flow that shares all else. Raises `ConfigurationError`."""
        runner = copy(self)
        runner._load(flow)
        return runner

    def with_model(self, model: Model) -> Self:
        """Return a runner with this model that shares all else."""
        runner = copy(self)
        runner.model = model
        return runner

    def _load(self, flow: Flow | FlowSet) -> None:
        if not isinstance(flow, Flow | FlowSet):
            raise ConfigurationError(f"a flow is required here, not {flow!r}: give Flow.load(…) of its file")
        # kept, because the cache of compiled flows is bound to the life of the documents
        self._flows = flow if isinstance(flow, FlowSet) else FlowSet({"": flow})
        self.compiled: Mapping[str, Mapping[str, CompiledFlow]] = {
            name: compile_all_languages(self._flows[name]) for name in self._flows
        }
        self.disabled_tools = self._validate_services(
            [each for flows in self.compiled.values() for each in flows.values()]
        )

    @property
    def initial_flow(self) -> Flow:
        """The flow in which conversations begin."""
        return self._flows[self._flows.initial_name]

    def _validate_services(self, flows: Sequence[CompiledFlow]) -> tuple[str, ...]:
        """Return the tools that are not offered, as they have no function. Raises `ConfigurationError`."""
        for flow in flows:
            missing = sorted(flow.secret_names - set(self.services.secrets))
            if missing and self.services.fetch is not None:
                names = ", ".join(missing)
                raise ConfigurationError(
                    f"the flow's actions need secrets that are not set: {names}; "
                    f"set them as TURNGATE_SECRET_{missing[0]} and so on"
                )
        handlers = {handler for flow in flows for handler in flow.handler_ids}
        disabled = tuple(sorted(handlers - set(self.services.tools)))
        for handler in disabled:
            log.warning("the flow's tool %s is disabled: it has no Python function here", handler)
        return disabled

    def run_turn(
        self, before: DialogState, turn: Turn, listener: TurnListener | None
    ) -> Awaitable[StateAndResult]:
        """Run one turn; the caller awaits the new state and the result."""
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
                services=self.services,
                listener=listener,
                on_visit=self._visit_listener,
            )

        if self._moderator is None:
            return answer(listener)
        sentences = messages_for(flow.language)
        text = "\n".join(filter(None, (turn.text, turn.payload)))
        return moderate_turn(self._moderator, text, before, answer, sentences=sentences, listener=listener)

    async def run_timer(
        self, before: DialogState, timer: TimerKind, address: Address, failure: JsonValue = None
    ) -> StateAndResult:
        """Run a timer of the node; `failure` is the report of a message that was not delivered."""
        if failure:
            before = replace(before, variables={**before.variables, "undelivered": failure})
        flow = self._select_flow(before)
        return await run_timer(
            flow,
            before,
            timer,
            address=address,
            model=self.model,
            today=self._business_date(flow),
            services=self.services,
        )

    def find_sentences(self, state: DialogState, turn: Turn) -> LocaleMessages:
        """Return the built-in sentences in the dialog's language."""
        return messages_for(self._select_flow(state, turn).language)

    async def aclose(self) -> None:
        """Close the connections of the model, the moderator and the actions."""
        await self.model.aclose()
        if close := getattr(self._moderator, "aclose", None):
            await close()
        if self.services.fetch is not None:
            await self.services.fetch.aclose()

    def _business_date(self, flow: CompiledFlow) -> date:
        """Return the date in the business's time zone."""
        if self._today:
            return self._today()
        now, zone = self.services.now(), flow.time_zone
        return (now if now.tzinfo is zone else now.astimezone(zone)).date()

    def _select_flow(self, state: DialogState, turn: Turn | None = None) -> CompiledFlow:
        """Return the session's flow in the language of the dialog."""
        flows = self.compiled.get(state.flow) or self.compiled[self._flows.initial_name]
        own = next(iter(flows))
        if len(flows) == 1:
            return flows[own]
        if turn is None:
            return flows.get(state.language) or flows[own]
        before = state.language if state.language in flows else ""
        node = flows[before or own].nodes.get(state.node)
        may_ask = node is None or not is_language_answer(node, turn.text)
        return flows[select_language(flows.keys(), before, own, turn, may_ask=may_ask)]


def _utc_now() -> datetime:
    return datetime.now(UTC)
