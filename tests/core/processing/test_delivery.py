"""Delivery: rate limits, circuit breaker and dead letters."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from redis.asyncio import Redis

from core.errors import Rejected, Unavailable, Unknown
from core.model import FailureKind, Reply, TurnReceived
from core.ports import Claim, Commit, RateLimit
from core.processing.retry_policy import ProcessingLimits
from core.processing.session_processor import ProcessResult
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.sessions.dead_letters import DeadLetters, ReplayOutcome
from tests.core.rig import SESSION, Rig
from tests.fakes import ADDRESS, build_turn


async def claim_first_reply(
    redis: Redis, rig: Rig, session: str, *, bulk: bool = False
) -> tuple[Claim, Reply]:
    """Claim a session whose first reply is in the outbox."""
    await rig.inbox.accept([TurnReceived(turn=build_turn(1, session))])
    claim = await rig.mailbox.claim(session)
    assert claim is not None
    reply = Reply(key="M1.1", address=ADDRESS, body="hello", bulk=bulk)
    await rig.mailbox.commit(claim.lease, Commit(turns=claim.view.turns, replies=(reply,)))
    return claim, reply


async def read_waits(rig: Rig, sends: list[tuple[Claim, Reply]]) -> list[float]:
    return [(await rig.mailbox.mark_sending(claim.lease, reply)).wait for claim, reply in sends]


async def test_sends_per_number_stay_within_the_rate_limit(redis: Redis) -> None:
    rig = Rig(redis, ProcessingLimits(), paces={"fake": RateLimit(number=4)})
    sends = [await claim_first_reply(redis, rig, f"s{number}") for number in range(7)]

    told = await read_waits(rig, sends)

    assert told[:4] == [0, 0, 0, 0]
    assert told[4:] == pytest.approx([0.25, 0.5, 0.75], abs=0.2)
    assert told[4] < told[5] < told[6]


async def test_a_rate_limited_session_keeps_its_place(redis: Redis) -> None:
    rig = Rig(redis, ProcessingLimits(), paces={"fake": RateLimit(account=1)})
    first, second, third = [await claim_first_reply(redis, rig, f"s{number}") for number in range(3)]
    await read_waits(rig, [first])

    [before] = await read_waits(rig, [second])
    [behind] = await read_waits(rig, [third])
    [after] = await read_waits(rig, [second])

    assert after <= before < behind
    await redis.hset("tg:{s1}", "slot", 1)  # its time has come
    assert (await rig.mailbox.mark_sending(second[0].lease, second[1])).granted


async def test_bulk_sends_leave_half_of_the_rate_to_replies(redis: Redis) -> None:
    rig = Rig(redis, ProcessingLimits(), paces={"fake": RateLimit(number=8)})
    bulk = [await claim_first_reply(redis, rig, f"b{number}", bulk=True) for number in range(8)]
    replies = [await claim_first_reply(redis, rig, f"s{number}") for number in range(4)]

    told = await read_waits(rig, bulk)

    assert told[:4] == [0, 0, 0, 0]
    assert min(told[4:]) > 0
    assert await read_waits(rig, replies) == [0, 0, 0, 0]


async def test_waiting_for_the_rate_limit_is_not_a_try(redis: Redis) -> None:
    rig = Rig(redis, ProcessingLimits(), paces={"fake": RateLimit(number=1)})
    other = await claim_first_reply(redis, rig, "other")
    await read_waits(rig, [other])
    await rig.accept_turns(1)

    assert await rig.process() is ProcessResult.POSTPONED
    assert await redis.hget(f"tg:{{{SESSION}}}", "waits") is None
    await redis.hset(f"tg:{{{SESSION}}}", "slot", 1)
    assert await rig.process_when_due() is ProcessResult.EMPTY
    assert rig.channel.bodies == ["1: text 1"]


@pytest.fixture
def rig(redis: Redis) -> Rig:
    return Rig(redis, ProcessingLimits(max_delay=0.01), protocol=ProtocolLimits(max_failures=3))


async def fail_sends(rig: Rig, times: int, first: int = 1) -> None:
    for number in range(first, first + times):
        rig.channel.planned_failures = [(Unavailable("503"), False)]
        session = f"s{number}"
        await rig.inbox.accept([TurnReceived(turn=build_turn(number, session))])
        assert await rig.process(session) is ProcessResult.POSTPONED


async def test_the_circuit_breaker_opens_after_failures_in_a_row_and_logs_it(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        await fail_sends(rig, 3)
    assert "fake:A1: circuit breaker open after repeated failures, replies are queued: 503" in caplog.messages

    await rig.accept_turns(1)
    assert await rig.process() is ProcessResult.POSTPONED
    assert rig.channel.sent_replies == []
    assert rig.dialog.handled[-1] == "M1"


async def test_a_half_open_breaker_lets_one_send_through_and_success_closes_it(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    await fail_sends(rig, 3)
    await rig.redis.zadd("tg:paused", {"fake:A1": 1})  # the rest has passed
    probe = await claim_first_reply(rig.redis, rig, "probe")
    other = await claim_first_reply(rig.redis, rig, "other")

    assert (await rig.mailbox.mark_sending(probe[0].lease, probe[1])).granted
    assert 0 < (await rig.mailbox.mark_sending(other[0].lease, other[1])).wait <= 1
    with caplog.at_level(logging.WARNING):
        await rig.mailbox.record_sent(probe[0].lease, probe[1], "P1")
    assert "fake:A1: circuit breaker closed, sends work again" in caplog.messages
    assert (await rig.mailbox.mark_sending(other[0].lease, other[1])).granted


async def test_a_failed_probe_doubles_the_cooldown(rig: Rig) -> None:
    await fail_sends(rig, 3)
    first = await read_pause(rig)
    await rig.redis.zadd("tg:paused", {"fake:A1": 1})
    await fail_sends(rig, 1, first=9)

    assert 1.5 * first < await read_pause(rig) < 2.5 * first


async def read_pause(rig: Rig) -> float:
    seconds, micros = await rig.redis.time()
    until: Any = await rig.redis.zscore("tg:paused", "fake:A1")
    return float(until / 1000 - seconds - micros / 1e6)


async def test_a_success_in_between_resets_the_failure_count(rig: Rig) -> None:
    await fail_sends(rig, 2)
    await rig.accept_turns(1)
    assert await rig.process() is ProcessResult.EMPTY
    await fail_sends(rig, 2, first=5)

    assert await rig.redis.zcard("tg:paused") == 0


async def test_an_account_wide_rejection_opens_the_breaker_at_once_and_the_reply_waits(rig: Rig) -> None:
    rig.channel.planned_failures = [
        (Rejected("wrong token", code="20003", failure=FailureKind.ACCOUNT), False)
    ]
    rig.processor._sender._limits = ProcessingLimits()
    await rig.accept_turns(1)

    assert await rig.process() is ProcessResult.POSTPONED
    assert await read_pause(rig) > 50
    assert await rig.process_when_due() is ProcessResult.EMPTY
    assert rig.channel.bodies == ["1: text 1"]


async def test_a_failed_reply_is_dead_lettered_and_can_be_replayed(rig: Rig) -> None:
    rig.channel.planned_failures = [(Rejected("bad number", code="21211"), False)]
    await rig.accept_turns(1)
    await rig.process()
    dead = DeadLetters(rig.redis)

    [letter] = [each async for each in dead.list_between()]
    assert (letter.reason, letter.log_keys, letter.text) == ("bad number", ["M1.1"], "1: text 1")
    assert await dead.replay(letter) is ReplayOutcome.REPLAYED
    assert await rig.process() is ProcessResult.EMPTY
    assert rig.channel.bodies == ["1: text 1"]
    assert rig.dialog.handled == ["M1", "timer"]


async def test_nothing_is_sent_after_an_opt_out(rig: Rig) -> None:
    rig.channel.planned_failures = [(Rejected("stop", code="21610", failure=FailureKind.OPTED_OUT), False)]
    await rig.accept_turns(1)
    await rig.process()

    assert await rig.redis.xlen("tg:dead") == 0


async def test_a_send_of_unknown_outcome_counts_as_a_failure(rig: Rig) -> None:
    for number in range(3):
        rig.channel.planned_failures = [(Unknown("time-out"), False)]
        await rig.inbox.accept([TurnReceived(turn=build_turn(1, f"s{number}"))])
        await rig.process(f"s{number}")

    assert await rig.redis.zcard("tg:paused") == 1
