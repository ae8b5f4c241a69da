"""Inbox over partitions: each event is stored once, in the partition of its contact."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from random import Random

import pytest
from redis.asyncio import Redis

from core.errors import StorageUnavailable
from core.model import (
    ConsentRequest,
    ControlAction,
    ControlReceived,
    Event,
    Ignored,
    Message,
    OptOutScope,
    TemplateChanged,
)
from core.ports import AcceptResult
from gateway.partitions.inbox import PartitionedInbox
from gateway.partitions.records.messages import PartitionedMessages
from gateway.redis.inbox import RedisInbox
from gateway.redis.lua import ProtocolLimits, load_script
from gateway.redis.records.contacts.identities import IdentityResolver, resolve_names
from gateway.redis.records.session_keys import session_key
from gateway.redis.records.sessions.log.message_timeline import MessageOutcome
from gateway.redis.sending.outbox import ProactiveSender
from gateway.redis.sending.send_outcome import SendOutcome
from tests.fakes import ADDRESS
from tests.gateway.partitions.inboxes import build_message, read_mailbox_lengths
from tests.gateway.partitions.test_directory import find_names


async def test_names_of_unknown_contacts_are_not_stored(
    stores: Sequence[Redis], inbox: PartitionedInbox
) -> None:
    number, conversation = find_names(1)[0], find_names(3)[0]
    report = Ignored(reason="matched", aliases=(conversation, number), joins_known=True)
    await inbox.accept([report])
    assert [key for each in stores async for key in each.scan_iter("tg:p[el]*")] == []

    for event in (build_message(1, number), report, build_message(2, conversation, conversation)):
        await inbox.accept([event])
    assert await inbox.find_session(conversation) == number
    assert await read_mailbox_lengths(stores, number) == [0, 2, 0, 0]


async def test_the_messages_of_a_request_go_to_their_contacts_partitions(
    stores: Sequence[Redis], inbox: PartitionedInbox
) -> None:
    sessions = [find_names(number)[0] for number in (3, 0, 3, 1)]
    events = [build_message(index, session) for index, session in enumerate(sessions)]

    assert await inbox.accept(events) == [AcceptResult.NEW] * 4
    assert await inbox.accept(events) == [AcceptResult.DUPLICATE] * 4

    assert await read_mailbox_lengths(stores, sessions[0]) == [0, 0, 0, 2]
    assert await read_mailbox_lengths(stores, sessions[1]) == [1, 0, 0, 0]
    assert await inbox.find_session(sessions[3]) == sessions[3]


async def test_a_second_name_of_a_contact_leads_to_the_session(
    stores: Sequence[Redis], inbox: PartitionedInbox
) -> None:
    number, user = find_names(2)[0], find_names(1)[0]
    await inbox.accept([build_message(1, number, number)])

    await inbox.accept([build_message(2, user, user, number)])
    await inbox.accept([build_message(3, user, user)])

    assert await read_mailbox_lengths(stores, number) == [0, 0, 3, 0]


async def test_an_opt_out_under_one_name_counts_for_the_contact_under_all(
    stores: Sequence[Redis], inbox: PartitionedInbox
) -> None:
    first, second = find_names(2)[0], find_names(1)[0]
    await inbox.accept([build_message(1, first, first)])
    stop = ControlReceived(id="stop", session=second, address=ADDRESS, act=ControlAction.OPT_OUT)
    await inbox.accept([build_message(2, second, second), stop])
    await stores[1].delete(session_key(second, ":mail"))  # it was processed

    await inbox.accept([build_message(3, first, first, second)])  # both names are one contact's

    assert await stores[2].hget(session_key(first), "optout") == b"1"
    assert await stores[1].hget(session_key(second), "owner") == b"closed"
    await inbox.accept([build_message(4, second, second)])
    assert await read_mailbox_lengths(stores, first) == [0, 0, 3, 0]


async def test_what_a_session_in_another_partition_has_received_and_sent_is_not_new(
    stores: Sequence[Redis], inbox: PartitionedInbox
) -> None:
    first, second = find_names(2)[0], find_names(1)[0]
    await inbox.accept([build_message(1, first, first), build_message(2, second, second)])
    news = Message(text="news")
    await ProactiveSender(stores[1], {}, ProtocolLimits()).send(second, "own-1", news)

    await inbox.accept([build_message(3, first, first, second)])  # both names are one contact's

    assert await inbox.accept([build_message(2, second, second)]) == [AcceptResult.DUPLICATE]
    assert await read_mailbox_lengths(stores, first) == [0, 0, 2, 0]
    sender = ProactiveSender(stores[await inbox.place_contact([second])], {}, ProtocolLimits())
    session = await inbox.find_session(second)
    receipts = [await sender.send(session, key, news) for key in ("own-1", "own-2")]
    assert [each.outcome for each in receipts] == [SendOutcome.DUPLICATE, SendOutcome.QUEUED]
    assert (await sender.send(session, "own-1", Message(text="other"))).outcome is SendOutcome.ID_USED
    assert (await sender.send(second, "own-3", news)).session == session
    report = await PartitionedMessages(stores, inbox.directory).find("1", session)
    assert report is not None
    assert report.outcome is MessageOutcome.QUEUED


async def test_a_message_on_its_way_to_a_session_that_is_joined_meanwhile_is_accepted_once(
    stores: Sequence[Redis], inbox: PartitionedInbox
) -> None:
    first, second = find_names(2)[0], find_names(1)[0]

    class LateInbox(IdentityResolver):
        """Takes events only after their contact was joined with one of another partition."""

        async def accept(self, events: Sequence[Event]) -> list[AcceptResult]:
            await inbox.accept([build_message(3, first, first, second)])
            return await super().accept(events)

    delayed = [
        (LateInbox if number == 1 else IdentityResolver)(each, RedisInbox(each))
        for number, each in enumerate(stores)
    ]
    await inbox.accept([build_message(1, first, first)])

    late = PartitionedInbox(delayed, stores)
    assert await late.accept([build_message(2, second, second)]) == [AcceptResult.NEW]

    assert await inbox.accept([build_message(2, second, second)]) == [AcceptResult.DUPLICATE]
    assert await read_mailbox_lengths(stores, first) == [0, 0, 3, 0]
    assert await read_mailbox_lengths(stores, second) == [0, 0, 0, 0]


async def test_what_waits_in_a_session_that_is_joined_is_answered(
    stores: Sequence[Redis], inbox: PartitionedInbox
) -> None:
    first, second = find_names(2)[0], find_names(1)[0]
    await inbox.accept([build_message(1, first, first), build_message(2, second, second)])

    await inbox.accept([build_message(3, first, first, second)])

    assert await stores[1].llen(session_key(second, ":mail")) == 1
    assert await stores[1].hget(session_key(second), "owner") != b"closed"


async def test_a_contact_who_is_joined_back_is_taken_again(
    stores: Sequence[Redis], inbox: PartitionedInbox
) -> None:
    first, second = find_names(2)[0], find_names(1)[0]
    await inbox.accept([build_message(1, first, first), build_message(2, second, second)])
    await inbox.accept([build_message(3, first, first, second)])
    await inbox.directory.move([second], 1)

    assert await inbox.accept([build_message(4, second, second)]) == [AcceptResult.NEW]

    assert await stores[1].llen(session_key(second, ":mail")) == 2


async def test_a_join_that_was_cut_off_keeps_no_message_away(
    stores: Sequence[Redis], inbox: PartitionedInbox
) -> None:
    [session] = find_names(1)[:1]
    await inbox.accept([build_message(1, session)])
    await load_script("leave_partition", ProtocolLimits())(stores[1], [session, 1])

    assert await inbox.accept([build_message(2, session)]) == [AcceptResult.NEW]


async def test_sessions_that_share_an_opt_out_are_in_one_partition(
    stores: Sequence[Redis], inbox: PartitionedInbox
) -> None:
    shared, first, second = "fake:*sms:+15550123", find_names(2)[0], find_names(1)[0]
    stop = build_message(1, first, first).model_copy(
        update={"consent_names": (shared,), "request": ConsentRequest.OPT_OUT}
    )
    await inbox.accept([stop])

    number = await inbox.place_contact((second, shared))
    session = await resolve_names(stores[number], (second,), 60_000, consent_names=(shared,))
    await IdentityResolver(stores[number], RedisInbox(stores[number])).accept(
        [build_message(2, second, second)]
    )
    sent = await ProactiveSender(stores[number], {}, ProtocolLimits()).send(
        session, "own-1", Message(text="news")
    )

    assert (number, session) == (2, second)
    assert sent.outcome is SendOutcome.OPTED_OUT


async def test_an_opt_out_without_any_message_counts_for_the_contact_under_all_names(
    stores: Sequence[Redis], inbox: PartitionedInbox
) -> None:
    first, second, third = find_names(2)[0], find_names(1)[0], find_names(1)[1]
    await inbox.accept([build_message(1, first, first)])
    for name in (second, third):
        stop = ControlReceived(id="stop", session=name, address=ADDRESS, act=ControlAction.OPT_OUT)
        await inbox.accept([stop])

    await inbox.accept([build_message(2, first, first, second)])
    by_message = await stores[2].hget(session_key(first), "optout")
    await stores[2].delete(session_key(first), "tg:optout_names")
    await inbox.place_contact((first, third))  # the business writes first

    assert by_message == await stores[2].hget(session_key(first), "optout") == b"1"


async def test_a_number_that_somebody_else_has_now_brings_no_opt_out_with_it(
    stores: Sequence[Redis], inbox: PartitionedInbox
) -> None:
    other, number, user = find_names(1)[0], "fake:+15550123", find_names(2)[0]
    stop = ControlReceived(
        id="stop", session=other, address=ADDRESS, act=ControlAction.OPT_OUT, scope=OptOutScope.ALL
    )
    await inbox.accept([build_message(1, other, other, number), stop])
    await inbox.accept([build_message(2, user, user)])

    await inbox.accept([build_message(3, user, user, number)])

    assert await stores[2].hget(session_key(user), "optout") in (None, b"0")
    assert await stores[1].hget(session_key(other), "owner") != b"closed"


async def test_a_change_of_a_template_is_known_in_every_partition(
    stores: Sequence[Redis], inbox: PartitionedInbox
) -> None:
    event = TemplateChanged(channel="fake", name="hello", language="en", status="paused")

    assert await inbox.accept([event]) == [AcceptResult.NEW]

    assert [await each.hvals("tg:template_states") for each in stores] == [[b"paused"]] * 4


async def test_a_partition_that_does_not_answer_leaves_the_request_to_be_repeated(
    stores: Sequence[Redis], inbox: PartitionedInbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = [build_message(1, find_names(0)[0]), build_message(2, find_names(1)[0])]
    await inbox.accept(events)

    class UnavailableInbox(RedisInbox):
        async def accept(self, events: object) -> list[AcceptResult]:
            raise StorageUnavailable("away")

    broken = [
        IdentityResolver(each, UnavailableInbox(each) if number == 1 else RedisInbox(each))
        for number, each in enumerate(stores)
    ]
    events = [build_message(3, find_names(0)[0]), build_message(4, find_names(1)[0])]
    with pytest.raises(StorageUnavailable):
        await PartitionedInbox(broken, stores).accept(events)

    assert await inbox.accept(events) == [AcceptResult.DUPLICATE, AcceptResult.NEW]


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_names_come_together_lead_to_one_session_from_then_on(
    stores: Sequence[Redis], inbox: PartitionedInbox, seed: int
) -> None:
    random = Random(seed)
    names = [f"fake:user{letter}" for letter in "abcdefghij"]
    for number in range(40):
        aliases = random.sample(names, random.choice((1, 1, 2, 3)))
        results = await asyncio.gather(
            *(inbox.accept([build_message(number, aliases[0], *aliases)]) for _ in range(2))
        )

        assert sorted(each[0] for each in results) == [AcceptResult.DUPLICATE, AcceptResult.NEW]
        assert len({await inbox.find_session(each) for each in aliases}) == 1
        assert len({await inbox.directory.find(each) for each in aliases}) == 1

    lengths = [await each.llen(key) for each in stores async for key in each.scan_iter("tg:{*}:mail")]
    assert sum(lengths) == 40
