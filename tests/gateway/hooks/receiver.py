"""A receiver of webhooks on loopback: it verifies with the public library and answers as a test tells it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from standardwebhooks import Webhook
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from gateway.local.http_server import serve


class Receiver:
    """Receives events; `answers` are given in order, then 200. `secret` verifies each of them."""

    def __init__(self) -> None:
        self.url = ""
        self.secret = ""
        self.answers: list[Response] = []
        self.default_status = 200
        self.ids: list[str] = []
        self.events: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.hangs = False
        self.released = asyncio.Event()
        self.called = asyncio.Event()

    @property
    def host(self) -> str:
        """The host and port, as TURNGATE_PRIVATE_HOSTS names them."""
        return self.url.removeprefix("http://").partition("/")[0]

    @property
    def kinds(self) -> list[str]:
        """The types of the events that were received."""
        return [event["type"] for event in self.events]

    async def receive(self, request: Request) -> Response:
        body, headers = await request.body(), dict(request.headers)
        self.ids.append(headers["webhook-id"])
        self.headers.append(headers)
        self.called.set()
        if self.hangs:
            await self.released.wait()
        answer = self.answers.pop(0) if self.answers else Response(status_code=self.default_status)
        if answer.status_code < 300:
            assert self._expected_signature(body, headers) in headers["webhook-signature"].split()
            self.events.append(json.loads(body))
        return answer

    def _expected_signature(self, body: bytes, headers: dict[str, str]) -> str:
        """Return the public library's signature at the time of the header: clocks of tests run ahead."""
        at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
        return Webhook(self.secret).sign(headers["webhook-id"], at, body.decode())

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Receiver]:
        """Serve it for the duration of the block."""
        async with serve(Starlette(routes=[Route("/hooks", self.receive, methods=["POST"])])) as url:
            self.url = f"{url}/hooks"
            try:
                yield self
            finally:
                self.released.set()


def build_endless_answer() -> Response:
    """Return an answer whose body does not end."""

    async def chunks() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 65_536
            await asyncio.sleep(0)  # the server would go on by itself after the client is gone

    return StreamingResponse(chunks())


def build_answers(codes: Iterable[int]) -> list[Response]:
    """Return empty answers with these status codes."""
    return [Response(status_code=code) for code in codes]
