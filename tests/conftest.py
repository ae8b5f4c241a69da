"""Shared fixtures: one real Redis server per test process, without mocks."""

from __future__ import annotations

import asyncio
import logging
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import redis as sync
from hypothesis import settings
from redis.asyncio import Redis

from gateway.config.gc_tuning import tune_gc
from gateway.redis.connection.connect import open_redis, open_sync_redis
from gateway.redis.server.embedded_server import EmbeddedRedis
from gateway.storm.servers.cluster_group import ClusterGroup
from tests.core.rig import Rig
from tests.effort import example_count
from tests.paths import ROOT

settings.register_profile(
    "turngate", max_examples=example_count(100), deadline=None
)  # wall time depends on the load
settings.load_profile("turngate")

# Every HTTP client reads all authorities that it trusts, for 30 ms: in tests it is one, which signs nothing.
os.environ["SSL_CERT_FILE"] = str(ROOT / "tests" / "authority.pem")


def pytest_collection_finish() -> None:
    """Freeze the collected tests, so that the garbage collector does not scan them during the run."""
    tune_gc()


class _CrashRecorder(logging.Handler):
    """Records the crashes of simulators, which clients would treat as failures of the provider."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.crashes: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.crashes.append(self.format(record))


@pytest.fixture(autouse=True)
def simulator_crashes() -> Iterator[list[str]]:
    """Fail a test in which a simulator crashed; a test of crashes clears the list."""
    recorder, log = _CrashRecorder(), logging.getLogger("turngate.simulator")
    log.addHandler(recorder)
    yield recorder.crashes
    log.removeHandler(recorder)
    assert not recorder.crashes, recorder.crashes[0]


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """URL of this test process's own server, without persistence; of a cluster with TEST_CLUSTER=1."""
    with tempfile.TemporaryDirectory(prefix="tg") as folder:
        if os.environ.get("TEST_CLUSTER"):
            group = ClusterGroup(Path(folder), primaries=1, replicas=0)
            asyncio.run(group.start())
            yield group.url
            group.stop()
            return
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
    with open_sync_redis(redis_url) as client:
        yield client


@pytest.fixture
async def rig(redis: Redis) -> AsyncIterator[Rig]:
    """Processor of a session with a fake channel and a fake dialog."""
    rig = Rig(redis)
    yield rig
    await rig.mailbox.aclose()
