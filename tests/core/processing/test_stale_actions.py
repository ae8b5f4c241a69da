"""Control events out of order: one older than the newest known changes nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from core.model import ControlAction, ControlReceived, Owner, TurnReceived
from core.ports import AcceptResult
from gateway.redis.inbox import RedisInbox
from gateway.redis.records.sessions.log.session_log import read_owner
from tests.core.rig import SESSION, Rig
from tests.fakes import ADDRESS, turn


@pytest.fixture
async def rig(redis: Redis) -> AsyncIterator[Rig]:
    made = Rig(redis)
    yield made
    await made.mailbox.aclose()


async def act(redis: Redis, act: ControlAction, at: float) -> AcceptResult:
    event = ControlReceived(id=f"{act}.{at}", session=SESSION, address=ADDRESS, act=act, at=at)
    [verdict] = await RedisInbox(redis).accept([event])
    return verdict


@pytest.mark.parametrize("at", [1_795_428_000.25, 0.0])
async def test_a_late_webhook_of_an_older_action_changes_nothing(redis: Redis, at: float) -> None:
    await act(redis, ControlAction.TAKE_OVER, 1_795_428_000.5)

    late = await act(redis, ControlAction.GIVE_BACK, at)
    assert late is (AcceptResult.STALE if at else AcceptResult.NEW)
    assert await read_owner(redis, SESSION) is (Owner.HUMAN if at else Owner.BOT)


async def test_actions_with_equal_times_apply_in_order_of_arrival(redis: Redis) -> None:
    for each in (ControlAction.TAKE_OVER, ControlAction.GIVE_BACK):
        assert await act(redis, each, 1_795_428_000.5) is AcceptResult.NEW

    assert await read_owner(redis, SESSION) is Owner.BOT


async def said(rig: Rig, number: int, at: float) -> None:
    told = turn(number, SESSION).model_copy(update={"at": at})
    await rig.inbox.accept([TurnReceived(turn=told)])


async def test_a_message_that_arrives_before_an_older_close_is_answered(rig: Rig) -> None:
    await said(rig, 1, 1_795_428_010.0)

    assert await act(rig.redis, ControlAction.CLOSE, 1_795_428_005.0) is AcceptResult.STALE
    await rig.process()
    assert rig.channel.bodies == ["1: text 1"]


async def test_a_close_after_the_message_is_kept_and_an_older_message_changes_nothing(rig: Rig) -> None:
    await said(rig, 1, 1_795_428_010.0)
    await said(rig, 2, 1_795_428_001.0)

    assert await act(rig.redis, ControlAction.CLOSE, 1_795_428_020.0) is AcceptResult.NEW
    await rig.process()
    assert rig.channel.bodies == []


async def test_a_malformed_time_is_ignored(rig: Rig) -> None:
    told = turn(1, SESSION, 'look: "at":9999999999.0').model_copy(update={"at": 0.0})
    await rig.inbox.accept([TurnReceived(turn=told)])

    assert await act(rig.redis, ControlAction.CLOSE, 1_795_428_020.0) is AcceptResult.NEW
