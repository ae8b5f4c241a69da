"""Checks memory, latency, replicas and disk writes of a Redis server."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median
from time import perf_counter
from typing import Any, Final

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from core.counts import count_of

_FULL_SHARE: Final = 0.85
_SLOW_MS: Final = 20.0
_PINGS: Final = 9
_LAG_SECONDS: Final = 10
_MEGABYTE: Final = 1_000_000
_SECTIONS: Final = ("memory", "replication", "persistence")


async def check_load(redis: Redis) -> list[tuple[bool, str]]:
    """Return whether each check passed, and what it found; what a managed server hides is left out."""
    facts: dict[str, Any] = {}
    for section in _SECTIONS:
        try:
            facts |= await redis.info(section)
        except ResponseError:
            continue
    found = [_check_memory(facts), await _check_latency(redis), *_check_replicas(facts), _check_disk(facts)]
    return [each for each in found if each]


def _check_memory(facts: Mapping[str, Any]) -> tuple[bool, str] | None:
    if "used_memory" not in facts:
        return None
    used, limit = int(facts["used_memory"]), int(facts.get("maxmemory", 0) or 0)
    # Redis without a limit takes all of the machine's memory, until the system ends it
    room = limit or int(facts.get("total_system_memory", 0) or 0)
    words = f"Redis uses {used / _MEGABYTE:,.0f} MB of {room / _MEGABYTE:,.0f} MB" if room else ""
    if not words:
        return True, f"Redis uses {used / _MEGABYTE:,.0f} MB"
    if used > room * _FULL_SHARE:
        return (
            False,
            f"{words}: give it more, or shorten TURNGATE_KEEP_SESSION_DAYS; when it is full, messages are "
            "refused",
        )
    return True, words


async def _check_latency(redis: Redis) -> tuple[bool, str]:
    times = []
    for _ in range(_PINGS):
        began = perf_counter()
        await redis.ping()
        times.append(1000 * (perf_counter() - began))
    typical = median(times)
    if typical > _SLOW_MS:
        advice = "every step of a message waits for it: move Redis to the same zone, or give it a faster CPU"
        return False, f"Redis answers in {typical:.0f} ms; {advice}"
    return True, f"Redis answers in {typical:.1f} ms"


def _check_replicas(facts: Mapping[str, Any]) -> list[tuple[bool, str]]:
    """Check that replicas follow: `lag` is the time since the last one's report, in seconds."""
    replicas = [facts[name] for name in facts if name.startswith("slave") and isinstance(facts[name], dict)]
    late = [
        each for each in replicas if each.get("state") != "online" or int(each.get("lag", 0)) > _LAG_SECONDS
    ]
    if not replicas:
        return []
    if late:
        names = ", ".join(f"{each.get('ip')}:{each.get('port')}" for each in late)
        return [(False, f"Replicas lag behind: {names}; a failover to them would lose messages")]
    words = count_of(len(replicas), "replica follows", "replicas follow")
    if "min_slaves_good_slaves" not in facts:  # told where min-replicas-to-write is set
        words += (
            "; min-replicas-to-write is 0, so a primary that is cut off from them accepts messages which a "
            "failover loses"
        )
    return [(True, words)]


def _check_disk(facts: Mapping[str, Any]) -> tuple[bool, str] | None:
    for name, what in (
        ("aof_last_write_status", "write to the append-only file"),
        ("aof_last_bgrewrite_status", "rewrite of the append-only file"),
        ("rdb_last_bgsave_status", "snapshot"),
    ):
        if facts.get(name, "ok") != "ok":
            return False, f"Redis' last {what} failed; see its log and the free space on its disk"
    return None
