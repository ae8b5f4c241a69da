"""A flow with one tool of an MCP server, and what its model receives."""

from __future__ import annotations

from typing import Any

from flows.document import Flow
from flows.engine import DialogMachine
from flows.llm import ScriptedModel, TransitionDecision
from flows.tools import ToolCallRequest
from gateway.http.ssrf_guard import SafeFetch
from tests.flows.conversation import Json, edge, flow, node

END = node("end", "The end.", is_final=True)
SCHEMA = {"type": "object", "properties": {"item": {"type": "string"}}, "required": ["item"]}


def build_flow(server: str | None, name: str = "order", **more: Any) -> Flow:
    tool = {
        "id": name,
        "name": name,
        "description": f"To {name}.",
        "type": "mcp",
        "server": server,
        "input_schema": SCHEMA,
        **more,
    }
    first = node("a", "Hello!", edges=[edge("go", "end")])
    return flow(first, END, global_edges=[edge("gone", "end")], tools=[tool])


async def read_tool_result(flow: Flow, host: str, *, name: str = "order", **more: Any) -> Json:
    """Return the tool result that the model receives for the flow's only tool."""
    script = ScriptedModel(
        [
            TransitionDecision(calls=(ToolCallRequest(name, {"item": "tea"}),)),
            TransitionDecision(reply="So be it."),
        ]
    )
    machine = DialogMachine(flow, script, fetch=SafeFetch([host]), **more)
    await machine.start()
    answer = await machine.turn("please")
    await machine.aclose()
    assert answer.text == "So be it."
    (exchange,) = script.transition_requests[1].exchanges
    assert answer.tools == (name if dict(exchange.result)["success"] else f"{name}!",)  # type: ignore[arg-type]
    return dict(exchange.result)  # type: ignore[arg-type]
