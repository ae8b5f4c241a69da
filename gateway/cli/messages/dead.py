"""The `turngate dead` commands."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from core.counts import count_of
from gateway.cli._audit import record_act
from gateway.cli._redis import run_in_partitions

if TYPE_CHECKING:
    from gateway.redis.records.sessions.dead_letters import DeadLetter, DeadLetters

T = TypeVar("T")

app = typer.Typer(help="Inspect, replay or delete dead letters.", no_args_is_help=True, add_completion=False)

_ID = re.compile(r"([0-9]{1,2}/)?[0-9]{1,19}-[0-9]{1,19}")
_DURATION = re.compile(r"(\d{1,5})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_MAX_TEXT_LENGTH = 200


def parse_time(text: str) -> int:
    """Parse a duration before now (`90s`, `2h`, `3d`) or an ISO date-time (default UTC) to epoch ms."""
    span = _DURATION.fullmatch(text)
    if span:
        when = datetime.now(UTC) - timedelta(**{_UNITS[span[2]]: int(span[1])})
    else:
        try:
            when = datetime.fromisoformat(text)
        except ValueError:
            raise typer.BadParameter(
                f"{text}: expected a duration such as 30m, 2h or 3d, or a date and time"
            ) from None
    return int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() * 1000)


def parse_letter_id(text: str) -> str:
    if not _ID.fullmatch(text):
        raise typer.BadParameter(
            f"{text}: expected an ID like 1795400000000-0; `turngate dead list` prints them"
        )
    return text


Since = Annotated[
    int | None,
    typer.Option(
        parser=parse_time, metavar="TIME", help="Only dead-lettered after this time (2h, or a date)."
    ),
]
Until = Annotated[
    int | None, typer.Option(parser=parse_time, metavar="TIME", help="Only dead-lettered before this time.")
]
Ids = Annotated[
    list[str] | None, typer.Argument(parser=parse_letter_id, metavar="[ID]...", help="Dead letter IDs.")
]
Text = Annotated[bool, typer.Option("--text", help="Show message texts.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list")
def list_letters(
    since: Since = None,
    until: Until = None,
    limit: Annotated[int, typer.Option(min=1, help="Maximum number of rows.")] = 100,
    text: Text = False,
    as_json: AsJson = False,
) -> None:
    """List dead letters, oldest first."""
    letters = _run_with_dead_letters(
        lambda dead_letters: _find_letters(dead_letters, None, since, until, limit + 1)
    )
    if as_json:
        typer.echo(json.dumps([_to_json(letter, text) for letter in letters[:limit]]))
        return
    if not letters:
        typer.echo("No dead letters.")
        return
    for letter in letters[:limit]:
        _show(letter, text)
    if len(letters) > limit:
        typer.echo(f"first {count_of(limit, 'dead letter')}; see --limit")
    else:
        typer.echo(count_of(len(letters), "dead letter"))


@app.command()
def show(
    name: Annotated[str, typer.Argument(parser=parse_letter_id, metavar="ID")],
    text: Text = False,
    as_json: AsJson = False,
) -> None:
    """Show one dead letter, message by message."""
    letter = _run_with_dead_letters(lambda dead_letters: dead_letters.read(name))
    if letter is None:
        typer.echo(f"{name}: unknown dead letter", err=True)
        raise typer.Exit(1)
    if as_json:
        typer.echo(json.dumps(_to_json(letter, text)))
        return
    typer.echo(
        f"letter   {letter.id}\ngiven up {_format_time(letter)}\n"
        f"session  {letter.session}\nreason   {letter.reason}"
    )
    if letter.reply:
        typer.echo(f"reply    {letter.reply.key}" + (f"\n  text    {letter.reply.body}" if text else ""))
    for turn in letter.turns:
        typer.echo(f"message  {turn.id}")
        if text:
            typer.echo(f"  text    {turn.text}\n  payload {turn.payload}\n  files   {len(turn.attachments)}")


@app.command()
def replay(ids: Ids = None, since: Since = None, until: Until = None) -> None:
    """Re-queue dead letters, by ID or by time."""
    from gateway.redis.records.sessions.dead_letters import ReplayOutcome

    _require_selection(ids, since, until)

    async def work(dead_letters: DeadLetters) -> list[tuple[str, ReplayOutcome]]:
        letters = await _find_letters(dead_letters, ids, since, until)
        results = [(letter.id, await dead_letters.replay(letter)) for letter in letters]
        missing = set(ids or ()) - {letter.id for letter in letters}
        return results + [(name, ReplayOutcome.GONE) for name in sorted(missing)]

    results = _run_with_dead_letters(work)
    for name, result in results:
        if result is not ReplayOutcome.REPLAYED:
            typer.echo(f"{name}: {_REPLAY_FAILURES[result]}", err=True)
    record_act("replay_dead_letters")
    done = sum(result is ReplayOutcome.REPLAYED for _, result in results)
    typer.echo(f"Re-queued {done} of {len(results)}.")
    if done < len(results):
        raise typer.Exit(1)


@app.command()
def drop(
    ids: Ids = None,
    since: Since = None,
    until: Until = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
) -> None:
    """Delete dead letters, by ID or by time. Exit code 1 if one of the IDs is unknown."""
    _require_selection(ids, since, until)

    async def find(dead_letters: DeadLetters) -> list[str]:
        return [letter.id for letter in await _find_letters(dead_letters, ids, since, until)]

    found = _run_with_dead_letters(find)
    if found and not yes:
        typer.confirm(
            f"Delete {count_of(len(found), 'dead letter')} with the texts for good?", abort=True, err=True
        )
    deleted = _run_with_dead_letters(lambda dead_letters: dead_letters.drop(found)) if found else 0
    missing = sorted(set(ids or ()) - set(found))
    for name in missing:
        typer.echo(f"{name}: {_REPLAY_FAILURES['gone']}", err=True)
    record_act("drop_dead_letters")
    typer.echo(f"Deleted {count_of(deleted, 'dead letter')}.")
    if missing:
        raise typer.Exit(1)


_REPLAY_FAILURES = {
    "gone": "unknown or already removed",
    "full": "the session's mailbox is full; try again later",
    "unreadable": "not readable by this release; kept",
    "person": "an agent has the session, or is awaited; kept: replay it when the bot has it back",
    "closed": "the session is closed; kept: a message of the contact opens it again",
    "opted_out": "the contact opted out; kept: it cannot be sent before they opt in",
    "stopped": "its broadcast was stopped; kept: drop it",
}


def _require_selection(ids: list[str] | None, since: int | None, until: int | None) -> None:
    if not ids and since is None and until is None:
        raise typer.BadParameter("select dead letters by ID, or with --since and --until")
    if ids and not (since is None and until is None):
        raise typer.BadParameter("select by ID or by time, not both")


async def _find_letters(
    dead_letters: DeadLetters,
    ids: list[str] | None,
    since: int | None,
    until: int | None,
    limit: int | None = None,
) -> list[DeadLetter]:
    """Return the selected letters, oldest first."""
    if ids:
        ordered = sorted(set(ids), key=lambda name: tuple(map(int, re.split("[/-]", name))))
        selected = [await dead_letters.read(name) for name in ordered]
        return [letter for letter in selected if letter is not None]
    letters: list[DeadLetter] = []
    async for letter in dead_letters.list_between(since or 0, until):
        letters.append(letter)
        if len(letters) == limit:
            break
    return letters


def _run_with_dead_letters(work: Callable[[DeadLetters], Awaitable[T]]) -> T:
    from gateway.partitions.records.dead_letters import PartitionedDeadLetters
    from gateway.redis.records.sessions.dead_letters import DeadLetters

    return run_in_partitions(
        lambda stores: work(DeadLetters(stores[0]) if len(stores) == 1 else PartitionedDeadLetters(stores))
    )


def _to_json(letter: DeadLetter, text: bool) -> dict[str, object]:
    fields = {"id": letter.id, "at_ms": letter.at_ms, "session": letter.session, "reason": letter.reason}
    return {**fields, "keys": letter.log_keys, **({"text": letter.text} if text else {})}


def _show(letter: DeadLetter, text: bool) -> None:
    """Print one letter in lines, so that a narrow terminal or a pipe breaks no ID."""
    typer.echo(f"{letter.id}  {_format_time(letter)}  {letter.session}")
    facts = {"messages": " ".join(letter.log_keys), "reason": letter.reason}
    if text:
        facts["text"] = " ".join(letter.text[:_MAX_TEXT_LENGTH].split())
    for name, value in facts.items():
        typer.echo(f"    {name:<8}  {value}")


def _format_time(letter: DeadLetter) -> str:
    return datetime.fromtimestamp(letter.at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
