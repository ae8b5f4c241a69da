"""Permits for jobs: the limit is never exceeded, and no waiter is forgotten."""

from __future__ import annotations

import asyncio

from gateway.worker.job_permits import JobPermits

LONG = 60.0


async def test_a_partition_gets_what_is_left_and_others_nothing() -> None:
    permits = JobPermits(5)

    assert await permits.acquire(3, LONG) == 3
    assert await permits.acquire(8, LONG) == 2
    assert await permits.acquire(1, 0.01) == 0
    permits.release(1)
    assert await permits.acquire(8, LONG) == 1


async def test_waiters_are_served_in_order() -> None:
    permits = JobPermits(1)
    assert await permits.acquire(1, LONG) == 1
    waiting = asyncio.create_task(permits.acquire(8, LONG))
    await asyncio.sleep(0)

    permits.release(1)
    again = asyncio.create_task(permits.acquire(8, LONG))

    assert await waiting == 1
    assert not again.done()
    permits.release(1)
    assert await again == 1
