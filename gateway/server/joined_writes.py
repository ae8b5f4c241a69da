"""Transport that writes what the event loop has for it in one iteration at once."""

from __future__ import annotations

import asyncio
from typing import Any

_MAX_WAITING_BYTES = 64 * 1024
"""Above, writes go on at once, so that the transport's flow control sees them."""


class JoinedWrites:
    """A connection's transport; head and body of an answer are one system call and one packet.

    uvicorn writes them one after the other, and a client is woken by each.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._waiting: list[bytes] = []
        self._size = 0

    def write(self, data: bytes) -> None:
        """Write data in a moment, behind what waits."""
        if not self._waiting:
            self._loop.call_soon(self._flush)
        self._waiting.append(data)
        self._size += len(data)
        if self._size > _MAX_WAITING_BYTES:
            self._flush()

    def close(self) -> None:
        """Write what waits, and close the connection."""
        self._flush()
        self._transport.close()

    def discard(self) -> None:
        """Forget what waits: the connection is lost, and uvloop refuses writes to one."""
        self._waiting, self._size = [], 0

    def _flush(self) -> None:
        if self._waiting:
            joined, self._waiting, self._size = b"".join(self._waiting), [], 0
            self._transport.write(joined)

    def __getattr__(self, name: str) -> Any:
        """Return what else the transport has."""
        return getattr(self._transport, name)
