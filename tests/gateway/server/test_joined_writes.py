"""Responses on the wire: head and body in one write, and back-pressure by a slow client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.access.request_source import CONNECTION_FACTS, is_local
from gateway.local.http_server import serve
from gateway.server.bounded_http import bounded_protocol

_CHUNKS = 2_000


class _Client(asyncio.Protocol):
    """Client that requests `/` and records the received chunks."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.is_answered = asyncio.Event()
        self.is_lost = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # that of uvloop is no subclass
        self.transport.write(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")

    def data_received(self, data: bytes) -> None:
        self.pieces.append(data)
        if b"}" in data:
            self.is_answered.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_lost.set()


@asynccontextmanager
async def connect_client(
    app: ASGIApp, protocol: type[asyncio.Protocol] | None = None
) -> AsyncIterator[_Client]:
    async with serve(app, http=protocol or bounded_protocol(), ws="none", lifespan="off") as url:
        port = int(url.rpartition(":")[2])
        _, client = await asyncio.get_running_loop().create_connection(_Client, "127.0.0.1", port)
        try:
            yield client
        finally:
            client.transport.abort()


async def answer_json(request: Request) -> Response:
    return JSONResponse({"a": "b"})


async def test_head_and_body_arrive_together() -> None:
    async with connect_client(Starlette(routes=[Route("/", answer_json)])) as client:
        await client.is_answered.wait()

    [piece] = client.pieces
    assert piece.startswith(b"HTTP/1.1 200 OK\r\n")
    assert piece.endswith(b'\r\n\r\n{"a":"b"}')


async def test_a_client_that_does_not_read_holds_the_application_back() -> None:
    sent, begun = 0, asyncio.Event()

    async def stream(scope: Scope, receive: Receive, send: Send) -> None:
        """Send without ever waiting for anything else."""
        nonlocal sent
        await send({"type": "http.response.start", "status": 200, "headers": []})
        begun.set()
        while sent < _CHUNKS:
            await send({"type": "http.response.body", "body": b"x" * 10_000, "more_body": True})
            sent += 1
        await send({"type": "http.response.body", "body": b"}"})

    async with connect_client(stream) as client:
        client.transport.pause_reading()
        await begun.wait()
        assert 0 < sent < _CHUNKS
        client.transport.resume_reading()
        await client.is_answered.wait()

    assert sent == _CHUNKS
    assert sum(piece.count(b"x") for piece in client.pieces) == _CHUNKS * 10_000


async def test_a_head_that_waits_is_forgotten_with_its_connection() -> None:
    """A write to a lost connection raises an error in uvloop."""
    made: asyncio.Queue[tuple[asyncio.Protocol, asyncio.Transport]] = asyncio.Queue()

    class Protocol(bounded_protocol()):  # type: ignore[misc]
        def connection_made(self, transport: asyncio.Transport) -> None:
            super().connection_made(transport)
            made.put_nowait((self, self.transport))

    async def never(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    async with connect_client(never, Protocol) as client:
        protocol, connection = await made.get()
        connection.write(b"HTTP/1.1 200 OK\r\n")
        protocol.connection_lost(None)
        await asyncio.sleep(0)  # the head's turn
        connection.close()
        await client.is_lost.wait()

    assert not client.pieces


async def test_what_is_known_of_a_connection_is_kept_for_its_requests() -> None:
    async def ask(request: Request) -> Response:
        known = list(request.scope["extensions"][CONNECTION_FACTS])
        return JSONResponse({"known": known, "is_local": is_local(request)})

    async with connect_client(Starlette(routes=[Route("/", ask)])) as client:
        await client.is_answered.wait()
        client.is_answered.clear()
        client.connection_made(client.transport)
        await client.is_answered.wait()

    first, second = (piece.rpartition(b"\r\n\r\n")[2] for piece in client.pieces)
    assert first == b'{"known":[],"is_local":true}'
    assert second == b'{"known":["is_service"],"is_local":true}'
