"""A flow that looks orders up in a CRM, and its conversations."""

from __future__ import annotations

from typing import Any

from core.ports import State, TurnListener, TurnOutcome
from flows.document import Flow
from flows.engine import DialogMachine
from flows.llm import ScriptedModel, TransitionDecision
from gateway.http.ssrf_guard import SafeFetch
from tests.flows.conversation import TODAY, Json, edge, flow, input_schema, node, turn
from tests.flows.crm_server import Crm

END = node("end", "The end.", is_final=True)


FAILED = node("failed", "I cannot look that up just now.", is_final=True)


WANTS = edge(
    "given", "look", input_schema=input_schema(order={"type": "string", "description": "the number"})
)


class Session:
    """One conversation through the port, as a worker has it."""

    def __init__(
        self, flow: Flow, crm: Crm | None, *decisions: TransitionDecision | Exception, **more: Any
    ) -> None:
        speeches = more.pop("speeches", ())
        self.script = ScriptedModel(decisions, speeches)
        fetch = SafeFetch([crm.host]) if crm else None
        self.machine = DialogMachine(flow, self.script, fetch=fetch, today=lambda: TODAY, **more)
        self.state: State | None = None
        self.number = 0

    async def say(
        self, text: str, *, again: bool = False, listener: TurnListener | None = None
    ) -> TurnOutcome:
        self.number += 0 if again else 1
        said = turn(text).model_copy(update={"id": f"m{self.number}"})
        step = await self.machine.answer(said, self.state, listener=listener)
        self.state = step.state
        return step

    def result(self, name: str) -> Any:
        assert self.state is not None
        return dict(self.state["results"])[name]  # type: ignore[arg-type]


Made = list[Session]


def build_action(url: str, **more: Any) -> Json:
    return {
        "id": "look_up",
        "name": "Look up",
        "method": "GET",
        "url": url,
        "store_response_as": "found",
        **more,
    }


def build_lookup_node(*, on_failure: str | None = "gone", **more: Any) -> Json:
    trigger = {"trigger": "on_enter", "action_id": "look_up", "on_failure": on_failure}
    return node(
        "look",
        "It is {{ found.data.status }}.",
        actions=[trigger],
        edges=[edge("on", "end"), edge("gone", "failed")],
        **more,
    )


def build_flow(call: Json, **more: Any) -> Flow:
    return flow(
        node("a", "Which order?", edges=[WANTS]), build_lookup_node(), END, FAILED, actions=[call], **more
    )


def script_order(order: str = "HL 1/2?x=3#&") -> TransitionDecision:
    return TransitionDecision(edge_id="given", slots={"order": order})


class CountingListener(TurnListener):
    """Counts how often it was asked before a side effect, and may forbid it."""

    def __init__(self, *, forbid: bool = False) -> None:
        self.count = 0
        self.forbid = forbid

    async def on_side_effect(self) -> None:
        self.count += 1
        if self.forbid:
            raise RuntimeError("not now")
