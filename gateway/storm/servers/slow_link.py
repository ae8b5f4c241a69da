"""Slow link between a process and the server: delayed, stalled and reset connections, as on a bad network."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from typing import Final

from gateway.local.loopback import open_listener

_CHUNK: Final = 65_536
_MAX_IN_FLIGHT: Final = 1_000
_LOSS: Final = 0.01
_RETRANSMISSION_SECONDS: Final = 0.2
_RESET: Final = 0.0005


class SlowLink:
    """TCP proxy to a Unix socket. Bytes arrive in order, late by `latency` seconds on average.

    One chunk of a hundred arrives later still, as if its packet was lost up to three times and sent again
    after 0.2, 0.4 and 0.8 seconds (RFC 6298), and all behind it wait; one of 2,000 resets the connection.
    """

    def __init__(self, socket_path: str, latency: float, seed: str) -> None:
        self._socket_path = socket_path
        self._latency = latency
        self._random = Random(seed)  # noqa: S311 - repeatable on purpose
        self.counts: Counter[str] = Counter()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[str]:
        """Listen on loopback for the duration of the block; yields the URL for REDIS_URL."""
        listener = open_listener()
        server = await asyncio.start_server(self._relay, sock=listener)
        async with server:
            yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0"

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers = [writer]
        try:
            from_server, to_server = await asyncio.open_unix_connection(self._socket_path)
            writers.append(to_server)
            async with asyncio.TaskGroup() as group:
                for source, target in ((reader, to_server), (from_server, writer)):
                    chunks: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_MAX_IN_FLIGHT)
                    group.create_task(self._read(source, chunks))
                    group.create_task(_write_when_due(chunks, target))
        except (OSError, ExceptionGroup):
            pass  # one side has closed or was reset, or the server is being restarted
        finally:
            for each in writers:
                each.transport.abort()

    async def _read(self, reader: asyncio.StreamReader, chunks: asyncio.Queue[tuple[float, bytes]]) -> None:
        """Take what arrives, with the time at which it is passed on; an empty chunk is the end."""
        due, clock = 0.0, asyncio.get_running_loop().time
        while True:
            data = await reader.read(_CHUNK)
            due = max(due, clock() + self._draw_delay())
            await chunks.put((due, data))
            if not data:
                return

    def _draw_delay(self) -> float:
        """Return the delay of a chunk in seconds. Raises `ConnectionResetError` to end the connection."""
        chance = self._random.random()
        if chance < _RESET:
            self.counts["connection to Redis reset"] += 1
            raise ConnectionResetError
        delay = self._random.expovariate(1 / self._latency)
        if chance > 1 - _LOSS:
            self.counts["packet to or from Redis lost"] += 1
            delay += _RETRANSMISSION_SECONDS * (2 ** self._random.randint(1, 3) - 1)
        return delay


async def _write_when_due(chunks: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter) -> None:
    """Pass chunks on in time. Raises `ConnectionResetError` at the end, so that both directions end."""
    clock = asyncio.get_running_loop().time
    while True:
        due, data = await chunks.get()
        await asyncio.sleep(due - clock())
        if not data:
            raise ConnectionResetError
        writer.write(data)
        await writer.drain()
