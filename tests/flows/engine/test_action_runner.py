"""Limit of external calls in one turn."""

from __future__ import annotations

import pytest

from core.ports import HttpRequest, HttpResponse
from flows.document import Flow
from flows.engine import DialogMachine
from flows.llm import ScriptedModel, TransitionDecision
from flows.tools import ToolCallRequest
from tests.flows.conversation import Json, edge, flow, node, turn

LIMIT = 30
ERROR = "too many calls in one turn"
TOOLS: list[Json] = [
    {
        "id": "http_tool",
        "name": "h",
        "description": "H.",
        "type": "http",
        "method": "GET",
        "url": "https://x.example/tool",
    },
    {"id": "mcp_tool", "name": "m", "description": "M.", "type": "mcp", "server": "https://x.example/mcp"},
]


class CountingFetch:
    """Answers every request with an empty object."""

    def __init__(self) -> None:
        self.urls: list[str] = []

    async def fetch(self, request: HttpRequest) -> HttpResponse:
        self.urls.append(request.url)
        return HttpResponse(status=200, body=b"{}")

    async def aclose(self) -> None:
        pass


def build_flow(calls: int) -> Flow:
    """Return a flow whose first node makes that many calls on entry, and whose tools make one each."""
    action = {
        "id": "get",
        "name": "Get",
        "method": "GET",
        "url": "https://x.example/action",
        "store_response_as": "got",
    }
    trigger = {"trigger": "on_enter", "action_id": "get"}
    return flow(
        node("a", "Hello!", actions=[trigger] * calls, edges=[edge("go", "b")]),
        node("b", "The end.", is_final=True),
        actions=[action],
        tools=TOOLS,
    )


async def test_actions_beyond_the_limit_fail_without_a_call() -> None:
    fetch = CountingFetch()
    result = await DialogMachine(build_flow(LIMIT + 2), fetch=fetch).answer(turn(), None)
    assert len(fetch.urls) == LIMIT
    assert result.details["used"] == " ".join(["get"] * LIMIT + ["get!"] * 2)
    assert result.state["results"] == {"got": {"success": False, "status": 0, "error": ERROR}}
    assert result.messages[0].text == "Hello!"


@pytest.mark.parametrize("name", ["http_tool", "mcp_tool", "python_tool"])
async def test_a_tool_beyond_the_limit_fails_without_a_call(name: str) -> None:
    fetch, executed = CountingFetch(), []

    def python_tool() -> None:
        """Do something."""
        executed.append(name)

    model = ScriptedModel(
        [TransitionDecision(calls=(ToolCallRequest(name, {}),)), TransitionDecision(reply="Sorry.")]
    )
    machine = DialogMachine(build_flow(LIMIT), model, [python_tool], fetch=fetch)
    result = await machine.turn("what?")
    assert (len(fetch.urls), executed) == (LIMIT, [])
    (exchange,) = model.transition_requests[1].exchanges
    assert exchange.result == {"success": False, "status": 0, "error": ERROR}
    assert result.messages[-1].text == "Sorry."


async def test_the_last_call_within_the_limit_is_made() -> None:
    fetch = CountingFetch()
    model = ScriptedModel(
        [TransitionDecision(calls=(ToolCallRequest("http_tool", {}),)), TransitionDecision(reply="Done.")]
    )
    await DialogMachine(build_flow(LIMIT - 1), model, fetch=fetch).turn("what?")
    assert len(fetch.urls) == LIMIT
    (exchange,) = model.transition_requests[1].exchanges
    assert dict(exchange.result)["success"] is True  # type: ignore[arg-type]
