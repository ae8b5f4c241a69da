"""A verdict as tables: for a terminal, or for a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.storm.result import StormResult, Violation

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReportTable:
    """One table. The first row of `rows` is not a heading; `heads` is."""

    title: str
    headings: Row
    rows: Sequence[Row]

    def to_markdown(self) -> str:
        """The table for a page."""
        lines = [self.headings, tuple("---" for _ in self.headings), *self.rows]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def build_tables(verdict: StormResult, longest: float) -> list[ReportTable]:
    """What happened, what it did to the laws, and how long people waited."""
    return [_build_events_table(verdict), _build_laws_table(verdict), _build_wait_table(verdict, longest)]


def _build_events_table(verdict: StormResult) -> ReportTable:
    counts = verdict.counts
    rows = [
        ("conversations", f"{counts['conversations']:,}"),
        ("messages acknowledged", f"{counts['acknowledged']:,}"),
        ("webhooks delivered twice", f"{counts['delivered twice']:,}"),
        ("turns of several messages", f"{counts['gathered']:,}"),
        ("replies that must arrive", f"{counts['replies']:,}"),
        ("sends, repeated ones too", f"{counts['sends']:,}"),
        *((name, f"{count:,}") for name, count in sorted(verdict.fault_counts.items())),
        ("seconds", f"{verdict.duration_seconds:,.0f}"),
        ("messages a second", f"{counts['acknowledged'] / max(verdict.duration_seconds, 1e-9):,.0f}"),
    ]
    return ReportTable(f"storm {verdict.seed}", ("what", "how many"), rows)


def _build_laws_table(verdict: StormResult) -> ReportTable:
    rows = [
        (
            breach.law,
            breach.description,
            f"{verdict.counts[breach.total_count_name]:,}",
            f"{verdict.violations[breach]:,}",
            "broken" if verdict.violations[breach] else "held",
        )
        for breach in Violation
    ]
    return ReportTable("laws", ("law", "what must not be", "among", "found", "verdict"), rows)


def _build_wait_table(verdict: StormResult, longest: float) -> ReportTable:
    shares = [("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("max", 1.0)]
    rows = [(f"answer, {name}", f"{verdict.percentile(share):.2f}", "") for name, share in shares]
    kept = "held" if verdict.max_recovery_seconds <= longest else "broken"
    rows.append(
        ("longest recovery from one blow", f"{verdict.max_recovery_seconds:.2f}", f"≤ {longest:.0f}: {kept}")
    )
    return ReportTable("seconds from a line to its last reply", ("what", "seconds", "bound"), rows)
