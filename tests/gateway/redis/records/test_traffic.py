"""Traffic by minute, waiting times, and their histograms."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis

from core.errors import Unavailable
from core.model import TurnReceived
from gateway.redis import lua
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.processes.counters import Histogram, parse_counters
from gateway.redis.records.processes.traffic import merge_histograms, read_traffic
from tests.fakes import build_turn
from tests.gateway.environments.inbound import InboundGateway

SESSION = "fake:1"


@pytest.fixture
async def gateway(redis: Redis) -> AsyncIterator[InboundGateway]:
    made = InboundGateway(redis, ["fake"])
    yield made
    await made.mailbox.aclose()


async def read_backlog(redis: Redis) -> tuple[int, int, int, int]:
    """Return since when the oldest waits, how many wait, their messages and the longest mailbox."""
    answer: Any = await lua.load_script("measure", ProtocolLimits())(redis, [1000])
    _, oldest, sessions, messages, longest, _ = answer
    return oldest, sessions, messages, longest


async def test_messages_and_replies_are_counted_by_account_and_minute(gateway: InboundGateway) -> None:
    await gateway.receive([TurnReceived(turn=build_turn(1)), TurnReceived(turn=build_turn(1))], SESSION)
    await gateway.receive([TurnReceived(turn=build_turn(2, text="one\ntwo"))], SESSION)
    await gateway.send(SESSION, "own-1")
    await gateway.processor.run(SESSION)

    minutes = await read_traffic(gateway.redis, 5)
    assert len(minutes) == 5
    assert sum(minute.messages.get("fake:A1", 0) for minute in minutes) == 2, "the copy is no message"
    assert sum(minute.replies.get("fake:A1", 0) for minute in minutes) == 4
    answers = [minute.answers for minute in minutes]
    assert merge_histograms(answers).count == 2, "one observation for each turn, at its first reply"
    assert merge_histograms(answers, "other").count == 0
    assert sum(minute.queue_waits["fake"].count for minute in minutes if minute.queue_waits) == 2
    keys = [key async for key in gateway.redis.scan_iter("tg:traffic:*")]
    assert all([await gateway.redis.pttl(key) > 0 for key in keys])


async def test_minutes_that_are_over_are_read_once(gateway: InboundGateway) -> None:
    redis = gateway.redis
    seconds, _ = await redis.time()
    over = int(seconds) // 60 - 3
    await redis.hset(f"tg:traffic:{over}", mapping={"c|messages|fake:A1|new": 7, "h|send|fake|ok|50": 2})
    first = await read_traffic(redis)
    await gateway.receive([TurnReceived(turn=build_turn(1))], SESSION)
    await redis.config_resetstat()
    second = await read_traffic(redis)

    stats: Any = await redis.info("commandstats")
    assert stats["cmdstat_hgetall"]["calls"] <= 4, "the present minute, the one before it, and new ones"
    found = {minute.at_ms: minute for minute in second}
    assert found[over * 60_000].messages == {"fake:A1": 7}
    assert found[over * 60_000].sends["fake"].count == 2
    assert sum(sum(minute.messages.values()) for minute in first) == 7
    assert sum(sum(minute.messages.values()) for minute in second) == 8


async def test_a_message_waits_until_its_reply_has_left(gateway: InboundGateway) -> None:
    assert await read_backlog(gateway.redis) == (0, 0, 0, 0)
    await gateway.inbox.accept([TurnReceived(turn=build_turn(1)), TurnReceived(turn=build_turn(2))])
    first = await gateway.redis.zscore("tg:{fake:1}:seen", "M1")
    assert await read_backlog(gateway.redis) == (first, 1, 2, 2)

    gateway.channel.planned_failures = [(Unavailable("down"), False)]
    await gateway.processor.run(SESSION)
    assert await read_backlog(gateway.redis) == (first, 1, 1, 1), "answered, but the reply has not left"
    await gateway.process_when_due(SESSION)
    assert await read_backlog(gateway.redis) == (0, 0, 0, 0)


async def test_the_next_message_waits_since_its_own_acceptance(gateway: InboundGateway) -> None:
    await gateway.inbox.accept([TurnReceived(turn=build_turn(1)), TurnReceived(turn=build_turn(2))])
    await gateway.redis.zadd("tg:unanswered", {SESSION: 1000})
    await gateway.redis.zadd("tg:{fake:1}:seen", {"M1": 1000, "M2": 2000})
    gateway.channel.planned_failures = [None, (Unavailable("down"), False)]
    await gateway.processor.run(SESSION)

    assert await read_backlog(gateway.redis) == (2000, 1, 0, 0)


async def test_an_erased_session_waits_no_more(gateway: InboundGateway) -> None:
    await gateway.inbox.accept([TurnReceived(turn=build_turn(1))])
    await lua.load_script("erase_session", ProtocolLimits())(gateway.redis, [SESSION, "", ":mail", ":seen"])
    assert await gateway.redis.zcard("tg:unanswered") == 0


async def test_what_an_earlier_release_answered_is_forgotten(gateway: InboundGateway) -> None:
    await gateway.redis.zadd("tg:unanswered", {"fake:gone": 1})
    assert await read_backlog(gateway.redis) == (0, 0, 0, 0)
    assert await gateway.redis.zcard("tg:unanswered") == 0


async def test_the_number_of_counters_is_bounded(redis: Redis) -> None:
    await redis.hset("tg:counts", mapping={f"x{number}": 1 for number in range(10_000)})
    gateway = InboundGateway(redis, ["fake"])
    await gateway.inbox.accept([TurnReceived(turn=build_turn(1))])
    stored: Any = await redis.hgetall("tg:counts")
    counters = parse_counters(stored)
    assert counters.classes == []
    assert counters.others[b"turn:new"] == b"1"


def test_a_quantile_is_estimated_inside_its_bucket() -> None:
    histogram = Histogram({100: 5, 250: 4, None: 1}, 2_000)
    assert histogram.quantile_seconds(0.5) == pytest.approx(0.1)
    assert histogram.quantile_seconds(0.9) == pytest.approx(0.25)
    assert histogram.quantile_seconds(0.99) == 3600
    assert Histogram().quantile_seconds(0.5) is None
    assert histogram.cumulative_counts()[-1] == (None, 10)
