"""Replies that the provider does not accept are given up by age, not by the number of attempts (L14)."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis

from core.errors import Rejected, Unavailable, Unknown
from core.model import FailureKind, Message, TurnReceived
from core.processing import ProcessingLimits
from core.processing.session_processor import ProcessResult
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.sessions.dead_letters import DeadLetters
from gateway.redis.sending.outbox import ProactiveSender
from tests.core.rig import SESSION, Rig, list_letters
from tests.fakes import build_turn

HOUR = 3600.0
MANY = 40


@pytest.fixture
async def rig(redis: Redis) -> AsyncIterator[Rig]:
    made = Rig(redis, ProcessingLimits(max_delay=0.01))
    yield made
    await made.mailbox.aclose()


async def make_older(redis: Redis, hours: float, session: str = SESSION) -> None:
    """Move the times at which the session's replies were committed into the past."""
    out: Any = await redis.lrange(f"tg:{{{session}}}:out", 0, -1)
    for index, stored in enumerate(out):
        reply = json.loads(stored)
        reply["committed_at_ms"] -= int(hours * HOUR * 1000)
        await redis.lset(f"tg:{{{session}}}:out", index, json.dumps(reply))


async def read_hold_seconds(redis: Redis, session: str = SESSION) -> float:
    """Return how long the session waits from now on."""
    hold: Any = await redis.hget(f"tg:{{{session}}}", "hold")
    seconds, micros = await redis.time()
    return int(hold) / 1000 - seconds - micros / 1e6


async def test_a_reply_is_not_given_up_by_a_number_of_tries(rig: Rig) -> None:
    rig.channel.planned_failures = [(Unavailable("503"), False)] * MANY
    await rig.accept_turns(1)
    for _ in range(MANY):
        assert await rig.process_when_due() is ProcessResult.POSTPONED

    assert await rig.process_when_due() is ProcessResult.EMPTY
    assert rig.channel.bodies == ["1: text 1"]


@pytest.mark.parametrize(
    "error",
    [
        Unavailable("503", code="503"),
        Unknown("time-out", code="503"),
        Rejected("expired", code="503", failure=FailureKind.ACCOUNT),
    ],
)
async def test_a_reply_that_is_too_old_becomes_a_dead_letter_with_its_last_error(
    rig: Rig, error: Unavailable
) -> None:
    rig.channel.planned_failures = [(error, False)] * 2
    await rig.accept_turns(1, 2)
    assert await rig.process() is ProcessResult.POSTPONED
    await make_older(rig.redis, 24)

    assert await rig.process_when_due() is ProcessResult.EMPTY
    [letter] = await list_letters(rig.redis)
    assert letter.reason == f"gave up after 24 h: {error.reason}"
    assert rig.channel.bodies == ["2: text 2"]


async def test_the_age_limit_may_be_a_fraction_of_an_hour(redis: Redis) -> None:
    rig = Rig(redis, ProcessingLimits(max_delay=0.01, reply_seconds=0.5 * HOUR))
    rig.channel.planned_failures = [(Unavailable("503"), False)] * 2
    await rig.accept_turns(1)
    await rig.process()
    await make_older(redis, 0.5)

    await rig.process_when_due()
    [letter] = await list_letters(redis)
    assert letter.reason == "gave up after 0.5 h: 503"
    await rig.mailbox.aclose()


@pytest.mark.parametrize("error", [Unavailable("429", retry_after=600), Unknown("503", retry_after=600)])
async def test_retry_after_is_honoured_in_full(rig: Rig, error: Unavailable | Unknown) -> None:
    rig.channel.planned_failures = [(error, False)]
    await rig.accept_turns(1)
    await rig.process()

    assert 590 < await read_hold_seconds(rig.redis) <= 600


async def test_retry_after_is_bounded_by_what_is_left_of_the_age(rig: Rig) -> None:
    rig.channel.planned_failures = [(Unavailable("503"), False), (Unavailable("429", retry_after=3e6), False)]
    await rig.accept_turns(1)
    await rig.process()
    await make_older(rig.redis, 23)

    assert await rig.process_when_due() is ProcessResult.POSTPONED
    assert 0.9 * HOUR < await read_hold_seconds(rig.redis) <= HOUR


async def test_a_short_retry_after_does_not_end_the_backoff(rig: Rig) -> None:
    rig.processor._sender._limits = ProcessingLimits()
    rig.channel.planned_failures = [(Unknown("503", retry_after=0.1), False)] * 12
    await rig.accept_turns(1)
    for _ in range(12):
        await rig.process_when_due()

    assert 25 < await read_hold_seconds(rig.redis) <= 60


def test_the_wait_stays_within_a_minute_for_the_first_twenty_minutes_and_grows_then() -> None:
    limits = ProcessingLimits()

    assert all(limits.backoff(attempt, age=20 * 60) <= 60 for attempt in range(100))
    assert 150 <= limits.backoff(100, age=3 * HOUR) <= 300


async def test_a_reply_stored_by_an_earlier_release_is_as_old_as_the_first_look_at_it(rig: Rig) -> None:
    rig.channel.planned_failures = [(Unavailable("503"), False)] * 2
    await rig.accept_turns(1)
    await rig.process()
    [stored] = await rig.redis.lrange(f"tg:{{{SESSION}}}:out", 0, -1)
    without_time = {name: value for name, value in json.loads(stored).items() if name != "committed_at_ms"}
    await rig.redis.lset(f"tg:{{{SESSION}}}:out", 0, json.dumps(without_time, separators=(",", ":")))

    assert await rig.process_when_due() is ProcessResult.POSTPONED
    [stored] = await rig.redis.lrange(f"tg:{{{SESSION}}}:out", 0, -1)
    assert json.loads(stored)["committed_at_ms"] > 0
    assert await rig.process_when_due() is ProcessResult.EMPTY
    assert rig.channel.bodies == ["1: text 1"]


async def test_expired_credentials_wait_for_the_operator_with_one_probe_a_minute(rig: Rig) -> None:
    rig.processor._sender._limits = ProcessingLimits()
    expired = Rejected("expired", code="190", failure=FailureKind.ACCOUNT)
    rig.channel.planned_failures = [(expired, False)] * MANY
    await rig.accept_turns(1)
    for _ in range(MANY):
        assert await rig.process_when_due() is ProcessResult.POSTPONED
        assert 50 < await read_hold_seconds(rig.redis) <= 60

    assert await rig.process_when_due() is ProcessResult.EMPTY
    assert rig.channel.bodies == ["1: text 1"]


async def test_tries_of_one_reply_do_not_open_the_circuit_breaker(rig: Rig) -> None:
    rig.channel.planned_failures = [(Unavailable("503"), False)] * MANY
    await rig.accept_turns(1)
    for _ in range(MANY):
        await rig.redis.hdel(f"tg:{{{SESSION}}}", "hold")
        await rig.process()

    assert await rig.redis.zcard("tg:paused") == 0


async def test_a_failure_of_one_contact_does_not_count_for_the_account(redis: Redis) -> None:
    rig = Rig(redis, ProcessingLimits(max_delay=0.01), protocol=ProtocolLimits(max_failures=1))
    rig.channel.planned_failures = [(Unavailable("one message in six seconds", one_contact=True), False)]
    await rig.accept_turns(1)

    assert await rig.process() is ProcessResult.POSTPONED
    assert await redis.zcard("tg:paused") == 0
    await rig.mailbox.aclose()


async def test_a_look_up_waits_for_the_circuit_breaker_and_is_its_probe(redis: Redis) -> None:
    rig = Rig(redis, ProcessingLimits(max_delay=0.01), protocol=ProtocolLimits(max_failures=1))
    rig.channel.planned_failures = [(Unknown("time-out"), False)]
    await rig.accept_turns(1)
    await rig.process()

    assert await rig.process() is ProcessResult.POSTPONED
    assert rig.channel.look_ups == 0
    await redis.zadd("tg:paused", {"fake:A1": 1})  # the cooldown has passed
    assert await rig.process() is ProcessResult.EMPTY
    assert (rig.channel.look_ups, rig.channel.bodies) == (1, ["1: text 1"])
    assert await redis.zcard("tg:paused") == 0
    await rig.mailbox.aclose()


async def test_a_reply_that_waits_for_the_breaker_until_it_is_too_old_names_the_accounts_error(
    redis: Redis,
) -> None:
    rig = Rig(redis, ProcessingLimits(max_delay=0.01), protocol=ProtocolLimits(max_failures=1))
    rig.channel.planned_failures = [(Unavailable("maintenance"), False)]
    await rig.inbox.accept([TurnReceived(turn=build_turn(1, "other"))])
    await rig.process("other")
    await rig.accept_turns(2)
    assert await rig.process() is ProcessResult.POSTPONED
    await make_older(redis, 24)

    assert await rig.process() is ProcessResult.EMPTY
    [letter] = await list_letters(redis)
    assert letter.reason == "gave up after 24 h: maintenance"
    await rig.mailbox.aclose()


async def test_a_reply_that_waits_for_hours_leaves_room_in_the_log(rig: Rig) -> None:
    rig.channel.planned_failures = [(Unavailable("503"), False)] * MANY
    await rig.accept_turns(1)
    for _ in range(MANY):
        await rig.process_when_due()

    assert (await rig.log_kinds()).count("postponed") == 1


async def test_a_replayed_reply_is_as_old_as_its_replay(rig: Rig) -> None:
    rig.channel.planned_failures = [(Unavailable("503"), False)] * 3
    await rig.accept_turns(1)
    await rig.process()
    await make_older(rig.redis, 24)
    await rig.process_when_due()
    [letter] = await list_letters(rig.redis)
    await DeadLetters(rig.redis).replay(letter)

    assert await rig.process_when_due() is ProcessResult.POSTPONED
    assert await rig.process_when_due() is ProcessResult.EMPTY
    assert rig.channel.bodies == ["1: text 1"]


@pytest.mark.parametrize(("hours", "bodies"), [(25, []), (23, ["1: late"])])
async def test_a_message_older_than_the_limit_is_recorded_and_not_answered(
    redis: Redis, hours: float, bodies: list[str]
) -> None:
    rig = Rig(redis, ProcessingLimits(message_seconds=24 * HOUR))
    late = build_turn(1, SESSION, "late").model_copy(update={"at": time.time() - hours * HOUR})
    await rig.inbox.accept([TurnReceived(turn=late)])

    assert await rig.process() is ProcessResult.EMPTY
    assert rig.channel.bodies == bodies
    await rig.mailbox.aclose()


async def test_without_a_limit_or_a_time_every_message_is_answered(rig: Rig) -> None:
    old = build_turn(1, SESSION, "old").model_copy(update={"at": 1.0})
    await rig.inbox.accept([TurnReceived(turn=old)])

    assert await rig.process() is ProcessResult.EMPTY
    assert rig.channel.bodies == ["1: old"]


async def test_a_take_over_seen_by_the_channel_is_not_a_dead_letter(rig: Rig) -> None:
    refusal = Rejected("the conversation is assigned to an agent", code="person", taken_over=True)
    rig.channel.planned_failures = [(refusal, False)]
    await rig.accept_turns(1)

    assert await rig.process() is ProcessResult.EMPTY
    assert await list_letters(rig.redis) == []
    assert "refused" in await rig.log_kinds()
    assert rig.dialog.handled == ["M1"]


async def test_an_agents_words_that_the_channel_does_not_take_are_a_dead_letter(rig: Rig) -> None:
    await rig.accept_turns(1)
    await rig.process()
    channels: Any = {"fake": rig.channel}
    words = Message(text="I am here.")
    await ProactiveSender(rig.redis, channels, ProtocolLimits()).send(SESSION, "agent-1", words, "person")
    rig.channel.planned_failures = [(Rejected("another desk has it", taken_over=True), False)]
    await rig.process()

    [letter] = await list_letters(rig.redis)
    assert letter.text == "I am here."


async def due_seconds(redis: Redis) -> float:
    """Return in how many seconds the session is looked at again."""
    seconds, micros = await redis.time()
    return (await redis.zscore("tg:due", SESSION) or 0) / 1000 - seconds - micros / 1e6


@pytest.mark.parametrize(("asked", "waits"), [(600.0, 600.0), (20 * HOUR, HOUR)])
async def test_what_comes_while_a_reply_waits_for_a_day_is_looked_at_within_an_hour(
    rig: Rig, asked: float, waits: float
) -> None:
    rig.channel.planned_failures = [(Unavailable("limit of this contact", retry_after=asked), False)]
    await rig.accept_turns(1)
    assert await rig.process() is ProcessResult.POSTPONED
    assert await due_seconds(rig.redis) == pytest.approx(asked, abs=60)

    await rig.accept_turns(2)
    first = await due_seconds(rig.redis)
    await rig.accept_turns(3)
    assert first == pytest.approx(waits, abs=60)
    assert await due_seconds(rig.redis) <= first


async def test_an_agents_words_do_not_wait_behind_a_reply_that_may_no_longer_be_sent(rig: Rig) -> None:
    rig.channel.planned_failures = [(Unavailable("limit of this contact", retry_after=20 * HOUR), False)]
    await rig.accept_turns(1)
    assert await rig.process() is ProcessResult.POSTPONED
    sender = ProactiveSender(rig.redis, {"fake": rig.channel}, ProtocolLimits())
    await sender.send(SESSION, "agent-1", Message(text="Grace here"), "person")

    assert await rig.redis.llen("rq:queue:turns") == 2
    assert await rig.process() is ProcessResult.EMPTY
    assert rig.channel.bodies == ["Grace here"]


async def test_an_agents_words_wait_for_as_long_as_the_provider_asks_in_minutes(rig: Rig) -> None:
    rig.channel.planned_failures = [(Unavailable("busy", retry_after=600.0), False)]
    await rig.accept_turns(1)
    assert await rig.process() is ProcessResult.POSTPONED
    sender = ProactiveSender(rig.redis, {"fake": rig.channel}, ProtocolLimits())
    await sender.send(SESSION, "agent-1", Message(text="Grace here"), "person")

    assert await rig.redis.llen("rq:queue:turns") == 1
    assert await due_seconds(rig.redis) == pytest.approx(600, abs=60)
