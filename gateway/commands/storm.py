"""`turngate storm`."""

from __future__ import annotations

import asyncio
import logging
import sys

from rich.console import Console
from rich.table import Table

from gateway.storm.storm import Storm, Weather
from gateway.storm.verdict import Verdict

_LONGEST_SECONDS = 10.0


def storm(seed: int, conversations: int, workers: int, kill_every: float) -> None:
    """Run a storm, show its verdict, and exit with code 1 when a law was broken."""
    logging.basicConfig(level=logging.ERROR)
    console = Console(highlight=False)
    weather = Weather(seed=seed, conversations=conversations, workers=workers, kill_every=kill_every)
    verdict = asyncio.run(Storm(weather, lambda line: console.print(f"[dim]· {line}[/dim]")).run())
    console.print(_table(verdict))
    for person in verdict.broken[:10]:
        console.print(f"[red]broken: {person}[/red]")
    if not verdict.holds(_LONGEST_SECONDS):
        console.print(f"[red]the laws do not hold; repeat it with --seed {seed}[/red]")
        sys.exit(1)


def _table(verdict: Verdict) -> Table:
    table = Table(title=f"storm {verdict.seed}", title_justify="left")
    table.add_column("what")
    table.add_column("how many", justify="right")
    table.add_column("must be")
    for name, count, bound in (
        ("messages in", str(verdict.messages), ""),
        ("replies out", str(verdict.replies), ""),
        ("workers killed (kill -9)", str(verdict.kills), ""),
        ("lost", str(verdict.lost), "0"),
        ("doubled", str(verdict.doubled), "0"),
        ("reordered conversations", str(verdict.reordered), "0"),
        ("longest recovery from one kill, s", f"{verdict.recovery:.2f}", f"≤ {_LONGEST_SECONDS:.0f}"),
        ("slowest answer, more kills included, s", f"{verdict.slowest:.2f}", ""),
        (
            "answer p50 / p99, ms",
            f"{verdict.percentile(0.5) * 1000:.0f} / {verdict.percentile(0.99) * 1000:.0f}",
            "",
        ),
    ):
        table.add_row(name, count, bound)
    return table
