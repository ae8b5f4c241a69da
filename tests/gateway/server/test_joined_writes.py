"""Answers as they leave: head and body in one piece, a slow client holds the application back."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvloop
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
    """Asks for `/`, and keeps what arrives as it arrives."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.is_answered = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")

    def data_received(self, data: bytes) -> None:
        self.pieces.append(data)
        if b"}" in data:
            self.is_answered.set()


@asynccontextmanager
async def _connected(app: ASGIApp) -> AsyncIterator[_Client]:
    async with serve(app, http=bounded_protocol(), ws="none") as url:
        port = int(url.rpartition(":")[2])
        _, client = await asyncio.get_running_loop().create_connection(_Client, "127.0.0.1", port)
        try:
            yield client
        finally:
            client.transport.abort()


async def _answer(request: Request) -> Response:
    return JSONResponse({"a": "b"})


async def test_head_and_body_arrive_together() -> None:
    async with _connected(Starlette(routes=[Route("/", _answer)])) as client:
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

    async with _connected(stream) as client:
        client.transport.pause_reading()
        await begun.wait()
        assert 0 < sent < _CHUNKS
        client.transport.resume_reading()
        await client.is_answered.wait()

    assert sent == _CHUNKS
    assert sum(piece.count(b"x") for piece in client.pieces) == _CHUNKS * 10_000


def test_an_answer_to_a_client_that_has_gone_is_no_error() -> None:
    """Answer between the reset of a connection and the moment when its protocol is told."""
    errors: list[dict[str, Any]] = []

    async def run() -> None:
        loop = asyncio.get_running_loop()
        begun, answers, lost = asyncio.Event(), asyncio.Event(), asyncio.Event()
        loop.set_exception_handler(lambda _, context: errors.append(context))
        waker, wakes = socket.socketpair()
        wakes.setblocking(False)

        def wake() -> None:
            wakes.recv(1)
            answers.set()

        loop.add_reader(wakes, wake)

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            begun.set()
            await answers.wait()
            await JSONResponse({"a": "b"})(scope, receive, send)
            await receive()  # until the connection is lost
            lost.set()

        with waker, wakes, socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            async with serve(answer, http=bounded_protocol(), ws="none", lifespan="off") as url:
                client.connect(("127.0.0.1", int(url.rpartition(":")[2])))
                client.send(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
                await begun.wait()
                waker.send(b"x")  # before the reset: the loop reads both at once, this one first
                client.close()
                await lost.wait()
                await asyncio.sleep(0)
            loop.remove_reader(wakes)

    uvloop.run(run())

    assert not errors


async def test_what_is_known_of_a_connection_is_kept_for_its_requests() -> None:
    async def ask(request: Request) -> Response:
        known = list(request.scope["extensions"][CONNECTION_FACTS])
        return JSONResponse({"known": known, "is_local": is_local(request)})

    async with _connected(Starlette(routes=[Route("/", ask)])) as client:
        await client.is_answered.wait()
        client.is_answered.clear()
        client.connection_made(client.transport)
        await client.is_answered.wait()

    first, second = (piece.rpartition(b"\r\n\r\n")[2] for piece in client.pieces)
    assert first == b'{"known":[],"is_local":true}'
    assert second == b'{"known":["is_service"],"is_local":true}'
