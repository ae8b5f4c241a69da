"""The `turngate why` command."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli._redis import run_with_redis

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from gateway.redis.records.session_log import LogEntry


_CONTENT_FIELDS = frozenset({"text", "body", "payload", "choices", "media"})


app = typer.Typer(add_completion=False)


@app.command()
def why(
    message_id: Annotated[
        str,
        typer.Argument(
            metavar="ID", help="Provider message ID (inbound or outbound), or the `message_id` of POST /turn."
        ),
    ],
    text: Annotated[bool, typer.Option("--text", help="Show message texts.")] = False,
) -> None:
    """Show the delivery timeline of a message."""
    from gateway.redis.records.session_index import SessionIndex
    from gateway.redis.records.session_log import read_log_end

    async def work(redis: Redis) -> tuple[str | None, list[LogEntry]]:
        session = await SessionIndex(redis).find_by_message(message_id)
        return session, await read_log_end(redis, session, 1_000) if session else []

    session, entries = run_with_redis(work)
    if session is None:
        typer.echo(f"{message_id}: unknown message (IDs are kept for eight days)", err=True)
        raise typer.Exit(1)
    typer.echo(f"session  {session}")
    for entry in _select_entries(message_id, entries):
        when = datetime.fromtimestamp(entry.at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
        facts = [
            f"{name}={_format_value(value)}"
            for name, value in entry.data.items()
            if text or name not in _CONTENT_FIELDS
        ]
        typer.echo(f"{when}  {entry.kind:<9}  {'  '.join(facts)}")


def _select_entries(message_id: str, entries: list[LogEntry]) -> list[LogEntry]:
    """Select the entries of one turn and its replies; for a reply, those of the turn that it answers."""
    turn = message_id
    for entry in entries:
        data: Any = entry.data
        if data.get("id") == message_id and "key" in data:
            turn = str(data["key"]).rpartition(".")[0]
    for entry in entries:
        data = entry.data
        if entry.kind == "committed" and turn in data.get("turns", ()):
            turn = str(data["turns"][0])
    ids = {
        str(each.data["id"])
        for each in entries
        if str(each.data.get("key", "")).startswith(f"{turn}.") and "id" in each.data
    }

    def belongs(entry: LogEntry) -> bool:
        data: Any = entry.data
        return (
            data.get("turn") in (turn, message_id)
            or turn in data.get("turns", ())
            or str(data.get("key", "")).startswith(f"{turn}.")
            or str(data.get("id", "")) in ids
        )

    return [entry for entry in entries if belongs(entry)]


def _format_value(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
