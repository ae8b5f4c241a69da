"""Outage of a primary: contacts of the others are served, the rest is refused completely."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from core.errors import StorageUnavailable
from core.ports import AcceptResult
from gateway.partitions.layout import admit_layout
from gateway.redis.connection.cluster.partition import Partition
from gateway.redis.connection.connect import open_partitions
from gateway.redis.server.readiness import Readiness
from gateway.storm.servers.cluster_group import ClusterGroup, running_cluster
from tests.gateway.partitions.inboxes import build_inbox, build_message
from tests.gateway.partitions.test_directory import find_names

COUNT = 4


@pytest.fixture
async def cluster() -> AsyncIterator[ClusterGroup]:
    async with running_cluster(primaries=3, replicas=0) as group:
        yield group


@pytest.mark.long
@pytest.mark.timeout(120)
async def test_contacts_of_other_primaries_are_served(cluster: ClusterGroup) -> None:
    async with AsyncExitStack() as opened:
        stores = open_partitions(cluster.url, COUNT, timeout=2.0)
        for each in stores:
            opened.push_async_callback(each.aclose)
        await admit_layout(stores[0], COUNT)
        inbox = build_inbox(stores)
        owners = [await cluster.find_owner(Partition(number).slot) for number in range(COUNT)]
        port = next(owner for owner in owners if owner != owners[0])
        gone = [number for number in range(COUNT) if owners[number] == port]
        known, new, lost = *find_names(0)[:2], find_names(gone[0])[0]
        await inbox.accept([build_message(1, known, known), build_message(1, lost, lost)])

        cluster.kill(port)

        assert await inbox.accept([build_message(2, known, known)]) == [AcceptResult.NEW]
        for name in (lost, new):  # of a new one every partition is asked
            with pytest.raises(StorageUnavailable):
                await inbox.accept([build_message(2, name, name)])
        problems = [await Readiness(each).storage_problem() for each in stores]
        assert [number for number, problem in enumerate(problems) if problem] == gone
