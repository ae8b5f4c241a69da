"""Periodic steps go on after any error of the store."""

from __future__ import annotations

import asyncio

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from core.errors import EncryptionKeyMissing, StorageUnavailable
from gateway.redis.connection.outages.retry_loop import run_forever


async def test_a_step_is_repeated_after_each_error_of_the_store(caplog: pytest.LogCaptureFixture) -> None:
    errors = [
        RedisConnectionError("away"),
        OSError("broken"),
        StorageUnavailable("the replicas do not confirm it"),
        EncryptionKeyMissing("set the key k2"),
    ]
    done = asyncio.Event()

    async def step() -> None:
        if errors:
            raise errors.pop(0)
        done.set()

    loop = asyncio.create_task(run_forever(step, 0.001, "a step"))
    async with asyncio.timeout(5):
        await done.wait()
    assert not loop.done()
    loop.cancel()

    assert "the replicas do not confirm it" in caplog.text
    assert "set the key k2" in caplog.text
