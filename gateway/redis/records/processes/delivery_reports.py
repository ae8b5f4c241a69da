"""Counters of delivery statuses by channel in the last day, and alarms of accounts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from redis.asyncio import Redis

from core.counts import count_of
from core.model import DeliveryStatus, FrozenModel

_COUNTER_PREFIX = "delivery:"
_HOUR_MS = 3_600_000
_HOURS = 24


class DeliveryCount(FrozenModel):
    """Number of messages of a channel with a status; `failure` classifies those that failed."""

    channel: str
    status: str
    failure: str = ""
    messages: int


class AccountAlarm(FrozenModel):
    """The last failure that a status reported and that concerns every send of an account.

    With `template` it concerns only the messages with that template, and `account` names both.
    """

    account: str
    code: str
    reason: str
    at_ms: int
    template: str = ""


def parse_delivery_counts(counters: Mapping[bytes, bytes]) -> list[DeliveryCount]:
    """Select the delivery counts from the counters of all events."""
    return [
        _parse_count(name.decode().removeprefix(_COUNTER_PREFIX), int(value))
        for name, value in sorted(counters.items())
        if is_delivery_counter(name)
    ]


def is_delivery_counter(name: bytes) -> bool:
    """Return whether a counter counts delivery statuses of a channel."""
    return name.startswith(_COUNTER_PREFIX.encode())


async def read_recent_counts(redis: Redis) -> list[DeliveryCount]:
    """Return the delivery counts of the last 24 hours."""
    hour = await _read_now_ms(redis) // _HOUR_MS
    async with redis.pipeline(transaction=False) as pipeline:
        for past in range(_HOURS):
            pipeline.hgetall(f"tg:statuses:{hour - past}")
        hours: list[Any] = await pipeline.execute()
    totals: Counter[str] = Counter()
    for counters in hours:
        totals.update({name.decode(): int(value) for name, value in counters.items()})
    return [_parse_count(name, messages) for name, messages in sorted(totals.items())]


async def read_alarms(redis: Redis) -> list[AccountAlarm]:
    """Return the alarms of the last 24 hours."""
    stored: Any = await redis.hgetall("tg:alarms")
    earliest = await _read_now_ms(redis) - _HOURS * _HOUR_MS
    alarms = [
        AccountAlarm(account=account.decode(), **json.loads(value)) for account, value in stored.items()
    ]
    return sorted((alarm for alarm in alarms if alarm.at_ms >= earliest), key=lambda alarm: alarm.account)


def describe_failures(counts: list[DeliveryCount]) -> list[tuple[bool, str]]:
    """Describe each channel with failed messages; `False` where at least half of the reported ones failed."""
    described = []
    for channel in sorted({each.channel for each in counts}):
        own = [each for each in counts if each.channel == channel]
        failures = {each.failure: each.messages for each in own if each.status == DeliveryStatus.FAILED}
        failed = sum(failures.values())
        delivered = sum(each.messages for each in own if each.status == DeliveryStatus.DELIVERED)
        if not failed:
            continue
        kinds = ", ".join(f"{kind or 'unknown'} {messages}" for kind, messages in sorted(failures.items()))
        total = count_of(failed + delivered, "message")
        summary = f"{channel}: {failed} of {total} failed in the last 24 hours ({kinds})"
        described.append((failed < delivered, summary))
    return described


def _parse_count(name: str, messages: int) -> DeliveryCount:
    channel, status, failure = (*name.split(":"), "")[:3]
    return DeliveryCount(channel=channel, status=status, failure=failure, messages=messages)


async def _read_now_ms(redis: Redis) -> int:
    seconds, microseconds = await redis.time()
    return int(seconds) * 1000 + int(microseconds) // 1000
