"""Traffic of the last day by minute: messages and replies of each account, and how long contacts waited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from redis.asyncio import Redis

from gateway.redis.records.counters import Histogram, parse_counters

MAX_MINUTES = 24 * 60
_MINUTES_PER_CALL = 240
_ACCEPTED = "new"


class MinuteTraffic(NamedTuple):
    """One minute, which began `at_ms` after the epoch: numbers by account (`channel:account`).

    `answers` and `queue_waits` have durations by channel: from the acceptance of a message to its first
    reply at the provider, and to the start of its turn.
    """

    at_ms: int
    messages: Mapping[str, int]
    replies: Mapping[str, int]
    answers: Mapping[str, Histogram]
    queue_waits: Mapping[str, Histogram]


async def read_traffic(redis: Redis, minutes: int = 60) -> list[MinuteTraffic]:
    """Return the last minutes (at most a day), oldest first; the last is the present one, which goes on."""
    seconds, _ = await redis.time()
    last = int(seconds) // 60
    numbers = range(last - min(max(minutes, 1), MAX_MINUTES) + 1, last + 1)
    traffic = []
    for start in range(0, len(numbers), _MINUTES_PER_CALL):
        part = numbers[start : start + _MINUTES_PER_CALL]
        async with redis.pipeline(transaction=False) as pipeline:
            for minute in part:
                pipeline.hgetall(f"tg:traffic:{minute}")
            stored: list[Any] = await pipeline.execute()
        traffic += [_decode_minute(minute * 60_000, each) for minute, each in zip(part, stored, strict=True)]
    return traffic


def summarize_waits(minutes: Sequence[MinuteTraffic], channel: str = "") -> Histogram:
    """Return how long contacts waited for their first reply in these minutes, on one channel or on all."""
    total = Histogram()
    for minute in minutes:
        for name, histogram in minute.answers.items():
            if channel in ("", name):
                total.add(histogram)
    return total


def _decode_minute(at_ms: int, stored: Mapping[bytes, bytes]) -> MinuteTraffic:
    counters = parse_counters(stored)
    messages = {
        each.account: each.number
        for each in counters.classes
        if (each.name, each.kind) == ("messages", _ACCEPTED)
    }
    replies: dict[str, int] = {}
    for each in counters.classes:
        if each.name == "replies":
            replies[each.account] = replies.get(each.account, 0) + each.number
    waits: dict[str, dict[str, Histogram]] = {"answer": {}, "queue_wait": {}}
    for (name, *labels), histogram in counters.histograms.items():
        if name in waits:
            waits[name][labels[0]] = histogram
    return MinuteTraffic(at_ms, messages, replies, waits["answer"], waits["queue_wait"])
