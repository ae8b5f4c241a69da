"""Messages of the business to a contact whose session has ended in one partition and goes on in another."""

from __future__ import annotations

import json
from collections.abc import Sequence
from time import monotonic
from typing import Any
from unittest.mock import ANY

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from core.model import ConsentRequest, ControlAction, ControlReceived, Message, Owner
from core.ports import Claim, Commit, SessionView
from gateway.broadcasts.feeder import BroadcastFeeder
from gateway.broadcasts.partitioned_broadcasts import PartitionedBroadcasts
from gateway.broadcasts.recipient_file import Recipient
from gateway.partitions.inbox import PartitionedInbox
from gateway.partitions.records.contact_partitions import build_opt_outs
from gateway.partitions.sender import PartitionedSender
from gateway.redis.inbox import RedisInbox
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.contacts.identities import IdentityResolver
from gateway.redis.records.schedule import CancelOutcome
from gateway.redis.records.session_keys import session_key
from gateway.redis.sending.first_contact import find_conversation, names_of
from gateway.redis.sending.outbox import ProactiveSender
from gateway.redis.sending.schedule_releaser import ScheduleReleaser
from gateway.redis.sending.send_outcome import SendOutcome
from tests.channels.whatsapp import builders as whatsapp
from tests.fakes import ADDRESS
from tests.gateway.environments.broadcasts import SPRING
from tests.gateway.partitions.conftest import PARTITIONS
from tests.gateway.partitions.inboxes import build_message
from tests.gateway.partitions.mailboxes import build_mailbox, commit_reply
from tests.gateway.partitions.test_directory import find_names
from tests.gateway.partitions.test_join_interleavings import StoppedProcess
from tests.gateway.stopped_process import StoppedCalls

LIMITS = ProtocolLimits()
CHANNELS: Any = {"whatsapp": whatsapp.build_channel()}
NEWS = Message(text="news")
FIRST, SECOND = find_names(2)[0], find_names(1)[0]
HOUR_MS = 3_600_000


def build_senders(
    stores: Sequence[Redis], inbox: PartitionedInbox
) -> tuple[list[ProactiveSender], PartitionedSender]:
    senders = [ProactiveSender(each, CHANNELS, LIMITS) for each in stores]
    return senders, PartitionedSender(senders, stores, CHANNELS, inbox, LIMITS)


async def read_outbox(store: Redis, session: str) -> list[str]:
    """Return the bodies of the replies that wait in a session."""
    replies: Any = await store.lrange(session_key(session, ":out"), 0, -1)
    return [json.loads(each)["body"] for each in replies]


@pytest.fixture
async def scheduled(stores: Sequence[Redis], inbox: PartitionedInbox) -> ScheduleReleaser:
    """Two names in partitions of their own, a scheduled message for the second, and its releaser."""
    senders, everywhere = build_senders(stores, inbox)
    await inbox.accept([build_message(1, FIRST, FIRST), build_message(2, SECOND, SECOND)])
    seconds, _ = await stores[1].time()
    later = int(seconds) * 1000 + HOUR_MS
    receipt = await everywhere.send(SECOND, "own-1", NEWS, at_ms=later)
    assert receipt.outcome is SendOutcome.SCHEDULED
    return ScheduleReleaser(stores[1], senders[1], LIMITS, elsewhere=everywhere)


async def let_become_due(store: Redis) -> None:
    members: Any = await store.zrange("tg:schedule", 0, -1)
    assert members
    await store.zadd("tg:schedule", dict.fromkeys(members, 1))


async def test_a_scheduled_message_follows_its_contact(
    stores: Sequence[Redis], inbox: PartitionedInbox, scheduled: ScheduleReleaser
) -> None:
    await inbox.accept([build_message(3, FIRST, FIRST, SECOND)])
    await let_become_due(stores[1])

    assert await scheduled.release_due() == 1

    assert await read_outbox(stores[2], FIRST) == ["news"]
    assert await read_outbox(stores[1], SECOND) == []
    assert await stores[1].zcard("tg:schedule") == 0


async def test_a_scheduled_message_can_be_cancelled_after_a_join(
    stores: Sequence[Redis], inbox: PartitionedInbox, scheduled: ScheduleReleaser
) -> None:
    await inbox.accept([build_message(3, FIRST, FIRST, SECOND)])
    everywhere = build_senders(stores, inbox)[1]

    assert await everywhere.cancel(SECOND, "own-1") is CancelOutcome.CANCELLED
    assert await everywhere.cancel(SECOND, "own-2") is CancelOutcome.UNKNOWN

    assert await stores[1].zcard("tg:schedule") == 0


async def test_a_scheduled_message_is_refused_to_whoever_opted_out_elsewhere(
    stores: Sequence[Redis], inbox: PartitionedInbox, scheduled: ScheduleReleaser
) -> None:
    await inbox.accept([build_message(3, FIRST, FIRST, SECOND)])
    stop = ControlReceived(
        id="stop", session=FIRST, address=ADDRESS, act=ControlAction.OPT_OUT, aliases=(FIRST,)
    )
    await inbox.accept([stop])
    await let_become_due(stores[1])

    await scheduled.release_due()

    assert [await read_outbox(each, name) for each in stores for name in (FIRST, SECOND)] == [[]] * 8
    assert await stores[1].zcard("tg:schedule") == 0


async def test_a_message_is_sent_once_wherever_its_contact_is_joined_meanwhile(
    stores: Sequence[Redis], inbox: PartitionedInbox, cluster_url: str
) -> None:
    """The sender is stopped before each of its calls, while the contact's names are joined."""
    await inbox.accept([build_message(1, FIRST, FIRST)])
    for limit in range(1, 100):
        name = f"{SECOND}:{limit}"
        await inbox.accept([build_message(2, name, name)])
        home = await inbox.directory.find(name)

        async def join(name: str = name, limit: int = limit) -> None:
            await inbox.accept([build_message(10 + limit, FIRST, FIRST, name)])

        process = StoppedProcess(cluster_url, limit, join)
        sender = build_senders(process.stores, process.inbox)[1]
        receipt = await sender.send(name, f"own-{limit}", NEWS)
        again = await sender.send(name, f"own-{limit}", NEWS)
        await process.aclose()

        outcomes = (receipt.outcome, again.outcome)
        assert outcomes == (SendOutcome.QUEUED, SendOutcome.DUPLICATE), f"joined before call {limit}"
        sent = [*await read_outbox(stores[2], FIRST), *await read_outbox(stores[home], name)]
        assert len(sent) == 1, f"joined before call {limit}"
        await stores[2].delete(session_key(FIRST, ":out"))
        if not process.was_stopped:
            return
    raise AssertionError("the send does not end")


async def test_a_row_of_a_broadcast_follows_its_contact(
    stores: Sequence[Redis], inbox: PartitionedInbox
) -> None:
    senders, everywhere = build_senders(stores, inbox)
    broadcast = SPRING.model_copy(update={"channel": "whatsapp", "sender": whatsapp.OURS})
    row = Recipient(line=2, to="+12025550111", variables={"name": "Kim"})
    [name, *_] = names_of(find_conversation(CHANNELS, broadcast.contact(row.to)))
    home = await inbox.place_contact((name,))
    target = (home + 1) % PARTITIONS
    first = find_names(target)[0]
    broadcasts = PartitionedBroadcasts(stores, LIMITS, CHANNELS, inbox.place_contact)
    await inbox.accept([build_message(1, first, first), build_message(2, name, name)])
    await broadcasts.start(broadcast, [row])
    await inbox.accept([build_message(3, first, first, name)])

    for store, sender in zip(stores, senders, strict=True):
        await BroadcastFeeder(store, sender, LIMITS, elsewhere=everywhere).feed_all()

    assert await read_outbox(stores[target], first) == ["Hello Kim, it is spring."]
    assert await read_outbox(stores[home], name) == []
    progress = await broadcasts.read("spring")
    assert progress is not None
    assert (progress.processed, progress.waiting) == (1, 1)


async def test_an_opt_out_after_a_join_counts_for_what_still_waits(
    stores: Sequence[Redis], inbox: PartitionedInbox
) -> None:
    await inbox.accept([build_message(1, FIRST, FIRST), build_message(2, SECOND, SECOND)])
    mailbox = build_mailbox(stores, inbox, 1, {})
    claim, reply = await commit_reply(mailbox, SECOND)
    await inbox.accept([build_message(3, FIRST, FIRST, SECOND)])
    stop = build_message(4, FIRST, FIRST).model_copy(update={"request": ConsentRequest.OPT_OUT})
    await inbox.accept([stop])

    permit = await mailbox.mark_sending(claim.lease, reply)

    assert await stores[2].hget(session_key(FIRST), "optout") == b"1"
    assert (permit.granted, permit.wait) == (False, 0.0)
    await mailbox.aclose()


@pytest.mark.parametrize("act", [ControlAction.TAKE_OVER, ControlAction.OPT_OUT])
@pytest.mark.parametrize("is_before", [True, False])
async def test_an_agent_and_an_opt_out_hold_back_what_waits_in_the_session_that_ended(
    stores: Sequence[Redis], inbox: PartitionedInbox, act: ControlAction, is_before: bool
) -> None:
    """Before the join, or after it: the reply waited for its provider meanwhile."""
    await inbox.accept([build_message(1, FIRST, FIRST), build_message(2, SECOND, SECOND)])
    mailbox = build_mailbox(stores, inbox, 1, {})
    claim, reply = await commit_reply(mailbox, SECOND)
    await mailbox.postpone(claim.lease, 60, "the provider is down", reply=reply)
    join = build_message(3, FIRST, FIRST, SECOND)
    control = ControlReceived(id="c", session=FIRST, address=ADDRESS, act=act)
    await inbox.accept([control, join] if is_before else [join, control])
    await inbox.accept([build_message(4, FIRST, FIRST)])

    await stores[1].hdel(session_key(SECOND), "hold")
    again = await mailbox.claim(SECOND)
    assert again is not None
    permit = await mailbox.mark_sending(again.lease, reply)

    assert (permit.granted, permit.wait) == (False, 0.0)
    assert await read_outbox(stores[1], SECOND) == []
    assert await stores[1].zrange("tg:desk", 0, -1) == []
    await mailbox.aclose()


@pytest.mark.parametrize("lease_is_lost", [False, True])
async def test_what_waits_is_left_while_the_partition_of_its_contact_does_not_answer(
    stores: Sequence[Redis], inbox: PartitionedInbox, lease_is_lost: bool
) -> None:
    """A host that is gone may be noticed later than the lease lasts."""
    await inbox.accept([build_message(1, FIRST, FIRST), build_message(2, SECOND, SECOND)])
    await inbox.accept([build_message(3, FIRST, FIRST, SECOND)])
    mailbox = build_mailbox(stores, inbox, 1, {})

    async def fail() -> None:
        if lease_is_lost:
            await stores[1].hdel(session_key(SECOND), "lease")
        raise RedisConnectionError

    StoppedCalls([stores[2]], 1, fail)

    assert await mailbox.claim(SECOND) is None
    assert await stores[1].hexists(session_key(SECOND), "hold") is not lease_is_lost
    assert not await stores[1].hget(session_key(SECOND), "started")  # this worker has not died
    await mailbox.aclose()


async def test_an_opt_out_holds_back_what_runs_apart_after_deaths_of_workers_too(
    stores: Sequence[Redis], inbox: PartitionedInbox
) -> None:
    await inbox.accept([build_message(1, FIRST, FIRST), build_message(2, SECOND, SECOND)])
    mailbox = build_mailbox(stores, inbox, 1, {})
    claim, reply = await commit_reply(mailbox, SECOND)
    await inbox.accept([ControlReceived(id="c", session=FIRST, address=ADDRESS, act=ControlAction.OPT_OUT)])
    await inbox.accept([build_message(3, FIRST, FIRST, SECOND)])
    assert await stores[1].hget(session_key(SECOND), "optout") is None

    fence, suspicion = claim.lease.fence.encode(), 1
    apart = await mailbox.decode_claim(SECOND, [fence, 6_000, suspicion], monotonic())

    assert apart == Claim(lease=ANY, view=SessionView(), suspicion=suspicion, is_started=False)
    assert not (await mailbox.mark_sending(claim.lease, reply)).granted
    assert await read_outbox(stores[1], SECOND) == []
    await mailbox.aclose()


async def test_an_agent_answers_what_waits_in_the_session_that_ended(
    stores: Sequence[Redis], inbox: PartitionedInbox
) -> None:
    await inbox.accept([build_message(1, FIRST, FIRST), build_message(2, SECOND, SECOND)])
    await inbox.accept([build_message(3, FIRST, FIRST, SECOND)])
    control = ControlReceived(id="c", session=FIRST, address=ADDRESS, act=ControlAction.TAKE_OVER)
    await inbox.accept([control])
    mailbox = build_mailbox(stores, inbox, 1, {})

    claim = await mailbox.claim(SECOND)

    assert claim is not None
    assert (len(claim.view.turns), claim.view.owner) == (1, Owner.CLOSED)
    await mailbox.aclose()


async def test_an_opt_out_by_the_operator_counts_in_the_session_that_ended_too(
    stores: Sequence[Redis], inbox: PartitionedInbox
) -> None:
    await inbox.accept([build_message(1, FIRST, FIRST), build_message(2, SECOND, SECOND)])
    await inbox.accept([build_message(3, FIRST, FIRST, SECOND)])

    opt_outs = build_opt_outs(stores, [IdentityResolver(each, RedisInbox(each)) for each in stores])
    await opt_outs.change(FIRST, ControlAction.OPT_OUT)
    await opt_outs.change(SECOND, ControlAction.OPT_OUT)

    assert await stores[2].hget(session_key(FIRST), "optout") == b"1"
    assert await stores[1].hget(session_key(SECOND), "optout") == b"1"


async def test_an_opt_out_by_the_dialog_counts_where_the_contact_is(
    stores: Sequence[Redis], inbox: PartitionedInbox
) -> None:
    await inbox.accept([build_message(1, FIRST, FIRST), build_message(2, SECOND, SECOND)])
    mailbox = build_mailbox(stores, inbox, 1, {})
    claim = await mailbox.claim(SECOND)
    assert claim is not None
    await inbox.accept([build_message(3, FIRST, FIRST, SECOND)])

    await mailbox.commit(claim.lease, Commit(turns=claim.view.turns, replies=(), state={}, opts_out=True))

    assert await stores[2].hget(session_key(FIRST), "optout") == b"1"
    assert await stores[1].hget(session_key(SECOND), "optout") == b"1"
    await mailbox.aclose()
