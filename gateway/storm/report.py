"""A verdict as tables: for a terminal, or for a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.storm.result import Breach, Verdict

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table. The first row of `rows` is not a heading; `heads` is."""

    title: str
    heads: Row
    rows: Sequence[Row]

    def markdown(self) -> str:
        """The table for a page."""
        lines = [self.heads, tuple("---" for _ in self.heads), *self.rows]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def sheets(verdict: Verdict, longest: float) -> list[Sheet]:
    """What happened, what it did to the laws, and how long people waited."""
    return [_blows(verdict), _laws(verdict), _waits(verdict, longest)]


def _blows(verdict: Verdict) -> Sheet:
    counts = verdict.counts
    rows = [
        ("conversations", f"{counts['conversations']:,}"),
        ("messages acknowledged", f"{counts['acknowledged']:,}"),
        ("webhooks delivered twice", f"{counts['delivered twice']:,}"),
        ("turns of several messages", f"{counts['gathered']:,}"),
        ("replies that must arrive", f"{counts['replies']:,}"),
        ("sends, repeated ones too", f"{counts['sends']:,}"),
        *((name, f"{count:,}") for name, count in sorted(verdict.blows.items())),
        ("seconds", f"{verdict.took:,.0f}"),
        ("messages a second", f"{counts['acknowledged'] / max(verdict.took, 1e-9):,.0f}"),
    ]
    return Sheet(f"storm {verdict.seed}", ("what", "how many"), rows)


def _laws(verdict: Verdict) -> Sheet:
    rows = [
        (
            breach.law,
            breach.meaning,
            f"{verdict.counts[breach.among]:,}",
            f"{verdict.breaches[breach]:,}",
            "broken" if verdict.breaches[breach] else "held",
        )
        for breach in Breach
    ]
    return Sheet("laws", ("law", "what must not be", "among", "found", "verdict"), rows)


def _waits(verdict: Verdict, longest: float) -> Sheet:
    shares = [("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("max", 1.0)]
    rows = [(f"answer, {name}", f"{verdict.percentile(share):.2f}", "") for name, share in shares]
    kept = "held" if verdict.recovery <= longest else "broken"
    rows.append(("longest recovery from one blow", f"{verdict.recovery:.2f}", f"≤ {longest:.0f}: {kept}"))
    return Sheet("seconds from a line to its last reply", ("what", "seconds", "bound"), rows)
