"""Readiness is reported exactly when a webhook would be stored."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from redis.asyncio import Redis

from core.errors import StorageUnavailable
from core.model import TurnReceived
from gateway.redis.connection.connect import open_redis
from gateway.redis.connection.pipelining.multiplexer import MultiplexedRedis
from gateway.redis.encryption.cipher import use_cipher
from gateway.redis.encryption.data_keys import DATA_KEYS
from gateway.redis.encryption.key_ring import generate_master_key, parse_encryption_keys
from gateway.redis.inbox import RedisInbox
from gateway.redis.server.embedded_server import EmbeddedRedis
from gateway.redis.server.readiness import Readiness
from tests.fakes import build_turn

REFUSALS = {
    "out of memory": (("CONFIG", "SET", "maxmemory", "1"), ("CONFIG", "SET", "maxmemory", "0")),
    "read-only": (("REPLICAOF", "127.0.0.1", "1"), ("REPLICAOF", "NO", "ONE")),
    "min-replicas-to-write": (
        ("CONFIG", "SET", "min-replicas-to-write", "1"),
        ("CONFIG", "SET", "min-replicas-to-write", "0"),
    ),
}


@pytest.fixture
def server() -> Iterator[EmbeddedRedis]:
    with TemporaryDirectory(prefix="tg") as folder:
        server = EmbeddedRedis(Path(folder), durable=False)
        server.start()
        yield server
        server.stop()


@pytest.fixture
async def own_redis(server: EmbeddedRedis) -> AsyncIterator[Redis]:
    async with open_redis(server.url) as client:
        yield client


async def is_stored(redis: Redis, number: int) -> bool:
    """Return whether the inbox stores a message now."""
    try:
        await RedisInbox(redis).accept([TurnReceived(turn=build_turn(number))])
    except StorageUnavailable:
        return False
    return True


@pytest.mark.parametrize("reason", REFUSALS)
async def test_a_server_that_refuses_writes_is_not_ready_and_the_reason_is_given(
    own_redis: Redis, reason: str
) -> None:
    refuse, allow = REFUSALS[reason]
    readiness = Readiness(own_redis, cache_seconds=0)
    before = (await readiness.storage_problem(), await is_stored(own_redis, 1))
    await own_redis.execute_command(*refuse)  # type: ignore[no-untyped-call]
    during = (await readiness.storage_problem(), await is_stored(own_redis, 2))
    await own_redis.execute_command(*allow)  # type: ignore[no-untyped-call]
    after = (await readiness.storage_problem(), await is_stored(own_redis, 2))

    assert before == after == ("", True)
    assert reason in during[0]
    assert during[1] is False


@pytest.mark.parametrize(
    "rights", ["~tg:* &* +@all", "~* &* +@all -rpush", "~* &* +@all -xadd", "~* &* +@all -time"]
)
async def test_a_user_who_may_not_store_a_webhook_is_not_ready(
    own_redis: Redis, server: EmbeddedRedis, rights: str
) -> None:
    await own_redis.execute_command("ACL", "SETUSER", "gateway", "on", ">secret", *rights.split())  # type: ignore[no-untyped-call]
    async with open_redis(server.url.replace("unix://", "unix://gateway:secret@")) as limited:
        assert "lacks a permission" in await Readiness(limited, cache_seconds=0).storage_problem()
        assert not await is_stored(limited, 1)


@pytest.mark.long
async def test_a_server_that_cannot_write_to_its_disk_is_not_ready(
    own_redis: Redis, server: EmbeddedRedis
) -> None:
    (server.folder / "dump.rdb").mkdir()  # the snapshot cannot be written here
    await own_redis.config_set("save", "3600 1")
    await own_redis.bgsave()
    async with asyncio.timeout(10):
        while (await own_redis.info("persistence"))["rdb_last_bgsave_status"] != "err":  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.01)

    assert "disk" in await Readiness(own_redis, cache_seconds=0).storage_problem()
    assert not await is_stored(own_redis, 1)
    await own_redis.config_set("save", "")  # or its stop would wait for the snapshot


async def test_a_stopped_server_is_not_ready_and_a_restarted_one_is_at_once(
    own_redis: Redis, server: EmbeddedRedis
) -> None:
    readiness = Readiness(own_redis, cache_seconds=0)
    before = await readiness.storage_problem()
    server.stop()
    during = (await readiness.storage_problem(), await is_stored(own_redis, 1))
    server.start()

    assert before == ""
    assert ("check REDIS_URL" in during[0], during[1]) == (True, False)
    assert await readiness.storage_problem() == ""


async def test_a_server_that_is_too_old_is_not_ready(server: EmbeddedRedis) -> None:
    async with open_redis(server.url) as client:
        redis = OldServer(connection_pool=client.connection_pool)

        assert "6.0.16 is too old" in await Readiness(redis).storage_problem()


async def test_many_questions_are_one_write(own_redis: Redis) -> None:
    readiness = Readiness(own_redis, cache_seconds=60)
    answers = await asyncio.gather(*(readiness.storage_problem() for _ in range(100)))
    stats = await own_redis.info("commandstats")

    assert set(answers) == {""}
    assert stats["cmdstat_zadd"]["calls"] == 1


async def test_the_probe_leaves_nothing_behind(own_redis: Redis) -> None:
    await Readiness(own_redis).storage_problem()

    assert [await own_redis.ttl(key) > 0 for key in await own_redis.keys("*")] == [True]


class OldServer(MultiplexedRedis):
    """A server that reports a version before 6.2."""

    async def info(self, section: str | None = None, *more: str, **options: Any) -> dict[str, Any]:
        return {"redis_version": "6.0.16"}


async def test_without_a_key_that_unwraps_the_data_keys_it_is_not_ready(own_redis: Redis) -> None:
    right, wrong = (parse_encryption_keys(generate_master_key()) for _ in range(2))
    readiness = Readiness(own_redis, cache_seconds=0)
    use_cipher(own_redis, right)
    first = await readiness.storage_problem()
    keys_after_the_check = await own_redis.exists(DATA_KEYS)
    assert await is_stored(own_redis, 1)
    use_cipher(own_redis, wrong)
    during = (await readiness.storage_problem(), await is_stored(own_redis, 2))
    use_cipher(own_redis, right)
    after = (await readiness.storage_problem(), await is_stored(own_redis, 2))

    assert (first, keys_after_the_check) == ("", 0)
    assert during[1] is False
    assert "no key of TURNGATE_ENCRYPTION_KEYS unwraps the data keys" in during[0]
    assert after == ("", True)
