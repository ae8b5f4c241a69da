"""Which workers are alive right now, so that readiness means that a message would be answered."""

from __future__ import annotations

from time import time
from typing import Any

from redis.asyncio import Redis

from gateway.redis import layout

_KEY = "tg:workers"
_ALIVE_SECONDS = 5.0
_FORGOTTEN_SECONDS = 24 * 3600.0


async def announce(redis: Redis, name: str) -> None:
    """Say that the worker `name` is alive; to be repeated every second or so."""
    now = time()
    async with redis.pipeline(transaction=False) as pipeline:
        pipeline.zadd(_KEY, {name: now})
        pipeline.zremrangebyscore(_KEY, "-inf", now - _FORGOTTEN_SECONDS)
        await pipeline.execute()


async def withdraw(redis: Redis, name: str) -> None:
    """Say that the worker `name` has ended."""
    await redis.zrem(_KEY, name)


async def anyone(redis: Redis) -> bool:
    """Whether any worker would take a job now.

    A stock RQ worker does not announce itself; it counts for as long as RQ lists it.
    """
    async with redis.pipeline(transaction=False) as pipeline:
        pipeline.zrange(_KEY, 0, -1, withscores=True)
        pipeline.smembers(f"rq:workers:{layout.QUEUE}")
        answers: list[Any] = await pipeline.execute()
    announced = dict(answers[0])
    if any(seen > time() - _ALIVE_SECONDS for seen in announced.values()):
        return True
    stock = [key for key in answers[1] if key.removeprefix(b"rq:worker:") not in announced]
    return bool(stock) and bool(await redis.exists(*stock))
