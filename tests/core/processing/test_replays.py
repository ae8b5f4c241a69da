"""Replayed replies leave in the order in which they were given up, before newer ones (guarantee L9)."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from core.errors import Rejected, Unknown
from core.model import Message
from core.processing.session_processor import ProcessResult
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.sessions.dead_letters import DeadLetters, ReplayOutcome
from gateway.redis.sending.outbox import ProactiveSender
from tests.core.rig import SESSION, Rig


async def queue_offer(rig: Rig) -> None:
    """Queue a newer reply."""
    sender = ProactiveSender(rig.redis, {"fake": rig.channel}, ProtocolLimits())
    await sender.send(SESSION, "own-1", Message(text="newer"), "bot")


async def test_a_replayed_reply_leaves_before_newer_ones(redis: Redis) -> None:
    rig = Rig(redis)
    rig.channel.planned_failures = [(Rejected("wrong number", code="21211"), False)]
    await rig.accept_turns(1)
    await rig.process()
    await queue_offer(rig)
    letters = DeadLetters(redis)
    [letter] = [each async for each in letters.list_between()]

    assert await letters.replay(letter) is ReplayOutcome.REPLAYED
    while await rig.process_when_due() is not ProcessResult.EMPTY:
        pass
    assert rig.channel.bodies == ["1: text 1", "newer"]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
async def test_replayed_replies_leave_in_the_order_in_which_they_were_given_up(
    redis: Redis, order: tuple[int, ...]
) -> None:
    rig = Rig(redis)
    rig.channel.planned_failures = [(Rejected("wrong number", code="21211"), False)] * 3
    await rig.accept_turns(1, 2, 3)
    while await rig.process_when_due() is not ProcessResult.EMPTY:
        pass
    await queue_offer(rig)
    letters = DeadLetters(redis)
    given_up = [each async for each in letters.list_between()]

    for number in order:
        assert await letters.replay(given_up[number]) is ReplayOutcome.REPLAYED
    while await rig.process_when_due() is not ProcessResult.EMPTY:
        pass
    assert rig.channel.bodies == ["1: text 1", "2: text 2", "3: text 3", "newer"]


async def test_a_replayed_reply_leaves_behind_the_one_that_is_being_sent(redis: Redis) -> None:
    rig = Rig(redis)
    rig.channel.planned_failures = [
        *[(Rejected("wrong number", code="21211"), False)] * 2,
        (Unknown("timed out"), False),
    ]
    await rig.accept_turns(1, 2, 3)
    await rig.process()
    letters = DeadLetters(redis)

    for letter in [each async for each in letters.list_between()]:
        assert await letters.replay(letter) is ReplayOutcome.REPLAYED
    while await rig.process_when_due() is not ProcessResult.EMPTY:
        pass
    assert rig.channel.bodies == ["3: text 3", "1: text 1", "2: text 2"]
