"""Bounds that hold before authentication: heads, time, connections; raw sockets, a real server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.local.http_server import serve
from gateway.server.bounded_http import BoundedHttpProtocol, bounded_protocol
from gateway.server.connection_table import ConnectionLimits

LIMITS = ConnectionLimits(
    head_bytes=8_192, header_bytes=2_048, headers=20, head_seconds=0.2, body_seconds=0.4, connections=8
)
GET = b"GET /ok HTTP/1.1\r\nHost: x\r\n"


class BoundedServer:
    """Server with these limits, its table of connections, and the requests of its application."""

    def __init__(self, protocol: type[BoundedHttpProtocol]) -> None:
        self.table = protocol.table
        self.port = 0
        self.disconnected = asyncio.Event()
        self.release = asyncio.Event()
        self.begun = asyncio.Semaphore(0)

    async def ok(self, request: Request) -> Response:
        try:
            body = await request.body()
        except ClientDisconnect:
            self.disconnected.set()
            raise
        return JSONResponse({"bytes": len(body)})

    async def early(self, request: Request) -> Response:
        return JSONResponse({"early": True}, 413)

    async def slow(self, request: Request) -> Response:
        self.begun.release()
        await self.release.wait()
        return JSONResponse({"slow": True})

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def ask(self, data: bytes) -> tuple[int, dict[str, Any]]:
        """Send bytes on a new connection and return status and body of the first answer."""
        reader, writer = await self.open()
        writer.write(data)
        try:
            return await read_answer(reader)
        finally:
            writer.close()


async def read_answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, Any]]:
    async with asyncio.timeout(10):
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        length = next(int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length"))
        return int(head.split()[1]), json.loads(await reader.readexactly(length))


async def write_until_refused(writer: asyncio.StreamWriter) -> int:
    """Write until the server closes the connection; return the number of bytes."""
    sent = 0
    async with asyncio.timeout(10):
        try:
            while True:
                writer.write(b"a" * 65_536)
                sent += 65_536
                await writer.drain()
        except ConnectionError:
            return sent


async def read_end(reader: asyncio.StreamReader) -> bytes:
    """Read until the server closes the connection."""
    async with asyncio.timeout(10):
        try:
            return await reader.read()
        except ConnectionResetError:
            return b""


@asynccontextmanager
async def running_server(limits: ConnectionLimits = LIMITS) -> AsyncIterator[BoundedServer]:
    protocol = bounded_protocol(limits)
    served = BoundedServer(protocol)
    routes = [
        Route("/ok", served.ok, methods=["GET", "POST"]),
        Route("/early", served.early, methods=["POST"]),
        Route("/slow", served.slow),
    ]
    async with serve(Starlette(routes=routes), http=protocol, ws="none", timeout_keep_alive=1) as url:
        served.port = int(url.rpartition(":")[2])
        try:
            yield served
        finally:
            served.release.set()


@pytest.fixture
async def server() -> AsyncIterator[BoundedServer]:
    async with running_server() as running:
        yield running


async def test_ordinary_requests_on_one_connection_are_answered(server: BoundedServer) -> None:
    reader, writer = await server.open()
    for size in (0, 5, 100_000):
        writer.write(b"POST /ok HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size)
        assert await read_answer(reader) == (200, {"bytes": size})
    writer.write((GET + b"\r\n") * 3)
    for _ in range(3):
        assert await read_answer(reader) == (200, {"bytes": 0})
    writer.close()


@pytest.mark.parametrize(
    ("request_head", "status"),
    [
        (GET + b"X: " + b"a" * 3_000 + b"\r\n\r\n", 431),
        (GET + b"".join(b"X%d: a\r\n" % number for number in range(30)) + b"\r\n", 431),
        (GET + b"X: " + b"a" * 100_000, 431),
        (GET + b"".join(b"X%d: %s\r\n" % (number, b"a" * 1_000) for number in range(12)), 431),
        (b"GET /" + b"a" * 3_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (b"GET /" + b"a" * 100_000, 414),
        (b"\r\n" * 50_000, 431),
        (b"no request at all\r\n\r\n", 400),
    ],
    ids=["header", "number", "endless header", "total", "url", "endless url", "empty lines", "nonsense"],
)
async def test_a_head_over_the_bounds_is_refused(
    server: BoundedServer, request_head: bytes, status: int
) -> None:
    answer = await server.ask(request_head)
    assert answer[0] == status
    assert set(answer[1]["error"]) == {"code", "message"}


async def test_headers_after_a_chunked_body_are_bounded_too(server: BoundedServer) -> None:
    head = b"POST /ok HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    reader, writer = await server.open()
    writer.write(head + b"3\r\nabc\r\n0\r\nX: " + b"a" * 30_000)
    assert (await read_answer(reader))[0] == 431
    await read_end(reader)
    writer.close()


async def test_an_endless_header_takes_no_memory(server: BoundedServer) -> None:
    """The client continues after it was refused; the server stops reading."""
    reader, writer = await server.open()
    writer.write(GET + b"X: ")
    assert await write_until_refused(writer) < 50_000_000
    assert len(server.table) == 0
    await read_end(reader)


async def test_a_head_that_is_not_finished_in_time_is_ended(server: BoundedServer) -> None:
    for begun in (b"", GET, b"G"):
        reader, writer = await server.open()
        writer.write(begun)
        assert await read_answer(reader) == (
            408,
            {"error": {"code": "timeout", "message": "the request was not sent in time"}},
        )
        assert await read_end(reader) == b""
        writer.close()


async def test_a_later_request_has_no_more_time_for_its_head(server: BoundedServer) -> None:
    reader, writer = await server.open()
    writer.write(GET + b"\r\n")
    assert (await read_answer(reader))[0] == 200
    writer.write(b"GET /ok HT")
    assert (await read_answer(reader))[0] == 408
    writer.close()


async def test_pipelined_requests_have_their_own_time() -> None:
    limits = ConnectionLimits(head_seconds=0.5, body_seconds=0.5)
    async with running_server(limits) as served:
        reader, writer = await served.open()
        opened_at = asyncio.get_running_loop().time()
        answers = 0
        writer.write(GET)
        while asyncio.get_running_loop().time() < opened_at + 2 * limits.head_seconds:
            writer.write(b"\r\n" + GET)  # the rest of one request and the beginning of the next
            assert (await read_answer(reader))[0] == 200
            answers += 1
        assert answers > 1
        writer.close()


async def test_a_late_body_is_ended_and_the_application_is_notified(
    server: BoundedServer,
) -> None:
    reader, writer = await server.open()
    writer.write(b"POST /ok HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc")
    assert (await read_answer(reader))[0] == 408
    async with asyncio.timeout(10):
        await server.disconnected.wait()
    writer.close()


async def test_a_body_after_the_answer_is_not_read_for_ever(server: BoundedServer) -> None:
    reader, writer = await server.open()
    writer.write(b"POST /early HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\nabc")
    assert (await read_answer(reader))[0] == 413
    assert await write_until_refused(writer) < 50_000_000


async def test_an_idle_connection_is_closed_after_the_keep_alive_time(server: BoundedServer) -> None:
    reader, writer = await server.open()
    writer.write(GET + b"\r\n")
    assert (await read_answer(reader))[0] == 200
    assert await read_end(reader) == b""
    writer.close()


async def test_a_request_in_progress_may_take_longer_than_any_of_these(server: BoundedServer) -> None:
    reader, writer = await server.open()
    writer.write(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
    half_open, other = await server.open()
    assert (await read_answer(half_open))[0] == 408  # the head's time is over
    server.release.set()
    assert await read_answer(reader) == (200, {"slow": True})
    writer.close()
    other.close()


async def test_half_open_connections_keep_nobody_out() -> None:
    limits = ConnectionLimits(connections=8, head_seconds=60, body_seconds=60)
    async with running_server(limits) as served:
        held = [await served.open() for _ in range(40)]
        for _, writer in held:
            writer.write(GET)
        assert await served.ask(GET + b"\r\n") == (200, {"bytes": 0})
        assert len(served.table) <= 8
        answers = [await read_answer(reader) for reader, _ in held[:20]]
        assert {status for status, _ in answers} == {408}
        for _, writer in held:
            writer.close()


async def test_when_all_connections_are_in_use_the_next_gets_503() -> None:
    limits = ConnectionLimits(connections=2, head_seconds=60, body_seconds=60)
    async with running_server(limits) as served:
        busy = [await served.open() for _ in range(2)]
        for _, writer in busy:
            writer.write(b"GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            await served.begun.acquire()
        status, body = await served.ask(GET + b"\r\n")
        assert (status, body["error"]["code"]) == (503, "too_many_connections")
        served.release.set()
        for reader, writer in busy:
            assert (await read_answer(reader))[0] == 200
            assert await read_end(reader) == b""
            writer.close()
        assert (await served.ask(GET + b"\r\n"))[0] == 200


async def test_one_peer_has_a_bound_of_its_own() -> None:
    limits = ConnectionLimits(peer_connections=3, head_seconds=60, body_seconds=60)
    async with running_server(limits) as served:
        held = [await served.open() for _ in range(10)]
        assert await served.ask(GET + b"\r\n") == (200, {"bytes": 0})
        assert len(served.table) <= 3
        for _, writer in held:
            writer.close()
