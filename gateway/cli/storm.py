"""`turngate storm`."""

from __future__ import annotations

import asyncio
import logging
import sys

from rich.console import Console
from rich.table import Table

from gateway.storm.report import Sheet, sheets
from gateway.storm.runner import Storm
from gateway.storm.scenario import Weather

LONGEST_SECONDS = 10.0


def storm(weather: Weather, *, markdown: bool) -> None:
    """Run a storm, show its verdict, and exit with code 1 when a law was broken."""
    logging.basicConfig(level=logging.ERROR)
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # the twin's calls that end with the storm
    told = Console(highlight=False, stderr=markdown)
    # Not uvloop: it accepts one connection in each of its rounds, and a provider that lets new connections
    # wait for seconds takes sends in another order than they were made.
    verdict = asyncio.run(Storm(weather, lambda line: told.print(f"[dim]· {line}[/dim]")).run())
    shown = Console(highlight=False)
    for sheet in sheets(verdict, LONGEST_SECONDS):
        if markdown:
            print(sheet.markdown(), end="\n\n")
        else:
            shown.print(_table(sheet))
    for line in verdict.broken:
        told.print(f"[red]broken: {line}[/red]")
    if not verdict.holds(LONGEST_SECONDS):
        told.print(f"[red]the laws do not hold; repeat it with --seed {weather.seed}[/red]")
        sys.exit(1)


def _table(sheet: Sheet) -> Table:
    table = Table(title=sheet.title, title_justify="left")
    for number, head in enumerate(sheet.heads):
        table.add_column(head, justify="left" if number == 0 or not _is_number(sheet, number) else "right")
    for row in sheet.rows:
        table.add_row(*row)
    return table


def _is_number(sheet: Sheet, column: int) -> bool:
    return all(row[column].replace(",", "").replace(".", "").isdigit() for row in sheet.rows)
