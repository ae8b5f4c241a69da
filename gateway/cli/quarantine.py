"""The `turngate quarantine` commands."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

app = typer.Typer(
    help="Inspect rejected webhooks: time, channel, status, size, reason. Contents are not stored.",
    no_args_is_help=True,
    add_completion=False,
)


@app.command("list")
def list_rejections(
    limit: Annotated[int, typer.Option(min=1, max=500, help="Maximum number of rows.")] = 50,
) -> None:
    """List rejected webhooks, newest first."""
    from gateway.cli._redis import run_with_redis
    from gateway.redis.records.operators.quarantine import Quarantine

    rejections = run_with_redis(lambda redis: Quarantine(redis).latest(limit))
    for each in rejections:
        when = datetime.fromtimestamp(each.at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
        typer.echo(f"{when}  {each.channel}  {each.status}  {each.method} {each.path}  {each.size} bytes")
        typer.echo(f"    {each.reason}")
    typer.echo(
        f"{len(rejections)} rejected" if rejections else "No webhooks were rejected in the last seven days."
    )


@app.command()
def drop() -> None:
    """Delete all records of rejected webhooks."""
    from gateway.cli._audit import record_act
    from gateway.cli._redis import run_with_redis
    from gateway.redis.records.operators.quarantine import Quarantine

    deleted = run_with_redis(lambda redis: Quarantine(redis).drop())
    record_act("drop_rejections")
    typer.echo(f"Deleted {deleted}")
