"""Checks report a server that may lose messages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from core.errors import ConfigurationError
from gateway.redis.connection.checks.server_checks import check_server, describe_unknown, log_warnings
from gateway.redis.connection.connect import open_redis
from gateway.redis.server.embedded_server import EmbeddedRedis


async def test_the_embedded_server_passes_the_checks(tmp_path: Path) -> None:
    server = EmbeddedRedis(tmp_path)
    server.start()
    try:
        async with open_redis(server.url) as redis:
            assert await check_server(redis) == []
    finally:
        server.stop()


async def test_a_server_that_evicts_and_does_not_persist_is_reported(
    redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    await redis.config_set("maxmemory-policy", "allkeys-lru")
    try:
        await log_warnings(redis)
    finally:
        await redis.config_set("maxmemory-policy", "noeviction")

    assert "allkeys-lru" in caplog.text
    assert "appendonly" in caplog.text


async def test_a_server_without_config_access_is_not_reported(redis: Redis) -> None:
    await redis.acl_setuser("guest", enabled=True, nopass=True, categories=["+@all"], commands=["-config"])
    address = redis.connection_pool.connection_kwargs["path"]
    async with Redis(unix_socket_path=address, username="guest", password="x") as guest:
        assert not [problem for problem in await check_server(guest) if "appendonly" not in problem]
        assert await describe_unknown(guest) == ""
    await redis.acl_deluser("guest")


async def test_a_replica_is_reported(redis: Redis) -> None:
    await redis.replicaof("127.0.0.1", "1")
    try:
        problems = await check_server(redis)
    finally:
        await redis.replicaof("NO", "ONE")

    assert any("names a replica" in problem for problem in problems)


class SilentServer(Redis):
    """Managed server that only reports its version."""

    async def info(self, section: str | None = None, *more: str, **options: Any) -> dict[str, Any]:
        if section != "server":
            raise ResponseError("unknown section")
        return {"redis_version": "7.2.4"}


async def test_a_server_that_hides_its_state_is_named() -> None:
    async with SilentServer() as redis:
        assert await check_server(redis) == []
        assert "eviction policy and persistence" in await describe_unknown(redis)


class OldServer(Redis):
    """A server that reports a version before 6.2."""

    async def info(self, section: str | None = None, *more: str, **options: Any) -> dict[str, Any]:
        return {"redis_version": "6.0.16"}


async def test_a_server_version_that_is_too_old_is_refused() -> None:
    async with OldServer() as redis:
        with pytest.raises(ConfigurationError, match=r"6\.0\.16"):
            await check_server(redis)


async def test_an_unreachable_server_is_not_reported(caplog: pytest.LogCaptureFixture) -> None:
    async with open_redis("redis://127.0.0.1:1/0", timeout=0.2) as redis:
        await log_warnings(redis)

    assert caplog.text == ""
