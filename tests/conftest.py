"""Shared fixtures: one real Redis server per test process, without mocks."""

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
    """Freeze the collected tests, so that the garbage collector does not scan them during the run."""
    tune_gc()


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """URL of this test process's own server, without persistence."""
    with tempfile.TemporaryDirectory(prefix="tg") as folder:
        server = EmbeddedRedis(Path(folder), durable=False)
        server.start()
        yield server.url
        server.stop()


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """Client of an empty database."""
    async with open_redis(redis_url) as client:
        await client.flushall()
        yield client


@pytest.fixture
def sync_redis(redis_url: str) -> Iterator[sync.Redis]:
    """Synchronous client (RQ's kind) of the same database; the `redis` fixture empties it."""
    with sync.Redis.from_url(redis_url) as client:
        yield client
