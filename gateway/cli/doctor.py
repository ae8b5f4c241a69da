"""The `turngate doctor` command."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from gateway.config.settings import Settings

app = typer.Typer(add_completion=False)


@app.command()
def doctor() -> None:
    """Check configuration, flow, Redis and workers; report problems and fixes. Exit code 1 on a problem."""
    from gateway.config.settings import Settings

    if not asyncio.run(_print_checks(Settings.load())):
        sys.exit(1)


async def _print_checks(settings: Settings) -> bool:
    from rich.console import Console

    from gateway.diagnostics import run_checks

    console = Console(highlight=False)
    all_passed = True
    async for check in run_checks(settings):
        console.print("[green]✓[/green]" if check.passed else "[red]✗[/red]", check.message, markup=True)
        all_passed = all_passed and check.passed
    return all_passed
