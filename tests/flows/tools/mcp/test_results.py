"""Results of a tool: content that is read, bounded or refused."""

from __future__ import annotations

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import Response

from core.ports import HttpRequest as Sent
from core.ports import HttpResponse
from flows.tools.mcp import client as mcp_client
from flows.tools.mcp.types import McpCall
from flows.tools.results import MAX_RESULT_LENGTH, mcp_result
from tests.flows.conversation import Json
from tests.flows.crm_server import Crm
from tests.flows.tools.mcp.mcp_server import HANDSHAKE, build_replies
from tests.flows.tools.mcp.shop_flow import build_flow, read_tool_result


@pytest.mark.parametrize(
    ("content", "data"),
    [
        ({"type": "text", "text": '{"left": 3}'}, {"left": 3}),
        ({"type": "text", "text": "{ah"}, "{ah"),
        ({"type": "text", "text": '["\\ud800", NaN]'}, ["?", None]),
        ({"type": "image", "data": "AAAA", "mimeType": "image/png"}, "[image]"),
        ({"type": "resource", "resource": {"uri": "shop://tea", "text": "green"}}, "green"),
    ],
)
async def test_content_without_structure_is_kept_as_text(crm: Crm, content: Json, data: object) -> None:
    crm.answers = [build_replies({"content": [content]})] * 9
    assert await read_tool_result(build_flow(crm.url), crm.host) == {"success": True, "data": data}


DEEP = "[" * 50_000


@pytest.mark.parametrize(
    "body",
    [
        "",
        "null",
        "{}",
        "[]",
        DEEP,
        '{"jsonrpc": "2.0"',
        '{"jsonrpc": "2.0", "id": 1, "result": 7}',
        "\ud800 "[1:],
    ],
)
@pytest.mark.parametrize(
    "kind", ["application/json", "text/event-stream", "text/html", "application/json; charset=x"]
)
async def test_an_unusable_answer_fails(
    crm: Crm, body: str, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    said = f"event: message\ndata: {body}\n\n" if "event" in kind else body
    crm.answers = [Response(said, headers={"content-type": kind})] * 9
    result = await read_tool_result(build_flow(crm.url), crm.host)
    assert result["success"] is False
    assert len(result["error"]) <= 200
    assert "validation error" not in result["error"]
    assert "mcp" not in {record.name.partition(".")[0] for record in caplog.records}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
BLOCKS = st.lists(
    st.fixed_dictionaries({"type": st.sampled_from(["text", "image", "x"]), "text": JSON}), max_size=3
)
RESULTS = JSON | st.fixed_dictionaries(
    {}, optional={"content": BLOCKS | JSON, "structuredContent": JSON, "isError": JSON, "_meta": JSON}
)


class RecordedServer:
    """Server without discovery, as an `HttpFetcher`; `result` is its tool's result."""

    def __init__(self, result: object) -> None:
        self.result = result

    async def fetch(self, request: Sent) -> HttpResponse:
        said = json.loads(request.body or b"{}")
        made = {"initialize": HANDSHAKE, "tools/call": self.result}.get(said["method"])
        if made is None or "id" not in said:
            return HttpResponse(status=400)
        body = json.dumps({"jsonrpc": "2.0", "id": said["id"], "result": made}).encode()
        return HttpResponse(status=200, headers={"content-type": "application/json"}, body=body)

    async def aclose(self) -> None:
        pass


@pytest.mark.long
@given(RESULTS)
def test_whatever_a_tool_comes_to_is_small_and_json(result: object) -> None:
    call = McpCall("https://shop.example/mcp", {}, "order", {}, "k", 5, "order")
    answered = asyncio.run(mcp_client.call_tool(call, RecordedServer(result)))
    kept = json.dumps(
        mcp_result(answered.data, (), success=answered.success), ensure_ascii=False, allow_nan=False
    )
    assert len(kept.encode()) <= 4 * MAX_RESULT_LENGTH


async def test_a_result_has_no_more_than_a_state_has_room_for(crm: Crm) -> None:
    rows = [{"name": "tea " * 300, "left": n} for n in range(200)]
    crm.answers = [build_replies({"content": [], "structuredContent": {"rows": rows}})] * 9
    result = await read_tool_result(build_flow(crm.url), crm.host)
    assert result["data"]["rows"][0]["left"] == 0
    assert len(json.dumps(result["data"])) <= MAX_RESULT_LENGTH
