"""Isolation of suspects: sessions whose earlier workers died or lost the lease (guarantee L9).

A turn that kills its worker takes the lease of every other session there. When that happens again, all of
them are suspects, and run apart from other sessions in groups that shrink with each death, the last ones
alone. So the turn at fault is found after a few deaths, and the others are answered.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_GROUP_SIZES = (50, 5)
"""Sessions that run together at the first and second level of suspicion; above, a session runs alone."""


class IsolationGate:
    """Decides when a session may start. Level 0 is a session without suspicion."""

    def __init__(self) -> None:
        self._waiting: Counter[int] = Counter()
        self._running: Counter[int] = Counter()
        self._changed = asyncio.Event()
        self._has_turned_away = False

    @property
    def is_active(self) -> bool:
        """True if suspects wait or run; other sessions are then not started."""
        return any(
            level and count for each in (self._waiting, self._running) for level, count in each.items()
        )

    @property
    def takes_no_more(self) -> bool:
        """True if suspects wait or run and all suspects at the queue's head have been taken."""
        return self._has_turned_away and self.is_active

    def turn_away(self) -> bool:
        """Return whether a session without suspicion is to be left to another worker."""
        self._has_turned_away = self.is_active
        return self._has_turned_away

    @asynccontextmanager
    async def enter(self, level: int, *, is_started: bool = False) -> AsyncIterator[None]:
        """Wait until a session of this level may run; one that `is_started` already cannot wait."""
        if not is_started:
            await self._wait(level)
        self._running[level] += 1
        try:
            yield
        finally:
            self._running[level] -= 1
            self._notify()

    async def _wait(self, level: int) -> None:
        self._waiting[level] += 1
        try:
            while not self._may_start(level):
                await self._changed.wait()
        finally:
            self._waiting[level] -= 1
            self._notify()

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _may_start(self, level: int) -> bool:
        """Return whether a session may start: the least suspected first, in the largest groups."""
        if level == 0:
            return not self.is_active
        others_run = any(count and other != level for other, count in self._running.items())
        is_turn = level == min(each for each, count in self._waiting.items() if each and count)
        return is_turn and not others_run and self._running[level] < _group_size(level)


def _group_size(level: int) -> int:
    return _GROUP_SIZES[level - 1] if level <= len(_GROUP_SIZES) else 1
