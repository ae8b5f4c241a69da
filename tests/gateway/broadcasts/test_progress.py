"""Progress of a broadcast: each message leaves the count of those that wait once, however it leaves."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import Rejected
from core.model import ControlAction, DeliveryStatus, FailureKind, StatusChanged
from core.quiet_hours import QuietHours
from gateway.redis.inbox import RedisInbox
from gateway.redis.lua import load_script
from gateway.redis.records.contacts.erasure import erase_session
from gateway.redis.records.sessions.dead_letters import DeadLetters, ReplayOutcome
from gateway.redis.records.sessions.opt_outs import OptOuts
from gateway.redis.sending.outbox import ProactiveSender
from gateway.redis.sending.quiet_policy import QuietPolicy, QuietRule
from gateway.redis.sweeper import Sweeper
from tests.channels.twilio.builders import build_channel
from tests.gateway.environments.broadcasts import (
    SPRING,
    BroadcastRig,
    build_number,
    build_rows,
    build_session,
)


class CountedRig:
    """A broadcast of three rows, of which the named ones are sent; the others wait."""

    def __init__(self, rig: BroadcastRig) -> None:
        self.rig = rig

    async def begin(self, *sent: int) -> None:
        await self.rig.store.start(SPRING, build_rows(3))
        await self.rig.feeder().feed_all()
        for index in sent:
            await self.send(index)

    async def send(self, index: int) -> None:
        await self.rig.gateway.process_when_due(build_session(index))

    async def fail(self, provider_id: str, failure: FailureKind) -> None:
        status = StatusChanged(
            channel="twilio",
            provider_id=provider_id,
            status=DeliveryStatus.FAILED,
            error_code="30008",
            failure=failure,
        )
        await self.rig.gateway.inbox.accept([status])
        messages: list[Any] = await self.rig.redis.zrange("tg:resends", 0, -1)
        for message in messages:
            await self.rig.redis.zadd("tg:resends", {message: 1})
        await Sweeper(self.rig.redis).sweep()

    async def counts(self) -> tuple[int, int, int, int]:
        progress = await self.rig.progress()
        return progress.waiting, progress.sent, progress.refused, progress.failed


async def test_a_message_that_is_refused_when_it_is_sent_again_has_left_once(rig: BroadcastRig) -> None:
    counted = CountedRig(rig)
    await counted.begin(1)
    await counted.fail("P1", FailureKind.TEMPORARY)
    assert await counted.counts() == (2, 1, 0, 0)
    await OptOuts(rig.redis, RedisInbox(rig.redis)).change(build_number(1), ControlAction.OPT_OUT)
    await counted.send(1)

    assert await counted.counts() == (2, 1, 0, 1)


async def test_a_message_that_the_provider_rejects_when_it_is_sent_again_has_left_once(
    rig: BroadcastRig,
) -> None:
    counted = CountedRig(rig)
    await counted.begin(1)
    await counted.fail("P1", FailureKind.TEMPORARY)
    rig.gateway.channel.planned_failures = [(Rejected("unknown number"), False)]
    await counted.send(1)

    assert await counted.counts() == (2, 1, 0, 1)


async def test_a_dead_letter_that_is_replayed_waits_again(rig: BroadcastRig) -> None:
    counted = CountedRig(rig)
    rig.gateway.channel.planned_failures = [(Rejected("unknown number"), False)]
    await counted.begin(1, 2)
    await counted.fail("P1", FailureKind.PERMANENT)
    assert await counted.counts() == (1, 1, 0, 2)
    letters = DeadLetters(rig.redis)
    for letter in await letters.list_newest():
        assert await letters.replay(letter) is ReplayOutcome.REPLAYED
    assert await counted.counts() == (2, 1, 0, 0)
    await counted.send(1)
    await counted.send(2)

    assert await counted.counts() == (1, 2, 0, 0)


@pytest.mark.parametrize("is_scheduled", [False, True])
async def test_messages_that_are_erased_or_reset_wait_no_longer(
    rig: BroadcastRig, is_scheduled: bool
) -> None:
    if is_scheduled:
        night = QuietPolicy(QuietRule(QuietHours.parse("marketing=00:00-23:59")), {}, ["twilio"])
        channels: Any = {"twilio": build_channel()}
        rig.sender = ProactiveSender(rig.redis, channels, rig.limits, night)
    counted = CountedRig(rig)
    await counted.begin()
    assert await counted.counts() == (3, 0, 0, 0)

    await erase_session(rig.redis, build_session(0))
    if not is_scheduled:
        await load_script("reset", rig.limits)(rig.redis, ["now", build_session(1)])

    left = 1 if is_scheduled else 2
    assert await counted.counts() == (3 - left, 0, left, 0)
