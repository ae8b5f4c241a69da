"""`turngate why`, `sessions`, `erase` and `send`: one message, what waits, one person, a word of our own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from core.errors import Misconfigured

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from gateway.redis.log import LogEntry

T = TypeVar("T")

_SHORTEST_PERSON = 4
_HIDDEN = frozenset({"text", "body", "payload", "choices", "media"})


def why(message_id: str, text: bool) -> None:
    """Show what became of a message, step by step."""
    from gateway.redis.log import read_log_end
    from gateway.redis.registry import Registry

    async def work(redis: Redis) -> tuple[str | None, list[LogEntry]]:
        session = await Registry(redis).of_message(message_id)
        return session, await read_log_end(redis, session, 1_000) if session else []

    session, entries = with_redis(work)
    if session is None:
        typer.echo(f"{message_id}: no such message is known here (ids are kept for eight days)", err=True)
        raise typer.Exit(1)
    typer.echo(f"session  {session}")
    for entry in _about(message_id, entries):
        when = datetime.fromtimestamp(entry.at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
        facts = [
            f"{name}={_plain(value)}" for name, value in entry.data.items() if text or name not in _HIDDEN
        ]
        typer.echo(f"{when}  {entry.kind:<9}  {'  '.join(facts)}")


def sessions(most: int) -> None:
    """List the sessions that somebody must look at."""
    from gateway.redis.registry import Registry

    rows = with_redis(lambda redis: Registry(redis).busy(most))
    for row in rows:
        due = datetime.fromtimestamp(row.due_ms / 1000, UTC).strftime("%H:%M:%S")
        typer.echo(f"{row.session}  {row.owner}  waiting {row.waiting}  unsent {row.unsent}  due {due}")
    typer.echo(f"{len(rows)} sessions have work" if len(rows) < most else f"the first {most}")


def erase(person: str, sure: bool) -> None:
    """Forget a person in every session."""
    from gateway.redis.registry import Registry

    if len(person) < _SHORTEST_PERSON:
        raise typer.BadParameter("give the whole number, address or id")

    async def work(redis: Redis) -> tuple[int, int]:
        registry = Registry(redis)
        found = await registry.of_person(person)
        if not sure:
            return len(found), -1
        erased = sum([await registry.erase(session) for session in found])
        return len(found), erased + await registry.forget_names(person)

    found, erased = with_redis(work)
    if erased < 0:
        typer.echo(f"{found} sessions would be erased for good; say so with --yes")
        raise typer.Exit(1)
    typer.echo(f"erased {found} sessions ({erased} keys)")


def send(session: str, text: str) -> None:
    """Put a message into a session's outbox."""
    from uuid import uuid4

    from core.model.message import Message
    from gateway.outgoing import Outcome, Outgoing
    from gateway.settings import Settings
    from gateway.wiring import load_channels, protocol, with_web

    settings = Settings.load()
    connected, numbers = load_channels(settings), protocol(settings)

    async def work(redis: Redis) -> Outcome:
        outgoing = Outgoing(redis, with_web(connected), numbers)
        return await outgoing.say(session, f"own-{uuid4().hex}", Message(text=text))

    if with_redis(work) is Outcome.UNKNOWN:
        typer.echo(
            f"{session}: nobody has written in such a session; `turngate sessions` names some", err=True
        )
        raise typer.Exit(1)
    typer.echo("it leaves in the session's order, when the bot may speak there")


def _about(message_id: str, entries: list[LogEntry]) -> list[LogEntry]:
    """The entries of one turn and its replies; of a reply, those of the turn that it answers."""
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


def _plain(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def with_redis(work: Callable[[Redis], Awaitable[T]]) -> T:
    """Run `work` on the server that the settings name. Raises `Misconfigured` when it does not answer."""
    from redis.exceptions import RedisError

    from gateway.redis.connect import open_redis
    from gateway.settings import Settings

    url = Settings.load().redis_url_required()

    async def run() -> T:
        redis = open_redis(url)
        try:
            return await work(redis)
        except (RedisError, OSError) as error:
            raise Misconfigured(f"REDIS_URL: the server does not answer ({type(error).__name__})") from error
        finally:
            await redis.aclose()

    return asyncio.run(run())
