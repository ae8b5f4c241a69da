"""Counters and histograms that the scripts and workers keep in Redis (scripts/shared/measures.lua)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from gateway.redis.lua import DURATION_BOUNDS_MS

_COUNTER, _HISTOGRAM, _REST, _SUM = "c", "h", "inf", "sum"
_SEPARATOR: Final = "|"
_BOUNDS: Final = frozenset(DURATION_BOUNDS_MS)


class ClassCount(NamedTuple):
    """A counter of an account's messages or replies of one class."""

    name: str
    account: str
    kind: str
    number: int


@dataclass(slots=True)
class Histogram:
    """Durations: `counts` by the upper bound in ms (`None`: above all bounds), and their sum in ms."""

    counts: dict[int | None, int] = field(default_factory=dict)
    sum_ms: int = 0

    @property
    def count(self) -> int:
        """Number of observations."""
        return sum(self.counts.values())

    def cumulative_counts(self) -> list[tuple[int | None, int]]:
        """Return for each bound how many observations are not above it; the last bound is `None`."""
        total, rows = 0, list[tuple[int | None, int]]()
        known: Sequence[int] = DURATION_BOUNDS_MS
        if more := self.counts.keys() - _BOUNDS - {None}:  # another release's
            known = sorted({*known, *(bound for bound in more if bound is not None)})
        for bound in (*known, None):
            total += self.counts.get(bound, 0)
            rows.append((bound, total))
        return rows

    def add(self, other: Histogram) -> None:
        """Add the observations of another histogram."""
        for bound, number in other.counts.items():
            self.counts[bound] = self.counts.get(bound, 0) + number
        self.sum_ms += other.sum_ms

    def quantile_seconds(self, share: float) -> float | None:
        """Estimate the duration that a share (0 to 1) of the observations does not exceed; `None` if none.

        As Prometheus does: linear inside a bucket; above all bounds it is the highest bound.
        """
        if not self.counts:
            return None
        wanted, lower, before = share * self.count, 0, 0
        for bound, total in self.cumulative_counts():
            if bound is None:
                break
            if total >= wanted and total > before:
                return (lower + (bound - lower) * (wanted - before) / (total - before)) / 1000
            lower, before = bound, total
        return lower / 1000 if self.count else None


class Counters(NamedTuple):
    """The counters of a hash: those by account and class, histograms by name and labels, and the others."""

    classes: list[ClassCount]
    histograms: dict[tuple[str, ...], Histogram]
    others: dict[bytes, bytes]


def parse_counters(stored: Mapping[Any, Any]) -> Counters:
    """Tell the counters of a hash apart by their names."""
    counters = Counters([], {}, {})
    for name, value in sorted(stored.items()):
        kind, *labels = name.decode("utf-8", "replace").split(_SEPARATOR)
        if kind == _COUNTER and len(labels) == 3:
            measured, account, of_class = labels
            counters.classes.append(ClassCount(measured, account, of_class, int(value)))
        elif kind == _HISTOGRAM and len(labels) > 2:
            *key, bound = labels
            histogram = counters.histograms.setdefault(tuple(key), Histogram())
            if bound == _SUM:
                histogram.sum_ms = int(value)
            else:
                histogram.counts[None if bound == _REST else int(bound)] = int(value)
        else:
            counters.others[name] = value
    return counters


def histogram_field(labels: tuple[str, ...], bound: int | None) -> str:
    """Return the field of a histogram's bucket."""
    return _SEPARATOR.join((_HISTOGRAM, *labels, _REST if bound is None else str(bound)))


def sum_field(labels: tuple[str, ...]) -> str:
    """Return the field of a histogram's sum."""
    return _SEPARATOR.join((_HISTOGRAM, *labels, _SUM))
