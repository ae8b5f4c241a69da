"""Result of a chaos test as tables, for a terminal or for Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.storm.verdict.result import StormResult, Violation

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReportTable:
    """One table; `headings` is not part of `rows`."""

    title: str
    headings: Row
    rows: Sequence[Row]

    def to_markdown(self) -> str:
        """Return the table as Markdown."""
        lines = [self.headings, tuple("---" for _ in self.headings), *self.rows]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def build_tables(result: StormResult, max_recovery: float) -> list[ReportTable]:
    """Return the tables of events, guarantees and waiting times; `longest` bounds a recovery, in seconds."""
    return [
        _build_events_table(result),
        _build_guarantees_table(result),
        _build_wait_table(result, max_recovery),
    ]


def _build_events_table(result: StormResult) -> ReportTable:
    counts = result.counts
    rows = [
        ("conversations", f"{counts['conversations']:,}"),
        ("messages acknowledged", f"{counts['acknowledged']:,}"),
        ("duplicate webhook deliveries", f"{counts['delivered twice']:,}"),
        ("turns merged from several messages", f"{counts['gathered']:,}"),
        ("agents' words", f"{counts['words']:,}"),
        ("proactive messages", f"{counts['offers']:,}"),
        ("scheduled messages, cancelled when due", f"{counts['withdrawals']:,}"),
        ("erasures", f"{counts['erasures']:,}"),
        ("messages that kill their worker", f"{counts['deadly']:,}"),
        ("expected replies", f"{counts['replies']:,}"),
        ("sends, including retries", f"{counts['sends']:,}"),
        *((name, f"{count:,}") for name, count in sorted(result.fault_counts.items())),
        ("seconds", f"{result.duration_seconds:,.0f}"),
        ("messages per second", f"{counts['acknowledged'] / max(result.duration_seconds, 1e-9):,.0f}"),
    ]
    return ReportTable(f"storm {result.seed}", ("event", "count"), rows)


def _build_guarantees_table(result: StormResult) -> ReportTable:
    rows = [
        (
            violation.guarantee,
            violation.description,
            f"{result.counts[violation.total_count_name]:,}",
            f"{result.violations[violation]:,}",
            "violated" if result.violations[violation] else "held",
        )
        for violation in Violation
    ]
    return ReportTable("guarantees", ("guarantee", "violation", "checked", "found", "result"), rows)


def _build_wait_table(result: StormResult, max_recovery: float) -> ReportTable:
    shares = [("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("max", 1.0)]
    rows = [(f"reply, {name}", f"{result.percentile(share):.2f}", "") for name, share in shares]
    status = "held" if result.max_recovery_seconds <= max_recovery else "violated"
    rows.append(
        (
            "longest recovery from one fault",
            f"{result.max_recovery_seconds:.2f}",
            f"≤ {max_recovery:.0f}: {status}",
        )
    )
    return ReportTable("seconds from a message to its last reply", ("measure", "seconds", "limit"), rows)
