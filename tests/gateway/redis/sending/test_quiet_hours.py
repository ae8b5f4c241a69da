"""Quiet hours: proactive messages wait for their end, answers do not and are not blocked behind them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from redis.asyncio import Redis

from core.errors import Unavailable
from core.model import Address, Message
from core.processing import SessionProcessor
from core.quiet_hours import QuietHours
from gateway.redis.lua import ProtocolLimits
from gateway.redis.mailbox import RedisMailbox
from gateway.redis.records.schedule import CancelOutcome
from gateway.redis.records.sessions.log.message_timeline import MessageOutcome
from gateway.redis.records.sessions.proactive_messages import ProactiveMessages
from gateway.redis.sending.outbox import ProactiveSender
from gateway.redis.sending.quiet_policy import QuietPolicy, QuietRule
from gateway.redis.sending.schedule_releaser import ScheduleReleaser
from gateway.redis.sending.send_outcome import SendOutcome
from tests.core.rig import SESSION, Rig

SALE = Message(text="Everything is cheaper.\nCome and see.")
NIGHT_IN_BERLIN = int(datetime(2026, 7, 1, 20, 0, tzinfo=UTC).timestamp() * 1000)


def quiet_now() -> QuietHours:
    now = datetime.now(UTC)
    begin, end = now - timedelta(hours=2), now + timedelta(hours=2)
    return QuietHours.parse(f"marketing={begin:%H:%M}-{end:%H:%M}")


class Night:
    """A session, and a sender and a worker with quiet hours that begin and end as the test says."""

    def __init__(self, rig: Rig) -> None:
        self.rig, self.redis = rig, rig.redis
        self.policy = QuietPolicy(QuietRule(), {}, ["twilio"])
        channels: Any = {"fake": rig.channel}
        self.sender = ProactiveSender(rig.redis, channels, ProtocolLimits(), self.policy)
        self.releaser = ScheduleReleaser(rig.redis, self.sender)
        self.messages = ProactiveMessages(rig.redis)
        self.mailbox = RedisMailbox(rig.redis)
        self.processor = SessionProcessor(
            mailbox=self.mailbox,
            dialog=rig.dialog,
            channels=channels,
            http=None,
            quiet_until=self.policy.find_end_for,
        )

    def begin(self) -> None:
        self.policy._default = QuietRule(quiet_now())

    def end(self) -> None:
        self.policy._default = QuietRule()

    async def send(self, key: str = "own-1", category: str = "marketing") -> SendOutcome:
        return (await self.sender.send(SESSION, key, SALE, category=category)).outcome

    async def release(self) -> None:
        members: list[Any] = await self.redis.zrange("tg:schedule", 0, -1)
        for member in members:
            await self.redis.zadd("tg:schedule", {member: 1})
        await self.releaser.release_due()

    async def read(self, key: str = "own-1") -> tuple[str, str, bool]:
        report = await self.messages.find(key, SESSION)
        assert report
        return report.outcome, report.reason, report.due_ms > 0


@pytest.fixture
async def night(redis: Redis) -> AsyncIterator[Night]:
    rig = Rig(redis)
    await rig.accept_turns(1)
    await rig.processor.run(SESSION)
    rig.channel.sent_replies.clear()
    made = Night(rig)
    yield made
    await made.mailbox.aclose()
    await rig.mailbox.aclose()


async def test_a_message_in_quiet_hours_is_scheduled_for_their_end(night: Night) -> None:
    night.begin()
    assert await night.send() is SendOutcome.SCHEDULED
    assert await night.send() is SendOutcome.DUPLICATE
    assert await night.read() == (MessageOutcome.SCHEDULED, "quiet hours", True)
    await night.release()  # still quiet
    assert await night.read() == (MessageOutcome.SCHEDULED, "quiet hours", True)
    night.end()
    await night.release()
    await night.processor.run(SESSION)

    assert night.rig.channel.bodies == SALE.text.splitlines()
    night.begin()
    assert await night.send() is SendOutcome.DUPLICATE


async def test_another_category_and_an_agents_words_have_no_quiet_hours(night: Night) -> None:
    night.begin()
    assert await night.send("own-1", "utility") is SendOutcome.QUEUED
    await night.processor.run(SESSION)
    receipt = await night.sender.send(SESSION, "agent-1", Message(text="hello"), "person")
    assert receipt.outcome is SendOutcome.QUEUED
    await night.processor.run(SESSION)

    assert len(night.rig.channel.bodies) == 3


async def test_what_waits_when_quiet_hours_begin_does_not_block_answers(night: Night) -> None:
    assert await night.send() is SendOutcome.QUEUED
    night.begin()
    await night.rig.accept_turns(2)
    await night.processor.run(SESSION)

    assert len(night.rig.channel.bodies) == 1  # the answer
    assert await night.read() == (MessageOutcome.SCHEDULED, "quiet hours", True)
    await night.release()
    await night.processor.run(SESSION)  # still quiet
    assert len(night.rig.channel.bodies) == 1
    night.end()
    await night.release()
    assert (await night.read())[0] == MessageOutcome.QUEUED
    await night.processor.run(SESSION)
    assert night.rig.channel.bodies[1:] == SALE.text.splitlines()
    assert (await night.read())[0] == MessageOutcome.SENT
    assert await night.redis.keys("tg:scheduled:*") == []


async def test_a_release_that_is_repeated_puts_it_back_once(night: Night) -> None:
    await night.send()
    night.begin()
    await night.processor.run(SESSION)
    night.end()
    members: list[Any] = await night.redis.zrange("tg:schedule", 0, -1)
    await night.redis.zadd("tg:schedule", {members[0]: 1})
    [taken] = await night.sender._schedule.take_due()
    for _ in range(2):
        await night.sender._schedule.resume(taken)

    assert await night.redis.llen(f"tg:{{{SESSION}}}:out") == 2


async def test_a_message_of_which_a_part_has_left_is_finished(night: Night) -> None:
    await night.send()
    night.rig.channel.planned_failures = [None, (Unavailable("busy"), False)]
    await night.processor.run(SESSION)
    night.begin()
    await night.redis.hdel(f"tg:{{{SESSION}}}", "hold")
    await night.redis.delete("tg:paused")
    await night.processor.run(SESSION)

    assert night.rig.channel.bodies == SALE.text.splitlines()


async def test_what_was_moved_can_be_cancelled(night: Night) -> None:
    await night.send()
    night.begin()
    await night.processor.run(SESSION)
    assert await night.sender.cancel(SESSION, "own-1") is CancelOutcome.CANCELLED
    assert (await night.read())[0] == MessageOutcome.CANCELLED
    night.end()
    await night.release()
    assert await night.redis.llen(f"tg:{{{SESSION}}}:out") == 0

    assert await night.send() is SendOutcome.QUEUED  # its key is not used up
    await night.processor.run(SESSION)
    assert night.rig.channel.bodies == SALE.text.splitlines()


@pytest.mark.long
def test_the_zone_is_that_of_the_number() -> None:
    rule = QuietRule(QuietHours.parse("21:00-08:00"), "America/New_York")
    policy = QuietPolicy(rule, {"web": QuietRule(QuietHours.parse("off"))}, ["twilio", "whatsapp"])

    def end(theirs: str, channel: str = "twilio") -> str:
        address = Address(channel=channel, account="A", ours="B", theirs=theirs)
        found = policy.find_end(address, "marketing", NIGHT_IN_BERLIN)  # 22:00 there, 16:00 in New York
        return datetime.fromtimestamp(found / 1000, UTC).strftime("%d %H:%M") if found else ""

    assert end("+4917012345678") == end("whatsapp:+4917012345678") == "02 06:00"
    assert end("4917012345678", "whatsapp") == "02 06:00"
    assert end("+12025550171") == ""
    assert end("+61412345678") == "02 01:30"  # ambiguous: until it is 8 in all of Australia's islands
    assert end("+15550170") == ""  # unknown: the configured zone
    assert end("whatsapp:US.1") == ""
    assert end("4917012345678", "intercom") == ""  # an ID of a conversation
    assert end("4917012345678", "web") == ""
    assert end("999" * 5) == ""


@pytest.mark.parametrize(
    ("fixed", "profile", "theirs", "zone"),
    [
        (True, "Pacific/Honolulu", "+4915735985678", "Asia/Tokyo"),
        (False, "Pacific/Honolulu", "+4915735985678", "Pacific/Honolulu"),
        (False, "", "+4915735985678", "Europe/Berlin"),
        (False, "Mars/Olympus", "+4915735985678", "Europe/Berlin"),
        (False, "", "ada@example.com", "Asia/Tokyo"),
    ],
)
def test_the_accounts_zone_comes_before_the_profiles_and_that_before_the_numbers(
    fixed: bool, profile: str, theirs: str, zone: str
) -> None:
    rule = QuietRule(QuietHours.parse("21:00-08:00"), "Asia/Tokyo", fixed=fixed)
    policy = QuietPolicy(QuietRule(), {"twilio": rule}, ["twilio"])
    address = Address(channel="twilio", account="A1", ours="+15550100", theirs=theirs)
    midnight = datetime(2026, 7, 1, 0, 0, tzinfo=ZoneInfo(zone))
    morning = datetime(2026, 7, 1, 8, 0, tzinfo=ZoneInfo(zone))

    end = policy.find_end(address, "marketing", int(midnight.timestamp() * 1000), profile)
    assert end == int(morning.timestamp() * 1000)
