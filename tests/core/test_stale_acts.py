"""Acts come out of order: what is older than the newest known one changes nothing."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from core.event import ControlReceived
from core.mailbox import Verdict
from core.owner import Act, Owner
from gateway.redis.inbox import RedisInbox
from gateway.redis.log import read_owner
from tests.core.rig import SESSION
from tests.fakes import ADDRESS


async def act(redis: Redis, act: Act, at: float) -> Verdict:
    event = ControlReceived(id=f"{act}.{at}", session=SESSION, address=ADDRESS, act=act, at=at)
    [verdict] = await RedisInbox(redis).accept([event])
    return verdict


@pytest.mark.parametrize("at", [1_795_428_000.25, 0.0])
async def test_a_late_word_of_an_older_act_changes_nothing(redis: Redis, at: float) -> None:
    await act(redis, Act.TAKE_OVER, 1_795_428_000.5)

    late = await act(redis, Act.GIVE_BACK, at)
    assert late is (Verdict.STALE if at else Verdict.NEW)
    assert await read_owner(redis, SESSION) is (Owner.HUMAN if at else Owner.BOT)


async def test_acts_of_one_moment_count_as_they_come(redis: Redis) -> None:
    for each in (Act.TAKE_OVER, Act.GIVE_BACK):
        assert await act(redis, each, 1_795_428_000.5) is Verdict.NEW

    assert await read_owner(redis, SESSION) is Owner.BOT
