"""Tools of an MCP server: the SDK's own server, real HTTP on loopback, the guarded client."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import AsyncIterator

import pytest
from starlette.responses import Response

from core.errors import ConfigurationError
from flows.document import Flow
from flows.document.validation import MCP_NOT_INSTALLED
from flows.engine import DialogMachine
from flows.llm import ScriptedModel, TransitionDecision
from flows.tools import ToolCallRequest, failure_result
from flows.tools.mcp import client as mcp_client
from flows.tools.results import REDACTED
from gateway.http.ssrf_guard import SafeFetch
from tests.flows.conversation import turn
from tests.flows.crm_server import Crm
from tests.flows.tools.http.order_lookup import CountingListener
from tests.flows.tools.mcp.mcp_server import Shop, build_replies
from tests.flows.tools.mcp.shop_flow import SCHEMA, build_flow, read_tool_result


@pytest.fixture(params=["now", "old", "old and plain"])
async def shop(request: pytest.FixtureRequest) -> AsyncIterator[Shop]:
    kind = request.param
    async with Shop(is_old=kind != "now", is_json=kind == "old and plain").running() as running:
        yield running


async def test_a_tool_is_offered_as_the_document_has_it_and_run_by_its_server(shop: Shop) -> None:
    script = ScriptedModel(
        [
            TransitionDecision(calls=(ToolCallRequest("order", {"item": "tea", "count": 2}),)),
            TransitionDecision(reply="Done."),
        ]
    )
    machine = DialogMachine(build_flow(shop.url), script, fetch=SafeFetch([shop.host]))
    await machine.start()
    answer = await machine.turn("two teas")
    assert (answer.text, answer.tools) == ("Done.", ("order",))
    (offer,) = script.transition_requests[0].tools
    assert (offer.name, offer.description, offer.parameters) == ("order", "To order.", SCHEMA)
    assert script.transition_requests[1].exchanges[0].result == {
        "success": True,
        "data": {"result": "2 x tea"},
    }
    assert machine.state is not None
    await machine.aclose()


async def test_a_server_knows_its_tool_by_the_name_and_the_model_by_the_id(shop: Shop) -> None:
    made = build_flow(shop.url, id="buy")
    assert (await read_tool_result(made, shop.host, name="buy"))["success"] is True


async def test_the_same_call_has_the_same_idempotency_key_in_a_retried_turn(shop: Shop) -> None:
    for _ in range(2):
        script = ScriptedModel(
            [
                TransitionDecision(calls=(ToolCallRequest("order", {"item": "tea"}),)),
                TransitionDecision(reply="Done."),
            ]
        )
        machine = DialogMachine(build_flow(shop.url), script, fetch=SafeFetch([shop.host]))
        begun = await machine.answer(turn("hi").model_copy(update={"id": "m0"}), None)
        await machine.answer(turn("tea"), begun.state)
        await machine.aclose()
    first, second = shop.keys
    assert first == second
    assert len(first) == 32


async def test_a_header_may_hold_any_letters(shop: Shop) -> None:
    made = build_flow(shop.url, headers={"X-Name": "José 日本"})
    assert (await read_tool_result(made, shop.host))["success"] is True
    assert {headers["x-name"] for _, headers in shop.requests} == {"José 日本"}


async def test_no_value_leads_to_another_server(shop: Shop) -> None:
    made = build_flow(f"{shop.url}/{{{{ slots.shop }}}}")
    assert await read_tool_result(made, shop.host) == failure_result("a value is missing in the URL")
    assert shop.requests == []


async def test_a_call_that_its_schema_forbids_is_not_made(shop: Shop) -> None:
    strict = {**SCHEMA, "properties": {"item": {"enum": ["mug"]}}}
    result = await read_tool_result(build_flow(shop.url, input_schema=strict), shop.host)
    assert result == failure_result("not as the schema requires: item")
    assert shop.requests == []


@pytest.mark.long
async def test_no_session_is_left_on_a_server_that_keeps_them(shop: Shop) -> None:
    await read_tool_result(build_flow(shop.url), shop.host)
    methods = [method for method, _ in shop.requests]
    assert "GET" not in methods
    made = {headers["mcp-session-id"] for _, headers in shop.requests if "mcp-session-id" in headers}
    assert len(made) == methods.count("DELETE") <= 1


async def test_a_tools_error_reaches_the_model(shop: Shop) -> None:
    result = await read_tool_result(build_flow(shop.url, "sell"), shop.host, name="sell")
    assert result["success"] is False
    assert "we are out of tea" in result["error"]


async def test_a_tool_that_the_server_does_not_have_fails(shop: Shop) -> None:
    result = await read_tool_result(build_flow(shop.url, "fly"), shop.host, name="fly")
    assert result == {"success": False, "status": 0, "error": "Unknown tool: fly"}


async def test_arguments_that_the_server_does_not_take_fail(shop: Shop) -> None:
    result = await read_tool_result(build_flow(shop.url, "parrot"), shop.host, name="parrot")
    assert "words" in result["error"]


async def test_structured_content_is_kept_as_it_is(shop: Shop) -> None:
    result = await read_tool_result(build_flow(shop.url, "stock"), shop.host, name="stock")
    assert result == {"success": True, "data": {"tea": 3}}


async def test_an_answer_that_is_too_long_is_refused(shop: Shop) -> None:
    result = await read_tool_result(build_flow(shop.url, "catalogue"), shop.host, name="catalogue")
    assert result["error"] == "the answer is larger than 262144 bytes"


@pytest.mark.long
async def test_a_server_that_does_not_answer_is_given_up(shop: Shop) -> None:
    result = await read_tool_result(build_flow(shop.url, "ponder", timeout=1), shop.host, name="ponder")
    assert result["error"] == "no answer within 1 seconds"


async def test_the_listener_is_called_before_the_server(shop: Shop) -> None:
    script = ScriptedModel([TransitionDecision(calls=(ToolCallRequest("order", {"item": "tea"}),))] * 2)
    machine = DialogMachine(build_flow(shop.url), script, fetch=SafeFetch([shop.host]))
    begun = await machine.answer(turn("hi"), None)
    with pytest.raises(RuntimeError):
        await machine.answer(turn("tea"), begun.state, listener=(asked := CountingListener(forbid=True)))
    assert (asked.count, shop.requests) == (1, [])
    await machine.aclose()


async def test_a_private_address_is_refused() -> None:
    async with Shop().running() as shop:
        result = await read_tool_result(build_flow(shop.url), "another.example")
    assert str(result["error"]).startswith("the address is not a public one")
    assert shop.requests == []


async def test_a_server_that_is_down_leads_to_the_failure_edge() -> None:
    async with Shop().running() as shop:
        pass
    script = ScriptedModel([TransitionDecision(calls=(ToolCallRequest("order", {"item": "tea"}),))])
    made = build_flow(shop.url, on_failure="gone")
    machine = DialogMachine(made, script, fetch=SafeFetch([shop.host]))
    await machine.start()
    answer = await machine.turn("please")
    assert (answer.edge, answer.text, answer.tools) == ("gone", "The end.", ("order!",))
    await machine.aclose()


async def test_a_secret_reaches_the_server_alone(crm: Crm, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "turngate")
    made = build_flow(
        f"{crm.url}/{{{{ secrets.PATH }}}}", headers={"Authorization": "Bearer {{ secrets.TOKEN }}"}
    )
    crm.answers = [
        build_replies({"content": [{"type": "text", "text": "for tk-very-secret"}], "isError": True})
    ] * 9
    secrets = {"PATH": "deep path", "TOKEN": "tk-very-secret"}
    result = await read_tool_result(made, crm.host, secrets=secrets)
    assert {request.headers["authorization"] for request in crm.requests} == {"Bearer tk-very-secret"}
    assert {request.scope["raw_path"] for request in crm.requests} == {b"/deep%20path"}
    assert "idempotency-key" not in crm.requests[0].headers
    assert result["error"] == f"for {REDACTED}"
    assert "tk-very-secret" not in caplog.text


def test_a_secret_that_is_not_set_stops_the_start() -> None:
    with pytest.raises(ConfigurationError, match="TURNGATE_SECRET_SHOP"):
        DialogMachine(build_flow("{{ secrets.SHOP }}"), "rules", fetch=SafeFetch())


@pytest.mark.parametrize("status", [401, 404, 500])
async def test_a_server_that_turns_us_down_is_named_with_its_status(crm: Crm, status: int) -> None:
    crm.answers = [Response(status_code=status)] * 9
    result = await read_tool_result(build_flow(crm.url), crm.host)
    assert result["success"] is False
    assert f"HTTP {status}" in result["error"]


@pytest.mark.long
async def test_a_server_that_asks_back_without_end_is_given_up(crm: Crm) -> None:
    pings = "".join(
        f'event: message\ndata: {{"jsonrpc": "2.0", "id": {n}, "method": "ping"}}\n\n' for n in range(500)
    )
    crm.answers = [Response(pings, media_type="text/event-stream")] * 999
    result = await read_tool_result(build_flow(crm.url), crm.host)
    assert result["success"] is False
    assert len(crm.requests) <= mcp_client.MAX_REQUESTS_PER_CALL


async def test_a_server_that_says_come_back_later_is_not_waited_for(crm: Crm) -> None:
    later = "id: 1\nretry: 10\nevent: message\ndata: \n\n"
    crm.answers = [Response(later, media_type="text/event-stream")] * 99
    result = await read_tool_result(build_flow(crm.url, timeout=5), crm.host)
    assert result["success"] is False
    assert {request.method for request in crm.requests} == {"POST"}


async def list_offered_tools(flow: Flow) -> list[str]:
    script = ScriptedModel([TransitionDecision(reply="Yes.")])
    machine = DialogMachine(flow, script, fetch=SafeFetch())
    await machine.start()
    await machine.turn("tea?")
    await machine.aclose()
    return [offer.name for offer in script.transition_requests[0].tools]


@pytest.mark.parametrize("server", [None, "", "shop.example", "file:///etc/passwd"])
async def test_a_tool_without_an_address_is_warned_of_and_not_offered(
    server: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    made = build_flow(server)
    (warning,) = made.warnings
    assert (warning.path, "address of an MCP server" in warning.message) == ("tools[0]", True)
    assert await list_offered_tools(made) == []
    assert warning.message in caplog.text


async def test_without_the_extra_a_tool_is_warned_of_and_not_offered(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    made = build_flow("https://shop.example/mcp")
    assert (made.warnings, await list_offered_tools(made)) == ((), ["order"])
    monkeypatch.setitem(sys.modules, "mcp", None)
    made = build_flow("https://shop.example/mcp")
    assert [warning.message for warning in made.warnings] == [MCP_NOT_INSTALLED]
    assert await list_offered_tools(made) == []
    assert "pip install turngate[mcp]" in caplog.text


async def test_an_address_that_comes_to_nothing_is_not_called() -> None:
    result = await read_tool_result(build_flow("{{ nowhere }}"), "x.example")
    assert result["error"] == "the URL is not complete"


@pytest.mark.long
def test_the_mcp_package_is_imported_only_when_it_is_used() -> None:
    code = "import sys, flows.engine.machine, gateway.worker; sys.exit('mcp' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
