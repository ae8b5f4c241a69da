"""The `turngate sessions` command."""

from __future__ import annotations

from datetime import UTC, datetime

import typer

from gateway.cli._redis import run_with_redis


def sessions(most: int) -> None:
    """List the sessions that somebody must look at."""
    from gateway.redis.records.session_index import SessionIndex

    rows = run_with_redis(lambda redis: SessionIndex(redis).list_pending(most))
    for row in rows:
        due = datetime.fromtimestamp(row.due_ms / 1000, UTC).strftime("%H:%M:%S")
        typer.echo(f"{row.session}  {row.owner}  waiting {row.waiting}  unsent {row.unsent}  due {due}")
    typer.echo(f"{len(rows)} sessions have work" if len(rows) < most else f"the first {most}")
