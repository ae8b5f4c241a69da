"""`turngate doctor`."""

from __future__ import annotations

import asyncio
import sys

from rich.console import Console

from gateway.config.settings import Settings
from gateway.diagnostics import run_checks


def doctor() -> None:
    """Print what was found, and exit with code 1 when something is not well."""
    if not asyncio.run(_print_checks(Settings.load())):
        sys.exit(1)


async def _print_checks(settings: Settings) -> bool:
    console = Console(highlight=False)
    all_well = True
    async for finding in run_checks(settings):
        console.print("[green]✓[/green]" if finding.well else "[red]✗[/red]", finding.said, markup=True)
        all_well = all_well and finding.well
    return all_well
