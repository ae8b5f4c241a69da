"""The `turngate audit` commands."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated

import typer

app = typer.Typer(
    help="Show operator actions: who, what and when. Message texts are not recorded.",
    no_args_is_help=True,
    add_completion=False,
)


@app.callback()
def audit() -> None:
    """Show operator actions: who, what and when. Message texts are not recorded."""


@app.command("list")
def list_acts(
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Maximum number of rows.")] = 50,
    target: Annotated[
        str, typer.Option(help="Only actions on this session, contact, message or broadcast.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per line.")] = False,
) -> None:
    """List actions, newest first. Sessions and contacts are shown as digests; --target finds them by name."""
    from gateway.cli._redis import run_in_home
    from gateway.redis.records.operators.audit_log import AuditLog

    entries = run_in_home(lambda redis: AuditLog(redis).latest(limit, target))
    for each in entries:
        when = datetime.fromtimestamp(each.at_ms / 1000, UTC)
        if as_json:
            typer.echo(json.dumps({"at": when.isoformat(timespec="milliseconds"), **each.model_dump()}))
            continue
        parts = (
            f"{when:%Y-%m-%d %H:%M:%S}",
            each.who,
            each.role,
            each.via,
            each.act,
            each.target,
            each.status,
        )
        typer.echo("  ".join(str(part) for part in parts if part))
    if not entries and not as_json:
        typer.echo("No acts are recorded.")
