"""Load generator with little overhead: prepared requests over persistent connections."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter


@dataclass(frozen=True, slots=True)
class Load:
    """Result of a run. Latencies are in milliseconds, sorted."""

    seconds: float
    latencies: Sequence[float]
    errors: int

    @property
    def per_second(self) -> float:
        """Answered requests per second."""
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        """Return the latency that a `share` (0 to 1) of the requests stayed below."""
        return self.latencies[min(int(len(self.latencies) * share), len(self.latencies) - 1)]


class _Connection(asyncio.Protocol):
    """Sends the next request as soon as the last one is answered."""

    def __init__(self, requests: Iterator[bytes], latencies: list[float]) -> None:
        self._requests = requests
        self._latencies = latencies
        self._buffer = b""
        self._began = 0.0
        self.errors = 0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._next()

    def _next(self) -> None:
        request = next(self._requests, None)
        if request is None:
            self._transport.close()
            self.done.set_result(None)
            return
        self._began = perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, separator, body = self._buffer.partition(b"\r\n\r\n")
        if not separator or len(body) < _content_length(head):
            return
        self._latencies.append((perf_counter() - self._began) * 1000)
        self.errors += not head.startswith(b"HTTP/1.1 20")
        self._buffer = b""
        self._next()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("the server closed the connection"))


def _content_length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.split(b":")[1])
    return 0


async def run(port: int, requests: Sequence[bytes], connections: int) -> Load:
    """Send all requests over `connections` to a server on loopback."""
    loop, latencies, source = asyncio.get_running_loop(), list[float](), iter(requests)
    began = perf_counter()
    opened = [
        (await loop.create_connection(lambda: _Connection(source, latencies), "127.0.0.1", port))[1]
        for _ in range(connections)
    ]
    for connection in opened:
        await connection.done
    seconds = perf_counter() - began
    return Load(seconds, sorted(latencies), sum(connection.errors for connection in opened))
