"""Transport that writes the head of an answer together with the beginning of its body."""

from __future__ import annotations

import asyncio
from typing import Any, Final

_HEAD: Final = b"HTTP/1."


class JoinedWrites:
    """A connection's transport; head and body of an answer are one system call and one packet.

    uvicorn writes them one after the other, and a client is woken by each. A head without a body waits until
    the event loop's next iteration; all else is written at once, so that the client may go on meanwhile.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._head = b""

    def write(self, data: bytes) -> None:
        """Write data; a head is written with the data that follows it, or a moment later."""
        if self._head:
            data, self._head = self._head + data, b""
        elif data.startswith(_HEAD):
            self._head = data
            self._loop.call_soon(self._flush)
            return
        self._transport.write(data)

    def close(self) -> None:
        """Write pending data, and close the connection."""
        self._flush()
        self._transport.close()

    def discard(self) -> None:
        """Drop pending data: the connection is lost, and uvloop refuses writes to a lost one."""
        self._head = b""

    def _flush(self) -> None:
        if self._head:
            head, self._head = self._head, b""
            self._transport.write(head)

    def __getattr__(self, name: str) -> Any:
        """Return any other attribute of the transport."""
        return getattr(self._transport, name)
