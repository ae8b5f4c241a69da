"""A small server of the OpenAI protocol on loopback, so that the real client talks over a real socket."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Json = dict[str, Any]


def call(name: str, arguments: str | Json = "{}", **more: Any) -> Response:
    """A completion that calls a function."""
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    function = {"id": "call_1", "type": "function", "function": {"name": name, "arguments": text}}
    return completion({"role": "assistant", "content": None, "tool_calls": [function]}, **more)


def words(text: str | None) -> Response:
    """A completion that is text."""
    return completion({"role": "assistant", "content": text})


def completion(message: Json, **more: Any) -> Response:
    return JSONResponse(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": "test",
            "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
            "usage": {"prompt_tokens": 30, "completion_tokens": 12, "total_tokens": 42},
            **more,
        }
    )


class OpenAIServer:
    """Gives `answers` one by one; None is an answer that never comes. Keeps every request in `requests`."""

    def __init__(self) -> None:
        self.answers: list[Response | None] = []
        self.requests: list[Json] = []
        self.keys: list[str] = []
        self.url = ""
        self._released = asyncio.Event()

    async def answer(self, request: Request) -> Response:
        self.requests.append(await request.json())
        self.keys.append(request.headers.get("authorization", ""))
        answer = self.answers.pop(0) if self.answers else JSONResponse({"error": {"message": "no more"}}, 400)
        if answer is None:
            await self._released.wait()
            return Response(status_code=500)
        return answer

    @asynccontextmanager
    async def running(self) -> AsyncIterator[OpenAIServer]:
        """Serve on a free port of loopback, in the loop of the test."""
        app = Starlette(routes=[Route("/v1/chat/completions", self.answer, methods=["POST"])])
        with socket.create_server(("127.0.0.1", 0)) as listening:
            self.url = f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
            server = _Server(
                uvicorn.Config(app, log_config=None, lifespan="off", timeout_graceful_shutdown=1)
            )
            serving = asyncio.create_task(server.serve(sockets=[listening]))
            await server.is_up.wait()
            try:
                yield self
            finally:
                self._released.set()
                server.should_exit = True
                await serving


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.is_up.set()
