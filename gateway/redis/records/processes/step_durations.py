"""Durations of a worker's steps, added up in the process and written to Redis every few seconds.

Workers have no port, so what they measure is in Redis: any web process's `/metrics` shows all of them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from time import perf_counter
from typing import NamedTuple

from redis.asyncio import Redis
from redis.exceptions import RedisError

from gateway.redis.connection.outages.retry_loop import run_forever
from gateway.redis.lua import DURATION_BOUNDS_MS
from gateway.redis.records.processes.counters import histogram_field, sum_field
from gateway.redis.records.processes.traffic import traffic_key

_FLUSH_SECONDS = 5.0
_MAX_FIELDS = 2_000
_MEASURED = frozenset({"turn", "model", "tool", "send"})
_BY_MINUTE = "h|send|"
_TRAFFIC_SECONDS = 25 * 3600


class _RunningStep(NamedTuple):
    """A running step: its name and label values, and when it began."""

    labels: tuple[str, ...]
    started_at: float


class StepDurations:
    """Listener that measures steps (`core.steps`), in histograms by the step's labels and result."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._unwritten: dict[str, float] = {}

    def enter(self, name: str, labels: Mapping[str, str], parent: str) -> _RunningStep | None:
        """Begin to measure a step."""
        if name not in _MEASURED:
            return None
        return _RunningStep(_clean_labels(name, *labels.values()), perf_counter())

    def leave(self, entered: _RunningStep | None, result: str) -> None:
        """Count a step's duration; one that was cancelled says nothing about durations."""
        if entered is None or result == "cancelled" or len(self._unwritten) > _MAX_FIELDS:
            return
        milliseconds = (perf_counter() - entered.started_at) * 1000
        bucket, total = _fields(entered.labels, result, bisect_left(DURATION_BOUNDS_MS, milliseconds))
        self._add(bucket, 1)
        self._add(total, milliseconds)

    def trace(self) -> str:
        """Return an empty text: durations have no trace."""
        return ""

    async def flush(self) -> None:
        """Write the new measurements, if there are any, in one round trip."""
        if not self._unwritten:
            return
        measured, self._unwritten = self._unwritten, {}
        written: dict[str, int] = {name: int(number) for name, number in measured.items()}
        try:
            seconds, _ = await self._redis.time()
            minute = traffic_key(int(seconds) // 60)
            async with self._redis.pipeline(transaction=True) as pipeline:
                for name, number in written.items():
                    pipeline.hincrby("tg:counts", name, number)
                    if name.startswith(_BY_MINUTE):
                        pipeline.hincrby(minute, name, number)
                if any(name.startswith(_BY_MINUTE) for name in written):
                    pipeline.expire(minute, _TRAFFIC_SECONDS)
                await pipeline.execute()
        except BaseException:  # also on cancellation; counted twice is better than not at all
            written = {}
            raise
        finally:
            for name, measured_number in measured.items():
                left = measured_number - written.get(name, 0)
                if left:  # fractions of a millisecond are carried over
                    self._add(name, left)

    async def run(self) -> None:
        """Write every few seconds until cancelled."""
        await run_forever(self.flush, _FLUSH_SECONDS, "writing of measured durations")

    async def aclose(self) -> None:
        """Write the remaining measurements; without Redis they are lost."""
        with suppress(RedisError, OSError):
            await self.flush()

    def _add(self, name: str, number: float) -> None:
        self._unwritten[name] = self._unwritten.get(name, 0) + number


@lru_cache(_MAX_FIELDS)
def _clean_labels(*values: str) -> tuple[str, ...]:
    """Return labels without the separator of the fields, and not longer than a name is."""
    return tuple(value.replace("|", "/")[:100] for value in values)


@lru_cache(_MAX_FIELDS)
def _fields(labels: tuple[str, ...], result: str, bucket: int) -> tuple[str, str]:
    """Return the fields of a histogram's bucket, by its place among the bounds, and of its sum."""
    bound = DURATION_BOUNDS_MS[bucket] if bucket < len(DURATION_BOUNDS_MS) else None
    return histogram_field((*labels, result), bound), sum_field((*labels, result))
