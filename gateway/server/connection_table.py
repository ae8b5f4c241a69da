"""Connections of a server: their number in all and by peer, and the remaining time of each."""

from __future__ import annotations

import asyncio
import resource
from collections import Counter
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

_RESERVED_DESCRIPTORS = 128
"""File descriptors left for Redis, providers and files."""


_MAX_CLOSED_AT_ONCE = 20
_NEXT_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Bounds of requests before anything is verified.

    `head_seconds` is the time from the opening of a connection, or the first byte of a later request, to the
    end of the head; `body_seconds` from there to the end of the body. Of one peer address there are up to
    `peer_connections`, of all up to `connections`, fewer if the process may not open as many files.
    """

    head_bytes: int = 64 * 1024
    header_bytes: int = 16 * 1024
    headers: int = 100
    head_seconds: float = 10.0
    body_seconds: float = 30.0
    connections: int = 4_000
    peer_connections: int = 1_000


class Phase(IntEnum):  # unlike that of other enums, its hash is not computed in Python
    """Phase of a connection: it waits for a head, a body, our answer, or its next request."""

    HEAD = 1
    BODY = 2
    ANSWER = 3
    IDLE = 4


class Connection(Protocol):
    """Connection as the table sees it. Only the table changes `phase`."""

    loop: asyncio.AbstractEventLoop
    phase: Phase

    def give_up(self) -> None:
        """Close the connection."""
        ...


class ConnectionTable:
    """All connections of a server. A timer runs while there are any.

    When the limit is reached, the connection that has waited longest for its head or for its next request
    makes room: clients that hold connections open cannot lock out others.
    """

    def __init__(self, limits: ConnectionLimits) -> None:
        self._limits = limits
        self._max_connections = _bound_by_descriptors(limits.connections)
        self._peers: dict[Connection, str] = {}
        self._peer_counts: Counter[str] = Counter()
        self._waiting: dict[Phase, dict[Connection, float]] = {phase: {} for phase in Phase}
        self._seconds = {
            Phase.HEAD: limits.head_seconds,
            Phase.BODY: limits.body_seconds,
            Phase.IDLE: limits.body_seconds,  # uvicorn's keep-alive time is shorter
            Phase.ANSWER: 0.0,
        }
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._peers)

    def add(self, connection: Connection, peer: str) -> bool:
        """Add a connection; return false if the limits leave no place for it."""
        if self._peer_counts[peer] >= self._limits.peer_connections and not self._make_room(peer):
            return False
        if len(self._peers) >= self._max_connections and not self._make_room():
            return False
        self._peers[connection] = peer
        self._peer_counts[peer] += 1
        self.enter(connection, Phase.HEAD)
        if self._timer is None:
            self._schedule()
        return True

    def remove(self, connection: Connection) -> None:
        """Remove a connection that was closed."""
        peer = self._peers.pop(connection, None)
        if peer is None:
            return
        self._waiting[connection.phase].pop(connection, None)
        self._peer_counts[peer] -= 1
        if not self._peer_counts[peer]:
            del self._peer_counts[peer]

    def enter(self, connection: Connection, phase: Phase) -> None:
        """Record the phase of a connection; its time limit runs from the first record of the phase."""
        if connection.phase is phase or connection not in self._peers:
            return
        self._waiting[connection.phase].pop(connection, None)
        connection.phase = phase
        seconds = self._seconds[phase]
        if seconds:
            self._waiting[phase][connection] = connection.loop.time() + seconds

    def _make_room(self, peer: str | None = None) -> bool:
        """Close the connection that has waited longest, of a peer or of all; return whether there is one."""
        for phase in (Phase.IDLE, Phase.HEAD):
            for connection in self._waiting[phase]:
                if peer is None or self._peers[connection] == peer:
                    self.remove(connection)
                    connection.give_up()
                    return True
        return False

    def _close_overdue(self) -> None:
        """Close overdue connections, a few at a time, so that the others are served in between."""
        self._timer, closed = None, 0
        now = asyncio.get_running_loop().time()
        for waiting in self._waiting.values():  # each in the order of its deadlines
            while waiting and closed < _MAX_CLOSED_AT_ONCE:
                first = next(iter(waiting))
                if waiting[first] > now:
                    break
                del waiting[first]
                first.give_up()
                closed += 1
        if self._peers:
            self._schedule(_NEXT_SECONDS if closed == _MAX_CLOSED_AT_ONCE else 1.0)

    def _schedule(self, most: float = 1.0) -> None:
        seconds = min(most, self._limits.head_seconds / 4, self._limits.body_seconds / 4)
        self._timer = asyncio.get_running_loop().call_later(seconds, self._close_overdue)


def _bound_by_descriptors(connections: int) -> int:
    soft_limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft_limit == resource.RLIM_INFINITY:
        return connections
    return max(1, min(connections, soft_limit - _RESERVED_DESCRIPTORS))
