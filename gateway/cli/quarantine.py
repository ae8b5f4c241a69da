"""`turngate quarantine`: webhooks that were refused, and why."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

app = typer.Typer(help="Webhooks that were refused, and why.", no_args_is_help=True)


@app.command("list")
def show(most: Annotated[int, typer.Option(min=1, max=500, help="How many at most.")] = 50) -> None:
    """List refused webhooks, the newest first."""
    from gateway.cli._redis import run_with_redis
    from gateway.redis.records.quarantine import Quarantine

    kept = run_with_redis(lambda redis: Quarantine(redis).latest(most))
    for each in kept:
        when = datetime.fromtimestamp(each.at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
        typer.echo(f"{when}  {each.channel}  {each.status}  {each.method} {each.path}  {each.size} bytes")
        typer.echo(f"    {each.reason}")
    typer.echo(f"{len(kept)} refused" if kept else "nothing was refused in the last seven days")


@app.command()
def drop() -> None:
    """Forget all refused webhooks."""
    from gateway.cli._redis import run_with_redis
    from gateway.redis.records.quarantine import Quarantine

    typer.echo(f"dropped {run_with_redis(lambda redis: Quarantine(redis).drop())}")
