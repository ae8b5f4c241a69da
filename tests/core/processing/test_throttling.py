"""Rate limits of the provider pause sends and do not count as failures of the account (guarantee L14)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis

from core.errors import Throttled
from core.model import Address, Reply, TurnReceived
from core.ports import Commit, SendPause
from core.processing import ProcessingLimits
from core.processing.session_processor import ProcessResult
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.sessions.log.session_log import read_log
from tests.core.rig import SESSION, Rig
from tests.fakes import ADDRESS, build_turn

OTHER_NUMBER = ADDRESS.model_copy(update={"ours": "another number"})
OTHER_ACCOUNT = ADDRESS.model_copy(update={"account": "A2"})


@pytest.fixture
async def rig(redis: Redis) -> AsyncIterator[Rig]:
    rig = Rig(redis, ProcessingLimits(max_delay=0.01), protocol=ProtocolLimits(max_failures=3))
    yield rig
    await rig.mailbox.aclose()


async def throttle(rig: Rig, *errors: Throttled) -> None:
    """Let the provider refuse a reply of one session after the other."""
    for number, error in enumerate(errors):
        rig.channel.planned_failures = [(error, False)]
        await rig.inbox.accept([TurnReceived(turn=build_turn(1, f"throttled{number}"))])
        assert await rig.process(f"throttled{number}") is ProcessResult.POSTPONED
        await rig.redis.delete("tg:throttled:fake:A1")  # the pause has passed
    rig.channel.planned_failures = []


async def read_wait(rig: Rig, address: Address = ADDRESS, session: str = SESSION) -> float:
    """Return how long a new reply to an address has to wait."""
    await rig.inbox.accept(
        [TurnReceived(turn=build_turn(1, session).model_copy(update={"address": address}))]
    )
    claim = await rig.mailbox.claim(session)
    assert claim is not None
    reply = Reply(key="M1.1", address=address, body="hello")
    await rig.mailbox.commit(claim.lease, Commit(turns=claim.view.turns, replies=(reply,)))
    return (await rig.mailbox.mark_sending(claim.lease, reply)).wait


async def pause_account(rig: Rig, error: Throttled) -> None:
    rig.channel.planned_failures = [(error, False)]
    await rig.inbox.accept([TurnReceived(turn=build_turn(1, "throttled"))])
    assert await rig.process("throttled") is ProcessResult.POSTPONED


async def test_rate_limits_do_not_open_the_circuit_breaker(rig: Rig) -> None:
    await throttle(rig, *[Throttled("429")] * 4)

    assert await rig.redis.zcard("tg:paused") == 0
    assert await rig.redis.exists("tg:failing:fake:A1") == 0
    await rig.accept_turns(1)
    assert await rig.process() is ProcessResult.EMPTY


async def test_the_sends_of_the_account_pause_for_retry_after(rig: Rig) -> None:
    await pause_account(rig, Throttled("429", retry_after=20.0))

    assert 19 < await read_wait(rig) <= 25
    assert await read_wait(rig, OTHER_NUMBER, "fake:2") > 19
    assert await read_wait(rig, OTHER_ACCOUNT, "fake:3") == 0


@pytest.mark.parametrize("retry_after", [None, 0.0, 1e-9])
async def test_without_a_time_to_wait_they_pause_for_a_moment(rig: Rig, retry_after: float | None) -> None:
    await pause_account(rig, Throttled("429", retry_after=retry_after))

    assert 0 < await rig.redis.pttl("tg:throttled:fake:A1") <= 250
    assert 0 < await read_wait(rig) <= 1.25


async def test_a_shorter_retry_after_does_not_end_a_pause(rig: Rig) -> None:
    await pause_account(rig, Throttled("429", retry_after=20.0))
    claim = await rig.mailbox.claim("throttled")
    assert claim is not None
    reply = Reply(key="M1.1", address=ADDRESS, body="hello")
    await rig.mailbox.postpone(claim.lease, 1.0, "429", reply=reply, pause=SendPause(reply, 1.0))

    assert await read_wait(rig) > 19


async def test_a_wrong_retry_after_stops_the_account_for_ten_minutes_only(rig: Rig) -> None:
    await pause_account(rig, Throttled("429", retry_after=9e6))

    assert 590_000 < await rig.redis.pttl("tg:throttled:fake:A1") <= 600_000


async def test_a_limit_of_one_number_pauses_that_number(rig: Rig) -> None:
    await pause_account(rig, Throttled("queue overflow", code="21611", retry_after=600.0, one_number=True))

    assert await read_wait(rig) > 590
    assert await read_wait(rig, OTHER_NUMBER, "fake:2") == 0


async def test_a_reply_that_waits_for_the_limit_is_not_tried(rig: Rig) -> None:
    await pause_account(rig, Throttled("429", retry_after=20.0))
    await rig.accept_turns(1)

    assert await rig.process() is ProcessResult.POSTPONED
    assert rig.channel.sent_replies == []
    assert await rig.redis.hget(f"tg:{{{SESSION}}}", "waits") is None
    entry: Any = (await read_log(rig.redis, SESSION))[-1]
    assert entry.data["reason"] == "rate limit of the provider"
    await rig.redis.delete("tg:throttled:fake:A1")
    assert await rig.process_when_due() is ProcessResult.EMPTY
