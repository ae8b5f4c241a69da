"""Messages of a joined session are duplicates in the remaining one."""

from __future__ import annotations

from time import time
from typing import Any

import pytest
from redis.asyncio import Redis

from core.model import Address, ControlAction, ControlReceived, Ignored, Message, Turn, TurnReceived
from core.ports import AcceptResult
from gateway.redis.inbox import RedisInbox
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.contacts.identities import IdentityResolver
from gateway.redis.records.sessions.log.message_timeline import MessageOutcome
from gateway.redis.records.sessions.proactive_messages import ProactiveMessages
from gateway.redis.sending.first_contact import ContactAddress
from gateway.redis.sending.outbox import ProactiveSender
from gateway.redis.sending.schedule_releaser import ScheduleReleaser
from gateway.redis.sending.send_outcome import SendOutcome
from tests.channels.whatsapp import builders as meta

NUMBER, USER = f"whatsapp:{meta.OURS}:+{meta.PHONE}", f"whatsapp:{meta.OURS}:{meta.USER_ID}"
ADDRESS = Address(channel="whatsapp", account=meta.ACCOUNT, ours=meta.OURS, theirs=meta.PHONE)
CONTACT = ContactAddress(channel="whatsapp", to=f"+{meta.PHONE}", sender=meta.OURS)
NEWS = Message(text="Your parcel is here.")


class Contact:
    """A contact with two sessions, by number and by user ID, until a message has both."""

    def __init__(self, redis: Redis) -> None:
        self.redis = redis
        self.inbox = IdentityResolver(redis, RedisInbox(redis))
        self.sender = ProactiveSender(redis, {"whatsapp": meta.build_channel()}, ProtocolLimits())
        self.records = ProactiveMessages(redis)

    async def say(self, number: int, *names: str) -> AcceptResult:
        turn = Turn(id=f"wamid.{number}", session=names[0], address=ADDRESS, text="Hi")
        [result] = await self.inbox.accept([TurnReceived(turn=turn, aliases=names)])
        return result

    async def join(self) -> None:
        assert await self.say(8, NUMBER) is AcceptResult.NEW
        assert await self.say(9, USER) is AcceptResult.NEW
        assert await self.say(10, USER, NUMBER) is AcceptResult.NEW
        assert await self.inbox.find_session(NUMBER) == USER

    async def count_waiting(self) -> int:
        return sum([await self.redis.llen(f"tg:{{{each}}}:out") for each in (NUMBER, USER)])


@pytest.fixture
def contact(redis: Redis) -> Contact:
    return Contact(redis)


@pytest.mark.parametrize(
    ("act", "field", "value"),
    [(ControlAction.TAKE_OVER, "owner", b"human"), (ControlAction.OPT_OUT, "optout", b"1")],
)
async def test_an_act_that_was_on_its_way_to_the_former_session_counts_in_the_remaining_one(
    contact: Contact, act: ControlAction, field: str, value: bytes
) -> None:
    await contact.join()
    late = ControlReceived(id="late", session=NUMBER, address=ADDRESS, act=act)  # resolved before the join

    assert await RedisInbox(contact.redis).accept([late]) == [AcceptResult.NEW]

    assert await contact.redis.hget(f"tg:{{{USER}}}", field) == value
    assert await RedisInbox(contact.redis).accept([late]) == [AcceptResult.DUPLICATE]


async def test_an_opt_out_of_the_former_session_counts_for_what_waits_there(contact: Contact) -> None:
    await contact.join()
    stop = ControlReceived(id="stop", session=NUMBER, address=ADDRESS, act=ControlAction.OPT_OUT)

    await RedisInbox(contact.redis).accept([stop])

    assert await contact.redis.hget(f"tg:{{{NUMBER}}}", "optout") == b"1"


async def test_a_webhook_of_the_former_session_that_is_repeated_is_not_a_new_message(
    contact: Contact,
) -> None:
    await contact.say(1, NUMBER)
    await contact.join()

    assert [await contact.say(number, NUMBER) for number in (1, 1, 2)] == [
        AcceptResult.DUPLICATE,
        AcceptResult.DUPLICATE,
        AcceptResult.NEW,
    ]


async def test_a_message_that_a_request_brings_late_to_the_former_session_is_known_too(
    contact: Contact,
) -> None:
    await contact.join()
    late = Turn(id="wamid.1", session=NUMBER, address=ADDRESS, text="Hi")
    await RedisInbox(contact.redis).accept([TurnReceived(turn=late)])  # resolved before they were joined

    assert await contact.say(1, NUMBER) is AcceptResult.DUPLICATE


async def test_sessions_that_are_joined_one_after_the_other_are_all_followed(contact: Contact) -> None:
    other = f"whatsapp:{meta.OURS}:US.other"
    await contact.say(1, NUMBER)
    await contact.join()
    await contact.say(11, other)
    await contact.inbox.accept([Ignored(reason="changed user id", aliases=(other, USER))])
    assert await contact.inbox.find_session(USER) == other

    assert await contact.say(1, other, NUMBER) is AcceptResult.DUPLICATE


async def test_sessions_that_are_joined_in_both_directions_take_new_messages(contact: Contact) -> None:
    await contact.join()
    await contact.redis.hset(f"tg:person:{NUMBER}", "session", NUMBER)  # a name of it that was left
    await contact.say(11, NUMBER, USER)
    assert await contact.inbox.find_session(USER) == NUMBER

    results = [await contact.say(number, NUMBER) for number in (8, 9, 11, 12)]
    assert results == [*[AcceptResult.DUPLICATE] * 3, AcceptResult.NEW]


async def test_a_message_to_the_contact_that_is_repeated_after_the_join_is_sent_once(
    contact: Contact,
) -> None:
    await contact.say(1, NUMBER)
    first = await contact.sender.send_to(CONTACT, "own-1", NEWS)
    await contact.join()
    again = await contact.sender.send_to(CONTACT, "own-1", NEWS)
    other = await contact.sender.send_to(CONTACT, "own-1", Message(text="Another text."))

    assert (first.outcome, first.session) == (SendOutcome.QUEUED, NUMBER)
    assert (again.outcome, again.session) == (SendOutcome.DUPLICATE, USER)
    assert other.outcome is SendOutcome.ID_USED
    assert await contact.count_waiting() == 1
    report = await contact.records.find("1", USER)
    assert report
    assert (report.session, report.outcome) == (NUMBER, MessageOutcome.QUEUED)


async def test_a_message_that_was_refused_in_the_former_session_can_be_sent(contact: Contact) -> None:
    await contact.say(1, NUMBER)
    await contact.redis.hset(f"tg:{{{NUMBER}}}", "owner", "human")
    refused = await contact.sender.send_to(CONTACT, "own-1", NEWS)
    await contact.redis.hset(f"tg:{{{NUMBER}}}", "owner", "bot")
    await contact.join()

    assert refused.outcome is SendOutcome.PERSON
    assert (await contact.sender.send_to(CONTACT, "own-1", NEWS)).outcome is SendOutcome.QUEUED


async def test_a_scheduled_message_that_is_repeated_after_the_join_is_the_same_one(contact: Contact) -> None:
    later = int(time() * 1000) + 3_600_000
    await contact.say(1, NUMBER)
    await contact.sender.send_to(CONTACT, "own-1", NEWS, at_ms=later)
    await contact.join()
    again = await contact.sender.send_to(CONTACT, "own-1", NEWS, at_ms=later)

    assert (again.outcome, again.session, again.due_ms) == (SendOutcome.DUPLICATE, NUMBER, later)
    assert await contact.redis.zcard("tg:schedule") == 1
    report = await contact.records.find("1", USER)
    assert report
    assert (report.session, report.outcome) == (NUMBER, MessageOutcome.SCHEDULED)


async def test_a_message_to_the_former_session_goes_to_the_one_that_stays(contact: Contact) -> None:
    await contact.join()

    receipt = await contact.sender.send(NUMBER, "own-1", NEWS)

    assert (receipt.outcome, receipt.session) == (SendOutcome.QUEUED, USER)
    assert await contact.redis.llen(f"tg:{{{USER}}}:out") == 1


@pytest.mark.parametrize("has_agent", [False, True])
async def test_a_scheduled_message_is_sent_in_the_session_that_the_contact_has_now(
    contact: Contact, has_agent: bool
) -> None:
    await contact.say(1, NUMBER)
    later = int(time() * 1000) + 3_600_000
    await contact.sender.send(NUMBER, "own-1", NEWS, at_ms=later)
    await contact.join()
    if has_agent:
        await contact.redis.hset(f"tg:{{{USER}}}", "owner", "human")
    members: list[Any] = await contact.redis.zrange("tg:schedule", 0, -1)
    for member in members:
        await contact.redis.zadd("tg:schedule", {member: 1})

    await ScheduleReleaser(contact.redis, contact.sender).release_due()

    waiting = [await contact.redis.llen(f"tg:{{{each}}}:out") for each in (NUMBER, USER)]
    assert waiting == [0, 0 if has_agent else 1]
    assert await contact.redis.zcard("tg:schedule") == 0
