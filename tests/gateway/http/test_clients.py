"""The provider client: a send after the lease was lost is not made (guarantee L5)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from core.errors import LeaseLost
from gateway.http.clients import provider_client
from gateway.redis.leases import current_lease_check


@asynccontextmanager
async def serve_provider() -> AsyncIterator[tuple[str, list[bytes]]]:
    """A server that accepts everything, and the requests it received."""
    taken: list[bytes] = []
    serving: list[asyncio.Task[object] | None] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.append(asyncio.current_task())
        while line := await reader.readline():
            taken.append(line)
            if line == b"\r\n":
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                break
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", taken
        await asyncio.gather(*(task for task in serving if task is not None))


@pytest.mark.parametrize("looks", [0, 1], ids=["before the head", "before the body"])
async def test_a_request_under_a_lost_lease_is_not_sent(looks: int) -> None:
    left = iter(range(looks))

    def check() -> None:
        if next(left, None) is None:
            raise LeaseLost("gone")

    token = current_lease_check.set(check)
    try:
        async with serve_provider() as (url, taken), provider_client() as http:
            with pytest.raises((LeaseLost, httpx.TransportError)):
                await http.post(url, data={"Body": "too late"})
    finally:
        current_lease_check.reset(token)

    assert taken == []


async def test_requests_with_a_valid_lease_or_without_any_are_sent() -> None:
    async with serve_provider() as (url, taken), provider_client() as http:
        await http.post(url, data={"Body": "a"})
        token = current_lease_check.set(lambda: None)
        try:
            await http.post(url, data={"Body": "b"})
        finally:
            current_lease_check.reset(token)

    assert sum(line.startswith(b"POST") for line in taken) == 2
