"""Scheduled messages: sent once when due, cancelled before, limited in number and time."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from core.model import ControlAction, ControlReceived, Message
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.contacts.erasure import ContactErasure
from gateway.redis.records.schedule import CancelOutcome
from gateway.redis.records.sessions.log.message_timeline import MessageOutcome
from gateway.redis.records.sessions.proactive_messages import ProactiveMessages
from gateway.redis.records.sessions.session_index import SessionIndex
from gateway.redis.sending.first_contact import ContactAddress
from gateway.redis.sending.outbox import ProactiveSender
from gateway.redis.sending.schedule_releaser import ScheduleReleaser
from gateway.redis.sending.send_outcome import SendOutcome
from gateway.redis.sweeper import Sweeper
from tests.channels.twilio import builders as twilio
from tests.core.rig import SESSION, Rig
from tests.fakes import ADDRESS

HELLO = Message(text="Your parcel comes tomorrow.")
HOUR = 3_600_000
CONTACT = ContactAddress(channel="twilio", to="+15550170", sender="+15550100")
CONTACT_SESSION = f"twilio:{twilio.ACCOUNT}:+15550100:+15550170"


class ScheduleRig:
    """A session that exists, a sender and a releaser."""

    def __init__(self, rig: Rig, protocol: ProtocolLimits | None = None) -> None:
        channels: Any = {"fake": rig.channel, "twilio": twilio.build_channel()}
        self.rig, self.redis = rig, rig.redis
        self.sender = ProactiveSender(rig.redis, channels, protocol or ProtocolLimits())
        self.releaser = ScheduleReleaser(rig.redis, self.sender)
        self.messages = ProactiveMessages(rig.redis)

    async def now(self) -> int:
        seconds, microseconds = await self.redis.time()
        return int(seconds) * 1000 + int(microseconds) // 1000

    async def schedule(self, key: str = "own-1", message: Message = HELLO, after: int = HOUR) -> SendOutcome:
        return (await self.sender.send(SESSION, key, message, at_ms=await self.now() + after)).outcome

    async def become_due(self) -> None:
        """Move every scheduled message to the present, as if the time had passed."""
        members: list[Any] = await self.redis.zrange("tg:schedule", 0, -1)
        for member in members:
            await self.redis.zadd("tg:schedule", {member: 1})

    async def outcome(self, key: str = "own-1", session: str = SESSION) -> MessageOutcome | None:
        report = await self.messages.find(key, session)
        return report.outcome if report else None

    async def outbox_length(self, session: str = SESSION) -> int:
        length: Any = await self.redis.llen(f"tg:{{{session}}}:out")
        return int(length)


@pytest.fixture
async def schedule_rig(rig: Rig) -> ScheduleRig:
    await rig.accept_turns(1)
    await rig.processor.run(SESSION)
    return ScheduleRig(rig)


async def test_the_session_of_a_message_is_kept_until_that_is_due(schedule_rig: ScheduleRig) -> None:
    days = 86_400_000
    key = f"tg:{{{SESSION}}}"
    assert await schedule_rig.schedule(after=200 * days) is SendOutcome.SCHEDULED
    assert await schedule_rig.redis.pttl(key) > 200 * days

    await schedule_rig.rig.accept_turns(2)
    await schedule_rig.rig.processor.run(SESSION)
    assert await schedule_rig.redis.pttl(key) > 200 * days

    await schedule_rig.sender.cancel(SESSION, "own-1")
    assert await schedule_rig.redis.pttl(key) <= 30 * days


async def test_a_message_is_sent_once_when_it_is_due(schedule_rig: ScheduleRig) -> None:
    assert await schedule_rig.schedule() is SendOutcome.SCHEDULED
    assert await schedule_rig.outcome() is MessageOutcome.SCHEDULED
    assert await schedule_rig.releaser.release_due() == 0
    await schedule_rig.become_due()

    await Sweeper(schedule_rig.redis, release_due=schedule_rig.releaser.release_due).sweep()
    await schedule_rig.rig.processor.run(SESSION)

    assert schedule_rig.rig.channel.bodies[1:] == [HELLO.text]
    assert await schedule_rig.outcome() is MessageOutcome.SENT
    assert await schedule_rig.redis.zcard("tg:schedule") == 0


async def test_a_message_leaves_the_schedule_in_the_step_that_queues_it(schedule_rig: ScheduleRig) -> None:
    await schedule_rig.schedule()
    await schedule_rig.become_due()
    [taken] = await schedule_rig.sender._schedule.take_due()
    await schedule_rig.sender.release(taken)  # and here the process dies

    assert await schedule_rig.redis.zcard("tg:schedule") == 0
    assert await schedule_rig.sender.cancel(SESSION, "own-1") is CancelOutcome.TOO_LATE
    receipt = await schedule_rig.sender.release(taken)  # by another one, which had taken it, too
    assert receipt.outcome is SendOutcome.UNSCHEDULED
    assert await schedule_rig.outbox_length() == 1


async def test_a_releaser_that_stood_still_sends_nothing_that_was_cancelled_since(
    schedule_rig: ScheduleRig,
) -> None:
    await schedule_rig.schedule()
    await schedule_rig.become_due()
    schedule = schedule_rig.sender._schedule
    [taken] = await schedule.take_due()
    await schedule.postpone(taken, HOUR, "another process has taken it, and quiet hours had begun")
    assert await schedule_rig.sender.cancel(SESSION, "own-1") is CancelOutcome.CANCELLED

    receipt = await schedule_rig.sender.release(taken)

    assert receipt.outcome is SendOutcome.UNSCHEDULED
    assert await schedule_rig.outbox_length() == 0
    assert await schedule_rig.outcome() is MessageOutcome.CANCELLED


@pytest.mark.long
async def test_many_processes_release_a_message_once(schedule_rig: ScheduleRig) -> None:
    for number in range(120):
        await schedule_rig.schedule(f"own-{number}", Message(text=f"number {number}"))
    await schedule_rig.become_due()
    released = await asyncio.gather(*(schedule_rig.releaser.release_due() for _ in range(4)))

    assert sum(released) == 120
    assert await schedule_rig.outbox_length() == 120


async def test_a_message_is_cancelled_until_its_send_begins(schedule_rig: ScheduleRig) -> None:
    await schedule_rig.schedule()
    for _ in range(2):
        assert await schedule_rig.sender.cancel(SESSION, "own-1") is CancelOutcome.CANCELLED
    assert await schedule_rig.outcome() is MessageOutcome.CANCELLED
    await schedule_rig.become_due()
    assert await schedule_rig.releaser.release_due() == 0

    assert await schedule_rig.schedule() is SendOutcome.SCHEDULED  # its key is not used up
    await schedule_rig.become_due()
    await schedule_rig.sender._schedule.take_due()
    assert await schedule_rig.sender.cancel(SESSION, "own-1") is CancelOutcome.TOO_LATE
    await schedule_rig.become_due()
    await schedule_rig.releaser.release_due()
    assert await schedule_rig.sender.cancel(SESSION, "own-1") is CancelOutcome.TOO_LATE
    assert await schedule_rig.sender.cancel(SESSION, "own-2") is CancelOutcome.UNKNOWN
    assert await schedule_rig.outbox_length() == 1


async def test_a_repetition_has_no_effect_and_another_content_is_a_conflict(
    schedule_rig: ScheduleRig,
) -> None:
    other = Message(text="another")
    assert await schedule_rig.schedule() is SendOutcome.SCHEDULED
    assert await schedule_rig.schedule(after=2 * HOUR) is SendOutcome.DUPLICATE
    assert await schedule_rig.schedule(message=other) is SendOutcome.ID_USED
    assert (await schedule_rig.sender.send(SESSION, "own-1", HELLO)).outcome is SendOutcome.DUPLICATE
    assert (await schedule_rig.sender.send(SESSION, "own-1", other)).outcome is SendOutcome.ID_USED
    await schedule_rig.become_due()
    await schedule_rig.releaser.release_due()

    assert await schedule_rig.schedule() is SendOutcome.DUPLICATE
    assert await schedule_rig.schedule(message=other) is SendOutcome.ID_USED
    assert await schedule_rig.schedule(after=-9 * HOUR) is SendOutcome.DUPLICATE  # a late repetition
    assert await schedule_rig.outbox_length() == 1


async def test_the_times_are_bounded(schedule_rig: ScheduleRig) -> None:
    assert await schedule_rig.schedule("own-1", after=-HOUR // 2) is SendOutcome.QUEUED
    assert await schedule_rig.schedule("own-2", after=-2 * HOUR) is SendOutcome.PAST
    assert await schedule_rig.schedule("own-3", after=367 * 24 * HOUR) is SendOutcome.TOO_FAR
    assert (
        await schedule_rig.sender.send(SESSION, "own-4", HELLO, at_ms=2**53)
    ).outcome is SendOutcome.TOO_FAR
    assert (
        await schedule_rig.sender.send(SESSION, "own-5", HELLO, at_ms=-(2**53))
    ).outcome is SendOutcome.PAST
    assert await schedule_rig.outbox_length() == 1


async def test_the_number_is_bounded(rig: Rig) -> None:
    await rig.accept_turns(1)
    clockwork = ScheduleRig(rig, ProtocolLimits(schedule_length=2))
    outcomes = [await clockwork.schedule(f"own-{number}") for number in range(3)]

    assert outcomes == [SendOutcome.SCHEDULED, SendOutcome.SCHEDULED, SendOutcome.SCHEDULE_FULL]


async def test_what_can_never_be_sent_is_refused_at_once(schedule_rig: ScheduleRig) -> None:
    due = await schedule_rig.now() + HOUR
    assert (
        await schedule_rig.sender.send("fake:nobody", "own-1", HELLO, at_ms=due)
    ).outcome is SendOutcome.UNKNOWN
    assert await schedule_rig.schedule(message=Message(text=" ")) is SendOutcome.EMPTY
    wrong = CONTACT.model_copy(update={"to": "+1555"})
    receipt = await schedule_rig.sender.send_to(wrong, "own-1", HELLO, at_ms=due)
    assert receipt.outcome is SendOutcome.INVALID_CONTACT


async def test_the_gate_is_asked_when_it_is_due(schedule_rig: ScheduleRig) -> None:
    await schedule_rig.schedule()
    event = ControlReceived(id="c1", session=SESSION, address=ADDRESS, act=ControlAction.OPT_OUT)
    await schedule_rig.rig.inbox.accept([event])
    await schedule_rig.become_due()
    await schedule_rig.releaser.release_due()

    report = await schedule_rig.messages.find("own-1", SESSION)
    assert report
    assert (report.outcome, report.code) == (MessageOutcome.REFUSED, "opted_out")
    assert await schedule_rig.outbox_length() == 0


async def test_a_session_that_is_gone_when_it_is_due_is_an_outcome(schedule_rig: ScheduleRig) -> None:
    await schedule_rig.schedule()
    await schedule_rig.redis.delete(f"tg:{{{SESSION}}}")
    await schedule_rig.become_due()
    await schedule_rig.releaser.release_due()

    report = await schedule_rig.messages.find("own-1")
    assert report
    assert (report.outcome, report.code) == (MessageOutcome.REFUSED, "unknown_session")


async def test_a_first_contact_is_opened_when_it_is_due(schedule_rig: ScheduleRig) -> None:
    due = await schedule_rig.now() + HOUR
    receipt = await schedule_rig.sender.send_to(CONTACT, "own-1", HELLO, at_ms=due)
    assert (receipt.outcome, receipt.session, receipt.due_ms) == (
        SendOutcome.SCHEDULED,
        CONTACT_SESSION,
        due,
    )
    assert not await schedule_rig.redis.hexists(f"tg:{{{CONTACT_SESSION}}}", "address")
    await schedule_rig.become_due()
    await schedule_rig.releaser.release_due()

    assert await schedule_rig.outbox_length(CONTACT_SESSION) == 1


async def test_an_erasure_deletes_what_is_scheduled(schedule_rig: ScheduleRig) -> None:
    await schedule_rig.sender.send_to(CONTACT, "own-1", HELLO, at_ms=await schedule_rig.now() + HOUR)
    index = SessionIndex(schedule_rig.redis)
    assert CONTACT_SESSION in await index.find_by_contact("+15550170")
    await ContactErasure(schedule_rig.redis).erase(CONTACT_SESSION, 0)

    assert [key async for key in schedule_rig.redis.scan_iter("*15550170*")] == []
    assert await schedule_rig.redis.zcard("tg:schedule") == 0
    assert await schedule_rig.outcome("own-1", "") is None


async def test_a_message_that_cannot_be_rendered_does_not_stop_the_others(schedule_rig: ScheduleRig) -> None:
    await schedule_rig.schedule("own-1", Message(text="bad"))
    await schedule_rig.schedule("own-2", after=HOUR + 1)
    render = schedule_rig.rig.channel.render

    def fail(message: Message, address: Any) -> Any:
        if message.text == "bad":
            raise ValueError("cannot render")
        return render(message, address)

    schedule_rig.rig.channel.render = fail  # type: ignore[method-assign]
    await schedule_rig.become_due()
    await schedule_rig.releaser.release_due()

    assert await schedule_rig.outcome("own-1") is MessageOutcome.REFUSED
    assert await schedule_rig.outbox_length() == 1


async def test_a_full_session_gets_it_later(schedule_rig: ScheduleRig) -> None:
    await schedule_rig.schedule()
    await schedule_rig.redis.rpush(f"tg:{{{SESSION}}}:out", *["not a reply"] * 1_000)
    await schedule_rig.become_due()
    await schedule_rig.releaser.release_due()
    assert await schedule_rig.outcome() is MessageOutcome.SCHEDULED
    await schedule_rig.redis.delete(f"tg:{{{SESSION}}}:out")
    await schedule_rig.become_due()
    await schedule_rig.releaser.release_due()

    assert await schedule_rig.outbox_length() == 1
