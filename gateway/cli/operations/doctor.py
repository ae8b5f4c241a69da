"""The `turngate doctor` command."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from core.counts import count_of

if TYPE_CHECKING:
    from gateway.config.settings import Settings
    from gateway.diagnostics.check_result import CheckResult

app = typer.Typer(add_completion=False)

_MARKS = {True: ("✓", "OK"), False: ("✗", "PROBLEM")}


@app.command()
def doctor(
    fix: Annotated[
        bool, typer.Option("--fix", help="Change what is wrong at the providers, such as webhook URLs.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check configuration, flow, providers, Redis and workers; report problems and fixes.

    Exit code 1 on a problem.
    """
    from gateway.config.settings import Settings

    results = asyncio.run(_run(Settings.load(), fix, None if as_json else _print))
    if as_json:
        typer.echo(json.dumps([each.model_dump() for each in results], indent=2, ensure_ascii=False))
    if fix:
        _record_fixes(results)
    if not all(each.passed for each in results):
        sys.exit(1)


async def _run(
    settings: Settings, fix: bool, show: Callable[[CheckResult], None] | None
) -> list[CheckResult]:
    from gateway.diagnostics.checks import run_checks

    results = []
    async for check in run_checks(settings, fix=fix):
        results.append(check)
        if show:
            show(check)
    return results


def _print(check: CheckResult) -> None:
    """Print one line; words in place of signs where the terminal's encoding has none."""
    sign, word = _MARKS[check.passed]
    try:
        sign.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        sign = word
    color = typer.colors.GREEN if check.passed else typer.colors.RED
    encoding = sys.stdout.encoding or "ascii"
    message = check.message.encode(encoding, "backslashreplace").decode(encoding)
    typer.echo(f"{typer.style(sign, fg=color)} {message}")


def _record_fixes(results: list[CheckResult]) -> None:
    from core.errors import ConfigurationError
    from gateway.cli._audit import record_act

    try:
        record_act("doctor.fix", target=f"{count_of(sum(each.passed for each in results), 'check')} passed")
    except ConfigurationError as error:  # without Redis there is no audit log
        typer.echo(f"not recorded in the audit log: {error}", err=True)
