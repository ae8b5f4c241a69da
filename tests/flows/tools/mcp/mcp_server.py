"""MCP server of a shop on loopback: the SDK's own, over real HTTP. It records requests and keys."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from gateway.local.http_server import serve
from tests.flows.conversation import Json


class Shop:
    """Shop server; `is_old`: it only supports the older protocol with handshake and sessions."""

    def __init__(self, *, is_old: bool = False, is_json: bool = False) -> None:
        self.server = MCPServer("shop", log_level="CRITICAL")
        self.released = asyncio.Event()
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.keys: list[Any] = []
        self.url = ""
        self._is_old, self._is_json = is_old, is_json
        for tool in (self.order, self.stock, self.sell, self.catalogue, self.ponder, self.parrot):
            self.server.tool()(tool)

    @property
    def host(self) -> str:
        """Its address as the setting for private hosts has it."""
        return self.url.removeprefix("http://").removesuffix("/mcp")

    def order(self, context: Context, item: str, count: int = 1) -> str:
        """Order an item."""
        self.keys.append((context.request_context.meta or {}).get("turngate/key"))
        return f"{count} x {item}"

    def stock(self, item: str) -> dict[str, int]:
        """How many there are."""
        return {item: 3}

    def sell(self, item: str) -> str:
        """Never sells."""
        raise ToolError(f"we are out of {item}")

    def catalogue(self) -> str:
        """Far more than anybody reads."""
        return "tea " * 100_000

    async def ponder(self) -> str:
        """No answer until it is over."""
        await self.released.wait()
        return ""

    def parrot(self, words: str) -> list[str]:
        """Return the text twice."""
        return [words, words]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Shop]:
        """Serve on a free port of loopback, in the loop of the test."""
        app = self.server.streamable_http_app(json_response=self._is_json)

        async def record_request(scope: Scope, receive: Receive, send: Send) -> None:
            headers = {name.decode(): value.decode() for name, value in scope["headers"]}
            self.requests.append((scope["method"], headers))
            if self._is_old and headers.get("mcp-method") == "server/discover":
                await Response(status_code=400)(scope, receive, send)
            else:
                await app(scope, receive, send)

        serving = asyncio.create_task(self._keep_sessions())
        async with serve(record_request) as url:
            self.url = f"{url}/mcp"
            try:
                yield self
            finally:
                self.released.set()
        await serving

    async def _keep_sessions(self) -> None:
        """Run in a separate task: pytest may end a fixture in another task than the one that began it."""
        async with self.server.session_manager.run():
            await self.released.wait()


def build_replies(result: object) -> Any:
    """Return the responses of a server without discovery; `result` is the tool's result."""

    def answer(request: Request) -> Response:
        said = json.loads(request._body)
        made = {"initialize": HANDSHAKE, "tools/call": result}.get(said["method"])
        if "id" not in said:
            return Response(status_code=202)
        body = {"result": made} if made is not None else {"error": {"code": -32601, "message": "what?"}}
        return JSONResponse({"jsonrpc": "2.0", "id": said["id"], **body})

    return answer


HANDSHAKE: Json = {
    "protocolVersion": "2025-06-18",
    "capabilities": {},
    "serverInfo": {"name": "shop", "version": "1"},
}
