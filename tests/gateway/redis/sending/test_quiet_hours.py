"""Quiet hours: proactive messages wait for the end; answers neither wait nor are blocked by them."""

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


def build_quiet_hours() -> QuietHours:
    now = datetime.now(UTC)
    begin, end = now - timedelta(hours=2), now + timedelta(hours=2)
    return QuietHours.parse(f"marketing={begin:%H:%M}-{end:%H:%M}")


class QuietHoursRig:
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
        self.policy._default = QuietRule(build_quiet_hours())

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
async def rig(redis: Redis) -> AsyncIterator[QuietHoursRig]:
    rig = Rig(redis)
    await rig.accept_turns(1)
    await rig.processor.run(SESSION)
    rig.channel.sent_replies.clear()
    made = QuietHoursRig(rig)
    yield made
    await made.mailbox.aclose()
    await rig.mailbox.aclose()


async def test_a_message_in_quiet_hours_is_scheduled_for_their_end(rig: QuietHoursRig) -> None:
    rig.begin()
    assert await rig.send() is SendOutcome.SCHEDULED
    assert await rig.send() is SendOutcome.DUPLICATE
    assert await rig.read() == (MessageOutcome.SCHEDULED, "quiet hours", True)
    await rig.release()  # still quiet
    assert await rig.read() == (MessageOutcome.SCHEDULED, "quiet hours", True)
    rig.end()
    await rig.release()
    await rig.processor.run(SESSION)

    assert rig.rig.channel.bodies == SALE.text.splitlines()
    rig.begin()
    assert await rig.send() is SendOutcome.DUPLICATE


async def test_another_category_and_an_agents_words_have_no_quiet_hours(rig: QuietHoursRig) -> None:
    rig.begin()
    assert await rig.send("own-1", "utility") is SendOutcome.QUEUED
    await rig.processor.run(SESSION)
    receipt = await rig.sender.send(SESSION, "agent-1", Message(text="hello"), "person")
    assert receipt.outcome is SendOutcome.QUEUED
    await rig.processor.run(SESSION)

    assert len(rig.rig.channel.bodies) == 3


async def test_what_waits_when_quiet_hours_begin_does_not_block_answers(rig: QuietHoursRig) -> None:
    assert await rig.send() is SendOutcome.QUEUED
    rig.begin()
    await rig.rig.accept_turns(2)
    await rig.processor.run(SESSION)

    assert len(rig.rig.channel.bodies) == 1  # the answer
    assert await rig.read() == (MessageOutcome.SCHEDULED, "quiet hours", True)
    await rig.release()
    await rig.processor.run(SESSION)  # still quiet
    assert len(rig.rig.channel.bodies) == 1
    rig.end()
    await rig.release()
    assert (await rig.read())[0] == MessageOutcome.QUEUED
    await rig.processor.run(SESSION)
    assert rig.rig.channel.bodies[1:] == SALE.text.splitlines()
    assert (await rig.read())[0] == MessageOutcome.SENT
    assert await rig.redis.keys("tg:scheduled:*") == []


async def test_a_release_that_is_repeated_puts_it_back_once(rig: QuietHoursRig) -> None:
    await rig.send()
    rig.begin()
    await rig.processor.run(SESSION)
    rig.end()
    members: list[Any] = await rig.redis.zrange("tg:schedule", 0, -1)
    await rig.redis.zadd("tg:schedule", {members[0]: 1})
    [taken] = await rig.sender._schedule.take_due()
    for _ in range(2):
        await rig.sender._schedule.resume(taken)

    assert await rig.redis.llen(f"tg:{{{SESSION}}}:out") == 2


async def test_a_message_of_which_a_part_has_left_is_finished(rig: QuietHoursRig) -> None:
    await rig.send()
    rig.rig.channel.planned_failures = [None, (Unavailable("busy"), False)]
    await rig.processor.run(SESSION)
    rig.begin()
    await rig.redis.hdel(f"tg:{{{SESSION}}}", "hold")
    await rig.redis.delete("tg:paused")
    await rig.processor.run(SESSION)

    assert rig.rig.channel.bodies == SALE.text.splitlines()


async def test_what_was_moved_can_be_cancelled(rig: QuietHoursRig) -> None:
    await rig.send()
    rig.begin()
    await rig.processor.run(SESSION)
    assert await rig.sender.cancel(SESSION, "own-1") is CancelOutcome.CANCELLED
    assert (await rig.read())[0] == MessageOutcome.CANCELLED
    rig.end()
    await rig.release()
    assert await rig.redis.llen(f"tg:{{{SESSION}}}:out") == 0

    assert await rig.send() is SendOutcome.QUEUED  # its key is not used up
    await rig.processor.run(SESSION)
    assert rig.rig.channel.bodies == SALE.text.splitlines()


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
    assert end("whatsapp:JP.1") == end("JP.ENT.1", "whatsapp") == "01 23:00"  # the country of a hidden number
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


def test_a_number_with_zones_that_are_never_all_awake_has_the_configured_one() -> None:
    rule = QuietRule(QuietHours.parse("16:00-12:00"), "Europe/Berlin")
    policy = QuietPolicy(rule, {}, ["twilio"])
    toll_free = Address(channel="twilio", account="A1", ours="+15550100", theirs="+18005550100")

    end = policy.find_end(toll_free, "marketing", NIGHT_IN_BERLIN)
    assert datetime.fromtimestamp(end / 1000, UTC).strftime("%H:%M") == "10:00"
