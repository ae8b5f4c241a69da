"""Permits for jobs: how many a worker may still take, divided among its partitions as they ask."""

from __future__ import annotations

import asyncio


class JobPermits:
    """A number of permits. Who waits for one is served in order, so no partition waits in vain."""

    def __init__(self, count: int) -> None:
        self._semaphore = asyncio.Semaphore(count)

    async def acquire(self, wanted: int, seconds: float) -> int:
        """Return how many permits were given, up to `wanted`; 0 if others hold all of them for that long."""
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
