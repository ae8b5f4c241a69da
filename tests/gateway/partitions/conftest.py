"""Four partitions of a real cluster, empty before each test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from redis.asyncio import Redis

from gateway.partitions.inbox import PartitionedInbox
from gateway.partitions.layout import admit_layout
from gateway.redis.connection.connect import open_partitions
from gateway.storm.servers.cluster_group import ClusterGroup
from tests.gateway.partitions.inboxes import build_inbox

PARTITIONS = 4


@pytest.fixture(scope="package")
def cluster_url() -> Iterator[str]:
    with TemporaryDirectory(prefix="tg") as folder:
        group = ClusterGroup(Path(folder), primaries=1, replicas=0)
        asyncio.run(group.start())
        yield group.url
        group.stop()


@pytest.fixture
async def stores(cluster_url: str) -> AsyncIterator[Sequence[Redis]]:
    opened = open_partitions(cluster_url, PARTITIONS)
    await opened[0].flushall()
    await admit_layout(opened[0], PARTITIONS)
    yield opened
    for each in opened:
        await each.aclose()


@pytest.fixture
def inbox(stores: Sequence[Redis]) -> PartitionedInbox:
    return build_inbox(stores)
