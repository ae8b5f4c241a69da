"""A provider that accepts everything at once at minimal cost, so that the worker is what is measured."""

from __future__ import annotations

import asyncio
import multiprocessing
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count


class _SinkProtocol(asyncio.Protocol):
    numbers = count(1)

    def __init__(self) -> None:
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, separator, body = self._buffer.partition(b"\r\n\r\n")
        if not separator or len(body) < _content_length(head):
            return
        self._buffer = b""
        if head.startswith(b"GET "):  # the look-up of a send whose outcome is unknown: this provider has none
            status, answer = b"200 OK", b'{"messages":[],"next_page_uri":null}'
        else:
            status, answer = b"201 Created", b'{"sid":"SM%032d","status":"queued"}' % next(self.numbers)
        self._transport.write(
            b"HTTP/1.1 %b\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b"
            % (status, len(answer), answer)
        )


def _content_length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.split(b":")[1])
    return 0


async def _serve(listening: socket.socket) -> None:
    server = await asyncio.get_running_loop().create_server(_SinkProtocol, sock=listening)
    await server.serve_forever()


def _run(listening: socket.socket) -> None:
    asyncio.run(_serve(listening))


@contextmanager
def running_sink() -> Iterator[str]:
    """Run the sink in a separate process; yield its address."""
    with socket.socket(proto=socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(1024)
        process = multiprocessing.get_context("fork").Process(target=_run, args=(listening,), daemon=True)
        process.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            process.terminate()
            process.join(10)
