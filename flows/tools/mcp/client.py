"""One call of a tool on a server that speaks the Model Context Protocol, over the guarded `Fetch` alone.

Importing this file costs a second and needs the extra `mcp`, so only a flow with such tools does.
"""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import AsyncExitStack
from importlib.metadata import version
from typing import Final

import httpx2
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client
from mcp.types import (
    PARSE_ERROR,
    CallToolRequest,
    CallToolRequestParams,
    CallToolResult,
    EmbeddedResource,
    Implementation,
    TextContent,
    TextResourceContents,
)

from core.ports.http_fetch import Fetch, Fetched, NotFetched, Request
from flows.tools.mcp.types import Answered, ToolCall

KEY: Final = "turngate/key"
"""Where in a call's `_meta` its idempotency key stands."""

MOST_REQUESTS: Final = 12
"""How many messages one call may send: three agree on a version, one calls, the rest answer the server."""

_CLOSING_SECONDS: Final = 2.0
_OF_THE_CONNECTION = ("host", "connection", "accept-encoding", "content-length", "user-agent")
_OF_THE_PROTOCOL = ("content-type", "mcp-session-id")

for _name in ("mcp.client", "mcp.shared"):  # they log what was said, with its words
    logging.getLogger(_name).setLevel(logging.CRITICAL)


async def called(call: ToolCall, fetch: Fetch) -> Answered:
    """Connect, agree on a version, call the tool and close. It never raises."""
    wire = _Wire(call, fetch)
    result: CallToolResult | None = None
    reason = ""
    try:
        async with asyncio.timeout(call.seconds), AsyncExitStack() as stack:
            client = await stack.enter_async_context(_client(call, wire))
            result = await client.session.send_request(_request(call), CallToolResult)
    except TimeoutError:
        reason = f"no answer within {call.seconds:g} seconds"
    except Exception as error:  # hostile answers end in errors of many kinds
        reason = str(wire.failure) if wire.failure else _reason(error, wire.refusal)
    # what went wrong once there was an answer was the closing alone
    return Answered(False, reason) if result is None else _answered(result)


def _reason(error: Exception, status: int) -> str:
    while isinstance(error, ExceptionGroup):  # the SDK's tasks raise in groups
        error = error.exceptions[0]
    said = "the server's answer could not be understood"
    if isinstance(error, MCPError) and error.code != PARSE_ERROR:
        said = error.message
    return f"{said} (HTTP {status})" if status else said


def _client(call: ToolCall, wire: _Wire) -> Client:
    http = httpx2.AsyncClient(transport=wire, headers=httpx2.Headers(dict(call.headers), encoding="utf-8"))
    transport = streamable_http_client(call.url, http_client=http)
    return Client(
        transport, cache=None, client_info=Implementation(name="turngate", version=version("turngate"))
    )


def _request(call: ToolCall) -> CallToolRequest:
    # not the client's own `call_tool`, which lists the server's tools after each answer
    return CallToolRequest(
        params=CallToolRequestParams.model_validate(
            {"name": call.name, "arguments": dict(call.arguments), "_meta": {KEY: call.key}}
        )
    )


def _answered(result: CallToolResult) -> Answered:
    text = "\n".join(map(_text, result.content))
    if result.is_error:
        return Answered(False, text or "the tool failed and does not say why")
    return Answered(True, _plain(text) if result.structured_content is None else result.structured_content)


def _plain(text: str) -> object:
    """The JSON that a text is, as servers had to give it before there was structured content; or the text."""
    try:
        return json.loads(text) if text.startswith(("{", "[")) else text
    except (ValueError, RecursionError):
        return text


def _text(block: object) -> str:
    if isinstance(block, TextContent):
        return block.text
    if isinstance(block, EmbeddedResource) and isinstance(block.resource, TextResourceContents):
        return block.resource.text
    return f"[{getattr(block, 'type', 'something')}]"


class _Wire(httpx2.AsyncBaseTransport):
    """What the SDK sends goes through `Fetch`.

    `failure` is why the last message got no answer, `refusal` the status with which it was turned down.
    """

    def __init__(self, call: ToolCall, fetch: Fetch) -> None:
        self._call = call
        self._fetch = fetch
        self._count = 0
        self.failure: NotFetched | None = None
        self.refusal = 0

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send it. Raises `NotFetched`."""
        if request.method == "GET":  # nobody stays to listen; a server may refuse that too
            return httpx2.Response(405)
        sent = Request(
            method=request.method,
            url=str(request.url),
            headers={k: v for k, v in request.headers.items() if k not in _OF_THE_CONNECTION},
            body=await request.aread() or None,
            seconds=self._call.seconds,
            label=self._call.label,
        )
        if request.method == "DELETE":  # the call is over, however this ends
            return _response(await self._fetch.fetch(sent.model_copy(update={"seconds": _CLOSING_SECONDS})))
        try:
            answer = await self._sent(sent)
        except NotFetched as error:
            self.failure = error
            raise
        self.refusal = answer.status if answer.status >= 400 else 0
        return _response(answer)

    async def _sent(self, request: Request) -> Fetched:
        self._count += 1
        if self._count > MOST_REQUESTS:
            raise NotFetched("the server asks too much in one call", sent=True)
        return await self._fetch.fetch(request)


def _response(answer: Fetched) -> httpx2.Response:
    headers = {name: value for name, value in answer.headers.items() if name in _OF_THE_PROTOCOL}
    return httpx2.Response(answer.status, headers=headers, content=answer.body)
