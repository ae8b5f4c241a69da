"""Control events out of order: an event older than the latest one changes nothing."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from core.model import ContactMoved, ControlAction, ControlReceived, Owner, TurnReceived
from core.ports import AcceptResult
from gateway.redis.inbox import RedisInbox
from gateway.redis.records.sessions.log.session_log import read_owner
from tests.core.rig import SESSION, Rig
from tests.fakes import ADDRESS, build_turn

YEAR_2099 = 4_070_908_800.0


async def accept_action(
    redis: Redis, act: ControlAction, at: float, *, by_transfer: bool = False
) -> AcceptResult:
    event = ControlReceived(
        id=f"{act}.{at}", session=SESSION, address=ADDRESS, act=act, at=at, by_transfer=by_transfer
    )
    [verdict] = await RedisInbox(redis).accept([event])
    return verdict


async def read_server_time(redis: Redis) -> float:
    seconds, microseconds = await redis.time()
    return int(seconds) + int(microseconds) / 1_000_000


@pytest.mark.parametrize("at", [1_795_428_000.25, 0.0])
async def test_a_late_webhook_of_an_older_action_changes_nothing(redis: Redis, at: float) -> None:
    await accept_action(redis, ControlAction.TAKE_OVER, 1_795_428_000.5)

    late = await accept_action(redis, ControlAction.GIVE_BACK, at)
    assert late is (AcceptResult.STALE if at else AcceptResult.NEW)
    assert await read_owner(redis, SESSION) is (Owner.HUMAN if at else Owner.BOT)


async def test_actions_with_equal_times_apply_in_order_of_arrival(redis: Redis) -> None:
    for each in (ControlAction.TAKE_OVER, ControlAction.GIVE_BACK):
        assert await accept_action(redis, each, 1_795_428_000.5) is AcceptResult.NEW

    assert await read_owner(redis, SESSION) is Owner.BOT


async def accept_turn(rig: Rig, number: int, at: float, *, control_is_ours: bool = False) -> None:
    told = build_turn(number, SESSION).model_copy(update={"at": at})
    await rig.inbox.accept([TurnReceived(turn=told, control_is_ours=control_is_ours)])


async def test_a_message_that_arrives_before_an_older_close_is_answered(rig: Rig) -> None:
    await accept_turn(rig, 1, 1_795_428_010.0)

    assert await accept_action(rig.redis, ControlAction.CLOSE, 1_795_428_005.0) is AcceptResult.STALE
    await rig.process()
    assert rig.channel.bodies == ["1: text 1"]


@pytest.mark.parametrize("by_agent", [False, True])
async def test_a_message_in_the_second_of_a_close_is_answered_unless_an_agent_had_the_session(
    rig: Rig, by_agent: bool
) -> None:
    if by_agent:
        await accept_action(rig.redis, ControlAction.TAKE_OVER, 1_795_428_001.0)
    await accept_turn(rig, 1, 1_795_428_010.0)

    verdict = await accept_action(rig.redis, ControlAction.CLOSE, 1_795_428_010.0)
    assert verdict is (AcceptResult.NEW if by_agent else AcceptResult.STALE)
    await rig.process()
    assert rig.channel.bodies == ([] if by_agent else ["1: text 1"])
    assert await read_owner(rig.redis, SESSION) is (Owner.CLOSED if by_agent else Owner.BOT)


async def test_a_close_after_the_message_is_kept_and_an_older_message_changes_nothing(rig: Rig) -> None:
    await accept_turn(rig, 1, 1_795_428_010.0)
    await accept_turn(rig, 2, 1_795_428_001.0)

    assert await accept_action(rig.redis, ControlAction.CLOSE, 1_795_428_020.0) is AcceptResult.NEW
    await rig.process()
    assert rig.channel.bodies == []


async def test_an_act_of_a_provider_whose_clock_is_wrong_counts_as_one_of_now(redis: Redis) -> None:
    assert await accept_action(redis, ControlAction.TAKE_OVER, YEAR_2099) is AcceptResult.NEW

    assert await accept_action(redis, ControlAction.CLOSE, 1_795_428_000.0) is AcceptResult.STALE
    assert (
        await accept_action(redis, ControlAction.GIVE_BACK, await read_server_time(redis)) is AcceptResult.NEW
    )
    assert await read_owner(redis, SESSION) is Owner.BOT


async def test_a_message_of_a_provider_whose_clock_is_wrong_does_not_make_later_acts_old(rig: Rig) -> None:
    await accept_turn(rig, 1, YEAR_2099, control_is_ours=True)
    moved = ContactMoved(id="moved", session=SESSION, address=ADDRESS, at=await read_server_time(rig.redis))

    assert await rig.inbox.accept([moved]) == [AcceptResult.NEW]
    for each in (ControlAction.TAKE_OVER, ControlAction.CLOSE):
        verdict = await accept_action(rig.redis, each, await read_server_time(rig.redis), by_transfer=True)
        assert verdict is AcceptResult.NEW


@pytest.mark.parametrize("field", ["acted", "wrote", "ours"])
async def test_a_wrong_time_that_an_earlier_release_stored_makes_no_act_old(redis: Redis, field: str) -> None:
    await redis.hset(f"tg:{{{SESSION}}}", field, str(YEAR_2099))

    verdict = await accept_action(redis, ControlAction.CLOSE, await read_server_time(redis), by_transfer=True)
    assert verdict is AcceptResult.NEW


async def test_a_provider_whose_clock_is_a_minute_fast_keeps_its_order(redis: Redis) -> None:
    later = await read_server_time(redis) + 60
    await accept_action(redis, ControlAction.TAKE_OVER, later)

    assert await accept_action(redis, ControlAction.GIVE_BACK, later - 1) is AcceptResult.STALE


async def test_a_malformed_time_is_ignored(rig: Rig) -> None:
    told = build_turn(1, SESSION, 'look: "at":9999999999.0').model_copy(update={"at": 0.0})
    await rig.inbox.accept([TurnReceived(turn=told)])

    assert await accept_action(rig.redis, ControlAction.CLOSE, 1_795_428_020.0) is AcceptResult.NEW
