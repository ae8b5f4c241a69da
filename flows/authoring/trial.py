"""Trial turns of a flow: nothing is called or sent, and each answer comes with an explanation."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from core.model import Address, Turn
from core.ports import FetchError, HttpRequest, HttpResponse, State
from flows.compiled import compile_flow
from flows.document import Flow
from flows.engine import DialogMachine, NodeVisit
from flows.llm import (
    GeneratedReply,
    Model,
    ReplyRequest,
    SummaryRequest,
    TransitionDecision,
    TransitionRequest,
)
from flows.llm.rules import explain_edge
from flows.text import unescape_commonmark

_ADDRESS = Address(channel="test", account="", ours="", theirs="")


class TrialStep(NamedTuple):
    """A node that was entered: from where, by which edge, on what condition, and why it was chosen."""

    source: str
    edge: str
    node: str
    condition: str = ""
    reason: str = ""


class TrialTurn(NamedTuple):
    """Report of a turn: its text, the visited nodes and the usage. `calls` are those that were not made."""

    state: State
    messages: tuple[str, ...]
    choices: tuple[str, ...]
    outcome: str
    node: str
    steps: tuple[TrialStep, ...]
    slots: Mapping[str, Any]
    model: str
    model_calls: int
    tokens: int
    calls: tuple[str, ...]
    issue: str
    milliseconds: int


async def run_trial_turn(
    flow: Flow, model: Model, state: State | None, text: str, *, calls_succeed: bool = False
) -> TrialTurn:
    """Run a turn from a stored state; an empty text is the start, with the greeting.

    Actions and tools make no calls: they fail or, with `calls_succeed`, have an empty result.
    """
    watched, fetch = _WatchedModel(model), _NoFetch(succeeds=calls_succeed)
    visits: list[NodeVisit] = []
    machine = DialogMachine(
        flow,
        watched,
        state=state,
        fetch=fetch,
        secrets=dict.fromkeys(compile_flow(flow).secret_names, "a-secret"),
        watch=visits.append,
    )
    began = time.perf_counter()
    turn = Turn(id=f"trial-{datetime.now(UTC).timestamp()}", session="trial", address=_ADDRESS, text=text)
    result = await machine.turn(turn)
    after = machine.state or {}
    slots = after.get("slots")
    return TrialTurn(
        after,
        tuple(unescape_commonmark(each.text) for each in result.messages if each.text),
        tuple(choice.label for each in result.messages for choice in each.choices),
        result.outcome,
        result.node,
        tuple(_describe_visit(flow, visit, watched) for visit in visits),
        slots if isinstance(slots, dict) else {},
        result.model,
        watched.calls,
        result.tokens,
        tuple(dict.fromkeys(fetch.calls)),
        result.issue or result.error,
        int((time.perf_counter() - began) * 1000),
    )


def _describe_visit(flow: Flow, visit: NodeVisit, model: _WatchedModel) -> TrialStep:
    own = next((node.edges for node in flow.nodes if node.id == visit.source_id), ())
    edge = next((each for each in (*own, *flow.global_edges) if each.id == visit.edge_id), None)
    if edge is None:
        return TrialStep(visit.source_id, visit.edge_id, visit.node_id)
    source = next((node for node in flow.nodes if node.id == visit.source_id), None)
    reason = model.reasons.get(edge.id, "")
    if not reason and edge.guard:
        reason = "its guard is true"
    elif not reason and edge.is_fallback:
        reason = "nothing else was left"
    elif not reason:
        reason = "the message names a choice" if source and source.choices else "the data decides it"
    return TrialStep(visit.source_id, edge.id, visit.node_id, edge.condition, reason)


class _NoFetch:
    """`HttpFetcher` that sends nothing and keeps what would have been sent, without its address."""

    def __init__(self, *, succeeds: bool) -> None:
        self._succeeds = succeeds
        self.calls: list[str] = []

    async def fetch(self, request: HttpRequest) -> HttpResponse:
        """Return an empty answer. Raises `FetchError` if calls are to fail."""
        self.calls.append(f"{request.method} {request.label}".strip())
        if not self._succeeds:
            raise FetchError("nothing is called here", sent=False)
        return HttpResponse(status=200, body=b"{}")

    async def aclose(self) -> None:
        """Do nothing: there are no connections."""


class _WatchedModel:
    """`Model` that counts the requests to another one, and keeps why edges were chosen."""

    def __init__(self, model: Model) -> None:
        self._model, self.name = model, model.name
        self.calls = 0
        self.reasons: dict[str, str] = {}

    async def decide(self, question: TransitionRequest) -> TransitionDecision:
        """Return the model's decision. Raises `ModelError`."""
        self.calls += self._model.name != "rules"
        decision = await self._model.decide(question)
        for name in (decision.edge_id, *decision.also):
            edge = next((each for each in question.available_edges if each.id == name), None)
            if edge is not None and decision.model == "rules":
                self.reasons[name] = explain_edge(edge, question)
            elif edge is not None:
                self.reasons[name] = f"{decision.model or self.name} chose it"
        return decision

    async def generate_reply(self, request: ReplyRequest) -> GeneratedReply:
        """Return the model's text. Raises `ModelError`."""
        self.calls += self._model.name != "rules"
        return await self._model.generate_reply(request)

    async def summarize(self, request: SummaryRequest) -> GeneratedReply:
        """Return the model's summary. Raises `ModelError`."""
        self.calls += self._model.name != "rules"
        return await self._model.summarize(request)

    async def aclose(self) -> None:
        """Leave the model open: it is shared."""
