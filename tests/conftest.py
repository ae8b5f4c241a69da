"""A real server for every test process; nothing of ours is replaced."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import redis as sync
from hypothesis import settings
from redis.asyncio import Redis

from gateway.config.gc_tuning import tune_gc
from gateway.redis.connection.connect import open_redis
from gateway.redis.embedded_server import EmbeddedRedis
from tests.effort import examples

settings.register_profile("turngate", max_examples=examples(100))  # wall time depends on the load
settings.load_profile("turngate")


def pytest_collection_finish() -> None:
    """What was collected stays for the whole run; the garbage collector need not look at it again."""
    tune_gc()


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """The address of this test process's own server, which keeps nothing on disk."""
    with tempfile.TemporaryDirectory(prefix="tg") as folder:
        server = EmbeddedRedis(Path(folder), durable=False)
        server.start()
        yield server.url
        server.stop()


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """An empty database."""
    async with open_redis(redis_url) as client:
        await client.flushall()
        yield client


@pytest.fixture
def sync_redis(redis_url: str) -> Iterator[sync.Redis]:
    """The same database through RQ's kind of client; empty it with the `redis` fixture."""
    with sync.Redis.from_url(redis_url) as client:
        yield client
