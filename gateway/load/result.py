"""Result of a load test."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class MessageOutcome:
    """Outcome of one message: milliseconds until the webhook's response and until the first reply.

    `status` is the webhook's HTTP status, 0 for none; `reply_ms` is None without a reply in time.
    """

    status: int
    acknowledged_ms: float
    reply_ms: float | None

    @property
    def is_acknowledged(self) -> bool:
        """True if the gateway accepted the message."""
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class LoadResult:
    """Outcomes of all messages; `seconds` from the first message to the last reply."""

    outcomes: Sequence[MessageOutcome]
    seconds: float

    @property
    def unanswered(self) -> int:
        """Messages without a reply in time."""
        return sum(outcome.reply_ms is None for outcome in self.outcomes)

    @property
    def refused(self) -> dict[str, int]:
        """Messages that the gateway did not accept, by HTTP status, or `no response`."""
        statuses = (each.status for each in self.outcomes if not each.is_acknowledged)
        return dict(sorted(Counter(str(status) if status else "no response" for status in statuses).items()))

    @property
    def answered_per_second(self) -> float:
        """Answered messages a second, over the whole test."""
        return (len(self.outcomes) - self.unanswered) / self.seconds

    @property
    def acknowledgements(self) -> list[float]:
        """Milliseconds until each webhook's response, sorted."""
        return sorted(each.acknowledged_ms for each in self.outcomes if each.is_acknowledged)

    @property
    def replies(self) -> list[float]:
        """Milliseconds until each first reply, sorted."""
        return sorted(each.reply_ms for each in self.outcomes if each.reply_ms is not None)

    def is_within(self, p99_ms: float) -> bool:
        """Return whether every message was answered, 99 % of them within `p99_ms`."""
        return not self.unanswered and percentile(self.replies, 0.99) <= p99_ms

    def to_json(self) -> dict[str, Any]:
        """Return the figures as JSON: milliseconds, messages, messages a second."""
        return {
            "messages": len(self.outcomes),
            "seconds": round(self.seconds, 3),
            "answered_per_second": round(self.answered_per_second, 1),
            "unanswered": self.unanswered,
            "refused": self.refused,
            "acknowledgement_ms": _percentiles(self.acknowledgements),
            "reply_ms": _percentiles(self.replies),
        }


def percentile(ordered: Sequence[float], share: float) -> float:
    """Return the value that a `share` (0 to 1) of sorted values stays below; 0 for none."""
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0


def _percentiles(ordered: Sequence[float]) -> dict[str, float]:
    shares: Iterable[tuple[str, float]] = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("max", 1.0))
    return {name: round(percentile(ordered, share), 2) for name, share in shares}
