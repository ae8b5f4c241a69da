"""Calls one tool of an MCP server, over the guarded `HttpFetcher` alone.

Importing this module takes a second and needs the extra `mcp`, so it is imported only for a flow with MCP
tools.
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

from core.ports import FetchError, HttpFetcher, HttpRequest, HttpResponse
from flows.tools.mcp.types import McpCall, McpResult

IDEMPOTENCY_META_KEY: Final = "turngate/key"
"""Key of the idempotency key in a call's `_meta`."""

MAX_REQUESTS_PER_CALL: Final = 12
"""Maximum number of messages in one call: three negotiate a version, one calls, the rest reply."""

_CLOSE_TIMEOUT_SECONDS: Final = 2.0
_CONNECTION_HEADERS = ("host", "connection", "accept-encoding", "content-length", "user-agent")
_PROTOCOL_HEADERS = ("content-type", "mcp-session-id")

for _name in ("mcp.client", "mcp.shared"):  # these loggers write message bodies
    logging.getLogger(_name).setLevel(logging.CRITICAL)


async def call_tool(call: McpCall, fetch: HttpFetcher) -> McpResult:
    """Connect, negotiate a version, call the tool and close. Never raises."""
    wire = _FetchTransport(call, fetch)
    result: CallToolResult | None = None
    reason = ""
    try:
        async with asyncio.timeout(call.seconds), AsyncExitStack() as stack:
            client = await stack.enter_async_context(_build_client(call, wire))
            result = await client.session.send_request(_build_call_request(call), CallToolResult)
    except TimeoutError:
        reason = f"no answer within {call.seconds:g} seconds"
    except Exception as error:  # hostile responses cause errors of many types
        reason = str(wire.failure) if wire.failure else _describe_error(error, wire.error_status)
    # after a result was received, only closing can have failed
    return McpResult(success=False, data=reason) if result is None else _to_result(result)


def _describe_error(error: Exception, status: int) -> str:
    while isinstance(error, ExceptionGroup):  # the SDK's tasks raise exception groups
        error = error.exceptions[0]
    message = "the server's answer could not be understood"
    if isinstance(error, MCPError) and error.code != PARSE_ERROR:
        message = error.message
    return f"{message} (HTTP {status})" if status else message


def _build_client(call: McpCall, wire: _FetchTransport) -> Client:
    http = httpx2.AsyncClient(transport=wire, headers=httpx2.Headers(dict(call.headers), encoding="utf-8"))
    transport = streamable_http_client(call.url, http_client=http)
    return Client(
        transport, cache=None, client_info=Implementation(name="turngate", version=version("turngate"))
    )


def _build_call_request(call: McpCall) -> CallToolRequest:
    # not the client's own `call_tool`, which lists the server's tools after each result
    return CallToolRequest(
        params=CallToolRequestParams.model_validate(
            {
                "name": call.name,
                "arguments": dict(call.arguments),
                "_meta": {IDEMPOTENCY_META_KEY: call.idempotency_key},
            }
        )
    )


def _to_result(result: CallToolResult) -> McpResult:
    text = "\n".join(map(_block_text, result.content))
    if result.is_error:
        return McpResult(success=False, data=text or "the tool failed and does not say why")
    content = result.structured_content
    return McpResult(success=True, data=_parse_text_content(text) if content is None else content)


def _parse_text_content(text: str) -> object:
    """Parse a text as JSON, as servers send data without structured content; else return it."""
    try:
        return json.loads(text) if text.startswith(("{", "[")) else text
    except (ValueError, RecursionError):
        return text


def _block_text(block: object) -> str:
    if isinstance(block, TextContent):
        return block.text
    if isinstance(block, EmbeddedResource) and isinstance(block.resource, TextResourceContents):
        return block.resource.text
    return f"[{getattr(block, 'type', 'something')}]"


class _FetchTransport(httpx2.AsyncBaseTransport):
    """Transport that sends the SDK's requests through `HttpFetcher`.

    `failure` is the reason why the last message got no response, `refusal` the status with which it was
    rejected.
    """

    def __init__(self, call: McpCall, fetch: HttpFetcher) -> None:
        self._call = call
        self._fetch = fetch
        self._request_count = 0
        self.failure: FetchError | None = None
        self.error_status = 0

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send the request. Raises `FetchError`."""
        if request.method == "GET":  # no event stream is opened; a server may reject that request as well
            return httpx2.Response(405)
        sent = HttpRequest(
            method=request.method,
            url=str(request.url),
            headers={k: v for k, v in request.headers.items() if k not in _CONNECTION_HEADERS},
            body=await request.aread() or None,
            seconds=self._call.seconds,
            label=self._call.label,
        )
        if request.method == "DELETE":  # the session is over, whatever the response to this request
            return _to_httpx_response(
                await self._fetch.fetch(sent.model_copy(update={"seconds": _CLOSE_TIMEOUT_SECONDS}))
            )
        try:
            answer = await self._send(sent)
        except FetchError as error:
            self.failure = error
            raise
        self.error_status = answer.status if answer.status >= 400 else 0
        return _to_httpx_response(answer)

    async def _send(self, request: HttpRequest) -> HttpResponse:
        self._request_count += 1
        if self._request_count > MAX_REQUESTS_PER_CALL:
            raise FetchError("the server asks too much in one call", sent=True)
        return await self._fetch.fetch(request)


def _to_httpx_response(answer: HttpResponse) -> httpx2.Response:
    headers = {name: value for name, value in answer.headers.items() if name in _PROTOCOL_HEADERS}
    return httpx2.Response(answer.status, headers=headers, content=answer.body)
