"""`turngate storm`."""

from __future__ import annotations

import asyncio
import logging
import sys

from rich.console import Console
from rich.table import Table

from gateway.storm.report import ReportTable, build_tables
from gateway.storm.runner import StormRunner
from gateway.storm.scenario import StormScenario

MAX_RECOVERY_SECONDS = 10.0


def storm(weather: StormScenario, *, markdown: bool) -> None:
    """Run a storm, show its verdict, and exit with code 1 when a law was broken."""
    logging.basicConfig(level=logging.ERROR)
    logging.getLogger("uvicorn.error").setLevel(
        logging.CRITICAL
    )  # the simulator's calls that end with the storm
    told = Console(highlight=False, stderr=markdown)
    # Not uvloop: it accepts one connection in each of its rounds, and a provider that lets new connections
    # wait for seconds takes sends in another order than they were made.
    verdict = asyncio.run(StormRunner(weather, lambda line: told.print(f"[dim]· {line}[/dim]")).run())
    shown = Console(highlight=False)
    for sheet in build_tables(verdict, MAX_RECOVERY_SECONDS):
        if markdown:
            print(sheet.to_markdown(), end="\n\n")
        else:
            shown.print(_build_table(sheet))
    for line in verdict.violation_messages:
        told.print(f"[red]broken: {line}[/red]")
    if not verdict.is_passing(MAX_RECOVERY_SECONDS):
        told.print(f"[red]the laws do not hold; repeat it with --seed {weather.seed}[/red]")
        sys.exit(1)


def _build_table(sheet: ReportTable) -> Table:
    table = Table(title=sheet.title, title_justify="left")
    for number, head in enumerate(sheet.headings):
        table.add_column(
            head, justify="left" if number == 0 or not _is_numeric_column(sheet, number) else "right"
        )
    for row in sheet.rows:
        table.add_row(*row)
    return table


def _is_numeric_column(sheet: ReportTable, column: int) -> bool:
    return all(row[column].replace(",", "").replace(".", "").isdigit() for row in sheet.rows)
