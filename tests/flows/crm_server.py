"""A fake of a business's own system on loopback that records every request."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.local.http_server import serve

Json = dict[str, Any]
Answer = Response | None | Callable[[Request], Response]


class Crm:
    """Returns `answers` one by one, then an empty 200; None is a response that never arrives."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.requests: list[Request] = []
        self.bodies: list[bytes] = []
        self.url = ""
        self.released = asyncio.Event()

    @property
    def host(self) -> str:
        """Its address as the setting for private hosts has it."""
        return self.url.removeprefix("http://")

    async def answer(self, request: Request) -> Response:
        self.requests.append(request)
        self.bodies.append(await request.body())
        answer = self.answers.pop(0) if self.answers else JSONResponse({})
        if answer is None:
            await self.released.wait()
            return Response(status_code=500)
        return answer if isinstance(answer, Response) else answer(request)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Crm]:
        """Serve on a free port of loopback, in the loop of the test."""
        methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
        app = Starlette(routes=[Route("/{path:path}", self.answer, methods=methods)])
        async with serve(app) as self.url:
            try:
                yield self
            finally:
                self.released.set()
