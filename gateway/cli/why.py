"""The `turngate why` command."""

from __future__ import annotations

from datetime import UTC, datetime
from time import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli._redis import run_with_redis

if TYPE_CHECKING:
    from collections.abc import Collection

    from redis.asyncio import Redis

    from gateway.redis.records.session_log import LogEntry


_PROACTIVE_PREFIXES = ("own-", "agent-")
_CONTENT_FIELDS = frozenset({"text", "body", "payload", "choices", "media"})


app = typer.Typer(add_completion=False)


@app.command()
def why(
    message_id: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            help="Provider message ID (inbound or outbound), or the `message_id` of POST /turn or /messages.",
        ),
    ],
    text: Annotated[bool, typer.Option("--text", help="Show message texts.")] = False,
) -> None:
    """Show the delivery timeline of a message."""
    from gateway.redis.records.proactive_messages import ProactiveMessages
    from gateway.redis.records.session_index import SessionIndex
    from gateway.redis.records.session_log import read_log_end, read_window

    async def work(redis: Redis) -> tuple[list[tuple[str, list[LogEntry]]], dict[str, int]]:
        found = []
        if proactive := await ProactiveMessages(redis).find(message_id):
            entries = await read_log_end(redis, proactive.session, 1_000)
            found.append((proactive.session, _select_by_keys(proactive.log_keys, entries)))
        if session := await SessionIndex(redis).find_by_message(message_id):
            found.append((session, _select_entries(message_id, await read_log_end(redis, session, 1_000))))
        return found, {session: await read_window(redis, session) for session, _ in found}

    found, windows = run_with_redis(work)
    if not found:
        typer.echo(f"{message_id}: unknown message (IDs are kept for eight days)", err=True)
        raise typer.Exit(1)
    for session, entries in found:
        typer.echo(f"session  {session}")
        if closes := windows[session]:
            when = datetime.fromtimestamp(closes / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
            typer.echo(f"service window  {'open until' if closes > time() * 1000 else 'closed since'} {when}")
        for entry in entries:
            when = datetime.fromtimestamp(entry.at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
            facts = [
                f"{name}={_format_value(value)}"
                for name, value in entry.data.items()
                if text or name not in _CONTENT_FIELDS
            ]
            typer.echo(f"{when}  {entry.kind:<9}  {'  '.join(facts)}")


def _select_entries(message_id: str, entries: list[LogEntry]) -> list[LogEntry]:
    """Select the entries of a message by its provider id or of a turn by its id.

    Those of a turn and its replies; for a reply, those of the turn that it answers; for a proactive message,
    those of all its parts.
    """
    turn = message_id
    for entry in entries:
        data: Any = entry.data
        if data.get("id") == message_id and "key" in data:
            key = str(data["key"])
            if key.startswith(_PROACTIVE_PREFIXES):
                return _select_by_keys(_find_sibling_parts(key, entries), entries)
            turn = key.rpartition(".")[0]
    for entry in entries:
        data = entry.data
        if entry.kind == "committed" and turn in data.get("turns", ()):
            turn = str(data["turns"][0])
    keys = {key for entry in entries for key in _get_keys(entry) if key == turn or key.startswith(f"{turn}.")}
    selected = _select_by_keys(keys, entries)

    def belongs(entry: LogEntry) -> bool:
        data: Any = entry.data
        if entry.kind == "activity":  # an edit or a deletion, and the message that it is about
            return bool({turn, message_id} & {data.get("id"), data.get("message")})
        return entry in selected or data.get("turn") in (turn, message_id) or turn in data.get("turns", ())

    return [entry for entry in entries if belongs(entry)]


def _select_by_keys(keys: Collection[str], entries: list[LogEntry]) -> list[LogEntry]:
    """Select the entries of replies by their keys, and the statuses of these replies."""
    ids = {entry.data["id"] for entry in entries if "id" in entry.data and _is_about(entry, keys)}
    return [entry for entry in entries if _is_about(entry, keys) or entry.data.get("id") in ids]


def _is_about(entry: LogEntry, keys: Collection[str]) -> bool:
    from gateway.redis.records.message_timeline import original_key

    return any(original_key(key, keys) in keys for key in _get_keys(entry))


def _get_keys(entry: LogEntry) -> list[str]:
    """Return the keys of the replies that an entry is about."""
    data: Any = entry.data
    replies = data.get("replies")  # a count in entries of another kind
    return [*(replies if isinstance(replies, list) else []), *([data["key"]] if "key" in data else [])]


def _find_sibling_parts(key: str, entries: list[LogEntry]) -> set[str]:
    """Return the keys of all parts of a proactive message, of which one is given."""
    from gateway.redis.records.message_timeline import original_key

    keys = {each for entry in entries for each in _get_keys(entry)}
    key = original_key(key, keys)
    message, _, number = key.rpartition(".")
    if not number.isdigit() or f"{message}.1" not in keys:
        return {key}  # it has one part
    return {each for each in keys if each.startswith(f"{message}.") and each[len(message) + 1 :].isdigit()}


def _format_value(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
