"""Messages of the business over partitions: one id used for contacts of different partitions."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from redis.asyncio import Redis

from core.model import Message
from gateway.partitions.directory import PartitionDirectory
from gateway.partitions.inbox import PartitionedInbox
from gateway.partitions.records.messages import PartitionedMessages
from gateway.redis.inbox import RedisInbox
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.contacts.identities import IdentityResolver
from gateway.redis.sending.outbox import ProactiveSender
from tests.fakes import FakeChannel
from tests.gateway.partitions.inboxes import build_message
from tests.gateway.partitions.test_directory import find_names


@pytest.mark.parametrize("second_at_ms", [0, 3_600_000])
async def test_the_newest_message_of_an_id_is_found_in_any_partition(
    stores: Sequence[Redis], second_at_ms: int
) -> None:
    first, second = find_names(3)[0], find_names(1)[0]
    inbox = PartitionedInbox([IdentityResolver(each, RedisInbox(each)) for each in stores], stores)
    await inbox.accept([build_message(1, first), build_message(2, second)])
    senders = [ProactiveSender(each, {"fake": FakeChannel()}, ProtocolLimits()) for each in stores]
    records = PartitionedMessages(stores, PartitionDirectory(stores))
    seconds, _ = await stores[0].time()
    due = second_at_ms and seconds * 1000 + second_at_ms

    await senders[3].send(first, "own-rem", Message(text="one"))
    await senders[1].send(second, "own-rem", Message(text="two"), at_ms=due)

    newest, of_first = await records.find("rem"), await records.find("rem", first)
    assert newest is not None
    assert (newest.session, str(newest.outcome)) == (second, "scheduled" if due else "queued")
    assert of_first is not None
    assert of_first.session == first
