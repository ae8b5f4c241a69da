"""Mailbox of a partition: statuses find its messages, and rate limits count over all partitions."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from redis.asyncio import Redis

from core.ports import AcceptResult, RateLimit
from gateway.partitions.inbox import PartitionedInbox
from gateway.partitions.mailbox import HomePace, PartitionMailbox
from gateway.partitions.message_pointers import MessagePointers
from gateway.redis.connection.connect import open_redis
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.session_keys import message_key
from gateway.redis.records.sessions.log.session_log import read_log
from tests.gateway.partitions.inboxes import build_message, build_status
from tests.gateway.partitions.mailboxes import build_mailbox, commit_reply
from tests.gateway.partitions.test_directory import find_names


async def read_statuses(redis: Redis, session: str) -> list[str]:
    return [str(each.data["status"]) for each in await read_log(redis, session) if each.kind == "status"]


@pytest.mark.parametrize("comes_first", ["record", "status"])
async def test_a_status_reaches_its_message_whichever_comes_first(
    stores: Sequence[Redis], inbox: PartitionedInbox, comes_first: str
) -> None:
    session = find_names(2)[0]
    await inbox.accept([build_message(1, session)])
    mailbox = build_mailbox(stores, inbox, 2, {})
    claim, reply = await commit_reply(mailbox, session)
    await mailbox.mark_sending(claim.lease, reply)
    ids = [f"P{number}" for number in range(8)]  # in any partition by their hashes
    if comes_first == "status":
        assert set(await inbox.accept([build_status(each) for each in ids])) == {AcceptResult.EARLY}
    for each in ids:
        await mailbox.record_sent(claim.lease, reply, each)
    if comes_first == "record":
        assert set(await inbox.accept([build_status(each) for each in ids])) == {AcceptResult.NEW}

    assert await read_statuses(stores[2], session) == ["delivered"] * 8
    assert [await stores[2].hget(message_key("fake", each), "session") for each in ids] == [
        session.encode()
    ] * 8
    await mailbox.aclose()


async def test_a_status_between_the_two_steps_of_a_record_is_not_lost(
    stores: Sequence[Redis], inbox: PartitionedInbox
) -> None:
    session, pointers = find_names(2)[0], MessagePointers(stores)
    [provider_id, *_] = [id for number in range(9) if await pointers.find("fake", id := f"P{number}") != 2]
    await pointers.point("fake", provider_id, 2)  # the message is not recorded yet

    assert await inbox.accept([build_status(provider_id)]) == [AcceptResult.EARLY]

    await inbox.accept([build_message(1, session)])
    mailbox = build_mailbox(stores, inbox, 2, {})
    claim, reply = await commit_reply(mailbox, session)
    await mailbox.record_sent(claim.lease, reply, provider_id)
    assert await read_statuses(stores[2], session) == ["delivered"]
    await mailbox.aclose()


async def test_a_send_is_recorded_while_the_partition_of_its_pointer_is_away(
    stores: Sequence[Redis], inbox: PartitionedInbox
) -> None:
    session = find_names(2)[0]
    await inbox.accept([build_message(1, session)])
    closed, [provider_id, *_] = await cut_off_home(stores)
    pace, pointers = HomePace(stores[0], {}, ProtocolLimits()), MessagePointers(closed)
    mailbox = PartitionMailbox(2, inbox, pointers, pace, redis=stores[2])
    claim, reply = await commit_reply(mailbox, session)

    await mailbox.record_sent(claim.lease, reply, provider_id)

    assert await stores[2].hget(message_key("fake", provider_id), "session") == session.encode()
    await mailbox.aclose()


async def cut_off_home(stores: Sequence[Redis]) -> tuple[list[Redis], list[str]]:
    """Return the partitions with one that does not answer, and IDs of messages whose pointers are there."""
    pointers = MessagePointers(stores)
    away = open_redis("redis://127.0.0.1:1")
    homes = {f"P{number}": await pointers.find("fake", f"P{number}") for number in range(30)}
    return [away, *stores[1:]], [each for each, home in homes.items() if home == 0]


async def test_an_accounts_rate_limit_counts_the_sends_of_all_partitions(
    stores: Sequence[Redis], inbox: PartitionedInbox
) -> None:
    permits = []
    for number in range(4):
        session = find_names(number)[0]
        await inbox.accept([build_message(1, session)])
        mailbox = build_mailbox(stores, inbox, number, {"fake": RateLimit(account=1)})
        claim, reply = await commit_reply(mailbox, session)
        permits.append(await mailbox.mark_sending(claim.lease, reply))
        await mailbox.aclose()

    assert [each.granted for each in permits] == [True, False, False, False]
    assert permits[3].wait > permits[1].wait > 0
    assert {each.reason for each in permits[1:]} == {"rate limit"}
