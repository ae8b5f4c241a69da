"""Permits for jobs: how many a worker may still take, divided among its partitions as they ask."""

from __future__ import annotations

import asyncio


class JobPermits:
    """A number of permits. Waiters are served in order, so no partition starves."""

    def __init__(self, count: int) -> None:
        self._semaphore = asyncio.Semaphore(count)

    async def acquire(self, wanted: int, seconds: float) -> int:
        """Acquire up to `wanted` permits and return their number; 0 if none is free for that long."""
        try:
            async with asyncio.timeout(seconds):
                await self._semaphore.acquire()
        except TimeoutError:
            return 0
        held = 1
        while held < wanted and not self._semaphore.locked():
            await self._semaphore.acquire()
            held += 1
        return held

    def release(self, count: int) -> None:
        """Give back permits that were not used."""
        for _ in range(count):
            self._semaphore.release()
