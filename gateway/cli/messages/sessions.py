"""The `turngate sessions` command."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from core.counts import count_of
from gateway.cli._audit import record_act
from gateway.cli._redis import run_in_partitions

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from gateway.redis.records.sessions.session_index import SessionRow
    from gateway.redis.records.sessions.silenced_sessions import SilencedRow

app = typer.Typer(add_completion=False)


@app.command()
def sessions(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Maximum number of rows.")] = 100,
    resume: Annotated[
        str | None,
        typer.Option(metavar="SESSION", help="Let the bot speak again in a session that is silent."),
    ] = None,
    retry: Annotated[
        str | None,
        typer.Option(metavar="SESSION", help="Try again now what waits in a session after a failed send."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List sessions with pending work (owner, queue lengths, next run), and sessions silenced by a limit."""
    if resume is not None:
        _resume(resume)
        return
    if retry is not None:
        _retry(retry)
        return

    async def read(stores: Sequence[Redis]) -> tuple[list[SessionRow], list[SilencedRow]]:
        from gateway.redis.records.sessions.session_index import SessionIndex
        from gateway.redis.records.sessions.silenced_sessions import list_silenced

        pending = [row for redis in stores for row in await SessionIndex(redis).list_pending(limit)]
        silent = [row for redis in stores for row in await list_silenced(redis, limit)]
        pending.sort(key=lambda row: row.due_ms)
        silent.sort(key=lambda row: row.since_ms, reverse=True)
        return pending[:limit], silent[:limit]

    rows, silenced = run_in_partitions(read)
    if as_json:
        pending = [each.model_dump(mode="json") for each in rows]
        typer.echo(
            json.dumps({"pending": pending, "silent": [each.model_dump(mode="json") for each in silenced]})
        )
        return
    for row in rows:
        due = _format_time(row.due_ms)
        typer.echo(f"{row.session}  {row.owner}  queued {row.waiting}  unsent {row.unsent}  next run {due}")
    for each in silenced:
        typer.echo(f"{each.session}  silent ({each.reason})  since {_format_time(each.since_ms)}")
    typer.echo(
        f"{count_of(len(rows), 'session')} with pending work"
        if len(rows) < limit
        else f"first {count_of(limit, 'row')}; see --limit"
    )


def _resume(session: str) -> None:
    from gateway.redis.records.sessions.silenced_sessions import end_silence

    async def end(stores: Sequence[Redis]) -> bool:
        return any([await end_silence(redis, session) for redis in stores])

    if not run_in_partitions(end):
        typer.echo(f"“{session}” is not silent. `turngate sessions` lists those that are.", err=True)
        raise typer.Exit(1)
    record_act("end_silence", about=session)
    typer.echo(f"The bot answers {session} again.")


def _retry(session: str) -> None:
    from gateway.redis.records.sessions.waiting_sessions import try_now

    async def try_everywhere(stores: Sequence[Redis]) -> bool:
        return any([await try_now(redis, session) for redis in stores])

    if not run_in_partitions(try_everywhere):
        typer.echo(f"Nothing waits for another try in “{session}”. `turngate why` tells its state.", err=True)
        raise typer.Exit(1)
    record_act("try_session", about=session)
    typer.echo(f"{session} is tried again now. `turngate why` tells the result.")


def _format_time(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
