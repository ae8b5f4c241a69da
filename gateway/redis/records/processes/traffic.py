"""Traffic of the last day by minute: messages, replies and errors of each account, and durations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple
from weakref import WeakKeyDictionary

from redis.asyncio import Redis

from gateway.redis.records.processes.counters import Histogram, parse_counters

MAX_MINUTES = 24 * 60
_MINUTES_PER_CALL = 240
_OPEN_MINUTES: Final = 1
"""Earlier minutes that may still be written to, by a script that began before their end."""
_ACCEPTED = "new"
_FINAL: Final = ("ok", "rejected")


_DEAD_TURN: Final = ("dead", "turn")
_DURATIONS: Final = ("answer", "queue_wait", "send")


_over: WeakKeyDictionary[Redis, dict[int, MinuteTraffic]] = WeakKeyDictionary()


class MinuteTraffic(NamedTuple):
    """One minute, which began `at_ms` after the epoch: numbers by account (`channel:account`).

    `answers` and `queue_waits` have durations by channel: from the acceptance of a message to its first
    reply at the provider, and to the start of its turn. `sends` has those of calls to the provider, failed
    ones included; `failed_sends` counts, by channel and failure, those that will be tried again. `errors`
    counts replies that were not sent and messages that were given up (`turn`), by account and class;
    `tokens` are the language model's.
    """

    at_ms: int
    messages: Mapping[str, int]
    replies: Mapping[str, int]
    answers: Mapping[str, Histogram]
    queue_waits: Mapping[str, Histogram]
    sends: Mapping[str, Histogram]
    failed_sends: Mapping[tuple[str, str], int]
    errors: Mapping[tuple[str, str], int]
    tokens: Mapping[str, int]


def traffic_key(minute: int) -> str:
    """Return the key of the counters of a minute since the epoch."""
    return f"tg:traffic:{minute}"


async def read_traffic(redis: Redis, minutes: int = 60) -> list[MinuteTraffic]:
    """Return the last minutes (at most a day), oldest first; the last is the current, incomplete one.

    Minutes that are over do not change any more: each client reads and decodes them once.
    """
    seconds, _ = await redis.time()
    last = int(seconds) // 60
    numbers = range(last - min(max(minutes, 1), MAX_MINUTES) + 1, last + 1)
    known = _over.setdefault(redis, {})
    for minute in [each for each in known if each <= last - MAX_MINUTES]:
        del known[minute]
    missing = [minute for minute in numbers if minute not in known]
    present: dict[int, MinuteTraffic] = {}
    for start in range(0, len(missing), _MINUTES_PER_CALL):
        part = missing[start : start + _MINUTES_PER_CALL]
        async with redis.pipeline(transaction=False) as pipeline:
            for minute in part:
                pipeline.hgetall(traffic_key(minute))
            stored: list[Any] = await pipeline.execute()
        for minute, each in zip(part, stored, strict=True):
            is_over = minute < last - _OPEN_MINUTES
            (known if is_over else present)[minute] = _decode_minute(minute * 60_000, each)
    return [known[minute] if minute in known else present[minute] for minute in numbers]


def merge_histograms(parts: Iterable[Mapping[str, Histogram]], channel: str = "") -> Histogram:
    """Return the sum of histograms, of one channel or of all."""
    total = Histogram()
    for part in parts:
        for name, histogram in part.items():
            if channel in ("", name):
                total.add(histogram)
    return total


def merge_by_channel(parts: Iterable[Mapping[str, Histogram]]) -> dict[str, Histogram]:
    """Return the sum of histograms for each channel."""
    totals: dict[str, Histogram] = {}
    for part in parts:
        for name, histogram in part.items():
            totals.setdefault(name, Histogram()).add(histogram)
    return totals


def _decode_minute(at_ms: int, stored: Mapping[bytes, bytes]) -> MinuteTraffic:
    counters = parse_counters(stored)
    numbers: dict[str, Counter[str]] = {"messages": Counter(), "replies": Counter(), "tokens": Counter()}
    errors: Counter[tuple[str, str]] = Counter()
    for each in counters.classes:
        if each.name == "refusals" or (each.name, each.kind) == _DEAD_TURN:
            errors[each.account, each.kind or "other"] += each.number
        elif each.name in numbers and (each.name != "messages" or each.kind == _ACCEPTED):
            numbers[each.name][each.account] += each.number
    durations: dict[str, dict[str, Histogram]] = {name: {} for name in _DURATIONS}
    failed: Counter[tuple[str, str]] = Counter()
    for (name, channel, *more), histogram in counters.histograms.items():
        if name in durations:
            durations[name].setdefault(channel, Histogram()).add(histogram)
        if name == "send" and more and more[0] not in _FINAL:
            failed[channel, more[0]] += histogram.count
    return MinuteTraffic(
        at_ms,
        messages=numbers["messages"],
        replies=numbers["replies"],
        answers=durations["answer"],
        queue_waits=durations["queue_wait"],
        sends=durations["send"],
        failed_sends=failed,
        errors=errors,
        tokens=numbers["tokens"],
    )
