"""Liveness of workers, by the server's clock."""

from __future__ import annotations

from redis import Redis as SyncRedis
from redis.asyncio import Redis

from gateway.redis.records.processes import worker_presence


async def test_a_worker_that_announces_itself_is_alive_until_it_withdraws(
    redis: Redis, sync_redis: SyncRedis
) -> None:
    before = await worker_presence.any_worker_alive(redis)
    await worker_presence.announce(redis, "one")
    during = await worker_presence.any_worker_alive(redis)
    worker_presence.withdraw(sync_redis, "one")

    assert (before, during, await worker_presence.any_worker_alive(redis)) == (False, True, False)


async def test_a_worker_without_heartbeats_is_dead_although_rq_still_lists_it(redis: Redis) -> None:
    await redis.sadd("rq:workers:turns", "rq:worker:one")
    await redis.hset("rq:worker:one", "birth", "today")
    await redis.zadd("tg:workers", {"one": 1})

    assert not await worker_presence.any_worker_alive(redis)


async def test_a_worker_that_only_registered_is_dead_although_rq_lists_it(
    redis: Redis, sync_redis: SyncRedis
) -> None:
    worker_presence.register(sync_redis, "one")
    await redis.sadd("rq:workers:turns", "rq:worker:one")
    await redis.hset("rq:worker:one", "birth", "today")

    assert not await worker_presence.any_worker_alive(redis)


async def test_a_stock_worker_is_alive_as_long_as_rq_lists_it(redis: Redis) -> None:
    await redis.sadd("rq:workers:turns", "rq:worker:stock")
    listed_only = await worker_presence.any_worker_alive(redis)
    await redis.hset("rq:worker:stock", "birth", "today")

    assert (listed_only, await worker_presence.any_worker_alive(redis)) == (False, True)


async def test_old_worker_names_are_deleted(redis: Redis) -> None:
    await redis.zadd("tg:workers", {"old": 1})
    await worker_presence.announce(redis, "new")

    assert await redis.zrange("tg:workers", 0, -1) == [b"new"]
