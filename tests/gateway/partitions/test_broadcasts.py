"""Broadcasts over partitions: each contact exactly one message, the progress is that of the whole."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from redis.asyncio import Redis

from core.errors import StorageUnavailable
from core.model import ControlAction
from gateway.broadcasts.broadcast import BroadcastState
from gateway.broadcasts.message_outcomes import follow_messages
from gateway.broadcasts.partitioned_broadcasts import PartitionedBroadcasts
from gateway.broadcasts.recipient_file import Recipient
from gateway.broadcasts.store import BroadcastAct, StartResult
from gateway.partitions.inbox import PartitionedInbox
from gateway.partitions.records.contact_partitions import build_messages, build_opt_outs
from gateway.redis.connection.replication import ReplicaConfirmation
from gateway.redis.inbox import RedisInbox
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.contacts.identities import IdentityResolver
from tests.channels.twilio.builders import build_channel
from tests.gateway.environments.broadcasts import SPRING, BroadcastRig, build_number, build_rows

REPLICAS = 2


class Partitions:
    """A gateway for each partition, and the broadcasts of all."""

    def __init__(self, stores: Sequence[Redis]) -> None:
        self.stores = stores
        self._channels: Any = {"twilio": build_channel()}
        self.rigs = [BroadcastRig(store) for store in stores]
        self.store = self.build_store()

    def build_store(self, confirmations: Sequence[ReplicaConfirmation] = ()) -> PartitionedBroadcasts:
        inboxes = [IdentityResolver(each, RedisInbox(each)) for each in self.stores]
        place = PartitionedInbox(inboxes, self.stores).place_contact
        return PartitionedBroadcasts(self.stores, ProtocolLimits(), self._channels, place, confirmations)

    async def run(self) -> None:
        await asyncio.gather(*(rig.run() for rig in self.rigs))

    def receivers(self) -> list[str]:
        return sorted(receiver for rig in self.rigs for receiver in rig.receivers())


@pytest.fixture
async def partitions(stores: Sequence[Redis]) -> AsyncIterator[Partitions]:
    made = Partitions(stores)
    yield made
    for rig in made.rigs:
        await rig.gateway.mailbox.aclose()


async def test_every_contact_of_every_partition_gets_one_message(partitions: Partitions) -> None:
    recipients = [
        *build_rows(12),
        build_rows(4)[3].model_copy(update={"line": 20}),
        Recipient(line=21, to="nobody"),
    ]

    assert await partitions.store.start(SPRING, recipients) is StartResult.STARTED
    await partitions.run()

    assert partitions.receivers() == [build_number(each) for each in range(12)]
    assert sum(bool(rig.receivers()) for rig in partitions.rigs) > 1
    progress = await partitions.store.read("spring")
    assert progress is not None
    assert (progress.state, progress.total, progress.sent, progress.skipped) == ("finished", 14, 12, 2)
    outcomes = [(row.line, out) async for row, out in partitions.store.read_outcomes("spring")]
    assert [line for line, _ in outcomes] == [each.line for each in recipients]
    rows, messages = partitions.store.read_outcomes("spring"), build_messages(partitions.stores)
    present = [row.outcome async for _, row in follow_messages(rows, messages, SPRING) if row]
    assert present == ["sent"] * 12 + ["skipped"] * 2
    assert outcomes[12][1] is not None
    assert outcomes[12][1].reason == "the same contact as in line 5"
    assert await partitions.store.start(SPRING, recipients) is StartResult.RUNNING_ALREADY
    assert await partitions.store.start(SPRING, build_rows(3)) is StartResult.OTHER
    await partitions.run()
    assert len(partitions.receivers()) == 12


async def test_a_start_that_was_cut_off_is_repeated(partitions: Partitions) -> None:
    divided = await partitions.store._divide(SPRING, build_rows(8))
    await partitions.rigs[3].store.start(SPRING, divided[3], SPRING.digest(build_rows(8)))
    progress = await partitions.store.read("spring")
    assert progress is not None
    assert progress.state is BroadcastState.LOADING

    assert await partitions.store.start(SPRING, build_rows(8)) is StartResult.STARTED
    await partitions.run()

    assert partitions.receivers() == [build_number(each) for each in range(8)]


async def test_pause_and_stop_are_those_of_all_partitions(partitions: Partitions) -> None:
    await partitions.store.start(SPRING, build_rows(8))
    assert await partitions.store.change("spring", BroadcastAct.PAUSE)
    progress = await partitions.store.read("spring")
    assert progress is not None
    assert progress.state is BroadcastState.PAUSED
    assert await partitions.store.change("spring", BroadcastAct.STOP)
    await partitions.run()

    assert partitions.receivers() == []


async def test_a_partition_without_its_replicas_keeps_no_other_from_a_stop(partitions: Partitions) -> None:
    confirmed = partitions.build_store(
        [
            ReplicaConfirmation(each, REPLICAS if each is partitions.stores[0] else 0, 0.05)
            for each in partitions.stores
        ]
    )
    await partitions.store.start(SPRING, build_rows(12))

    for _ in range(2):
        with pytest.raises(StorageUnavailable, match="of 2 replicas"):
            await confirmed.change("spring", BroadcastAct.STOP)

    assert [await rig.store.running() for rig in partitions.rigs] == [[]] * len(partitions.rigs)


async def test_a_repeated_start_is_confirmed_by_replicas_too(partitions: Partitions) -> None:
    confirmed = partitions.build_store(
        [ReplicaConfirmation(each, REPLICAS, 0.05) for each in partitions.stores]
    )
    await partitions.store.start(SPRING, build_rows(3))

    with pytest.raises(StorageUnavailable, match="of 2 replicas"):
        await confirmed.start(SPRING, build_rows(3))


async def test_a_contact_who_opted_out_in_another_partition_gets_nothing(partitions: Partitions) -> None:
    await partitions.store.start(SPRING.model_copy(update={"name": "first"}), build_rows(4))
    await partitions.run()
    opt_outs = build_opt_outs(partitions.stores, [RedisInbox(each) for each in partitions.stores])
    await opt_outs.change(build_number(2), ControlAction.OPT_OUT)

    await partitions.store.start(SPRING, build_rows(4))
    await partitions.run()

    assert partitions.receivers().count(build_number(2)) == 1
    assert len(partitions.receivers()) == 7
