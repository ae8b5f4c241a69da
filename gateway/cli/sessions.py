"""The `turngate sessions` command."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from gateway.cli._redis import run_with_redis

app = typer.Typer(add_completion=False)


@app.command()
def sessions(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Maximum number of rows.")] = 100,
) -> None:
    """List sessions with pending work: owner, queue lengths, next run."""
    from gateway.redis.records.session_index import SessionIndex

    rows = run_with_redis(lambda redis: SessionIndex(redis).list_pending(limit))
    for row in rows:
        due = datetime.fromtimestamp(row.due_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        typer.echo(f"{row.session}  {row.owner}  queued {row.waiting}  unsent {row.unsent}  next run {due}")
    typer.echo(
        f"{len(rows)} sessions with pending work" if len(rows) < limit else f"first {limit} rows; see --limit"
    )
