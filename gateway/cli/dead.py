"""`turngate dead`: what was given up, and trying it again."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from core.errors import ConfigurationError

if TYPE_CHECKING:
    from gateway.redis.records.dead_letters import DeadLetters, Letter

T = TypeVar("T")

app = typer.Typer(
    help="Messages that were given up: see them, try them again, drop them.", no_args_is_help=True
)

_ID = re.compile(r"\d{1,19}-\d{1,19}")
_DURATION = re.compile(r"(\d{1,5})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_MAX_TEXT_LENGTH = 200


def parse_time(text: str) -> int:
    """`90s`, `30m`, `2h` or `3d` ago, or an ISO date and time (UTC without a zone), in milliseconds."""
    span = _DURATION.fullmatch(text)
    if span:
        when = datetime.now(UTC) - timedelta(**{_UNITS[span[2]]: int(span[1])})
    else:
        try:
            when = datetime.fromisoformat(text)
        except ValueError:
            raise typer.BadParameter(f"{text}: neither like 30m, 2h or 3d nor a date and time") from None
    return int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() * 1000)


def parse_letter_id(text: str) -> str:
    """A letter's id, as `turngate dead list` shows it."""
    if not _ID.fullmatch(text):
        raise typer.BadParameter(f"{text}: an id looks like 1795400000000-0; `turngate dead list` shows them")
    return text


Since = Annotated[
    int | None, typer.Option(parser=parse_time, metavar="TIME", help="Given up since then (2h, or a date).")
]
Until = Annotated[int | None, typer.Option(parser=parse_time, metavar="TIME", help="Given up until then.")]
Ids = Annotated[
    list[str] | None, typer.Argument(parser=parse_letter_id, metavar="[ID]...", help="Which letters.")
]
Text = Annotated[bool, typer.Option("--text", help="Show what the person wrote.")]


@app.command("list")
def list_letters(
    since: Since = None,
    until: Until = None,
    most: Annotated[int, typer.Option(min=1, help="How many at most, the oldest first.")] = 100,
    text: Text = False,
) -> None:
    """List dead letters, oldest first."""
    letters = _run_with_dead_letters(lambda dead: _find_letters(dead, None, since, until, most + 1))
    _show_table(letters[:most], text)
    if len(letters) > most:
        typer.echo(f"there are more; `--most {most * 10}` shows more of them")


@app.command()
def show(
    name: Annotated[str, typer.Argument(parser=parse_letter_id, metavar="ID")], text: Text = False
) -> None:
    """Show one dead letter, message by message."""
    letter = _run_with_dead_letters(lambda dead: dead.read(name))
    if letter is None:
        typer.echo(f"there is no dead letter {name}", err=True)
        raise typer.Exit(1)
    typer.echo(
        f"letter   {letter.id}\ngiven up {_format_time(letter)}\nsession  {letter.session}\nreason   {letter.reason}"
    )
    if letter.reply:
        typer.echo(f"reply    {letter.reply.key}" + (f"\n  text    {letter.reply.body}" if text else ""))
    for turn in letter.turns:
        typer.echo(f"message  {turn.id}")
        if text:
            typer.echo(f"  text    {turn.text}\n  payload {turn.payload}\n  files   {len(turn.attachments)}")


@app.command()
def replay(ids: Ids = None, since: Since = None, until: Until = None) -> None:
    """Give dead letters to their sessions once more, by id or by time."""
    from gateway.redis.records.dead_letters import ReplayOutcome

    _require_selection(ids, since, until)

    async def work(dead: DeadLetters) -> list[tuple[str, ReplayOutcome]]:
        found = await _find_letters(dead, ids, since, until)
        outcomes = [(letter.id, await dead.replay(letter)) for letter in found]
        missing = set(ids or ()) - {letter.id for letter in found}
        return outcomes + [(name, ReplayOutcome.GONE) for name in sorted(missing)]

    outcomes = _run_with_dead_letters(work)
    for name, outcome in outcomes:
        if outcome is not ReplayOutcome.REPLAYED:
            typer.echo(f"{name}: {_REPLAY_FAILURES[outcome]}", err=True)
    done = sum(outcome is ReplayOutcome.REPLAYED for _, outcome in outcomes)
    typer.echo(f"replayed {done} of {len(outcomes)}")
    if done < len(outcomes):
        raise typer.Exit(1)


@app.command()
def drop(ids: Ids = None, since: Since = None, until: Until = None) -> None:
    """Remove dead letters for good, by id or by time."""
    _require_selection(ids, since, until)

    async def work(dead: DeadLetters) -> int:
        return await dead.drop([letter.id for letter in await _find_letters(dead, ids, since, until)])

    typer.echo(f"dropped {_run_with_dead_letters(work)}")


_REPLAY_FAILURES = {
    "gone": "there is no such letter (any more)",
    "full": "the session has too many waiting messages; try again later",
    "unreadable": "this release cannot read it; it was left where it is",
}


def _require_selection(ids: list[str] | None, since: int | None, until: int | None) -> None:
    if not ids and since is None and until is None:
        raise typer.BadParameter("say which: ids, or --since and --until")
    if ids and not (since is None and until is None):
        raise typer.BadParameter("say which by ids or by time, not both")


async def _find_letters(
    dead: DeadLetters, ids: list[str] | None, since: int | None, until: int | None, most: int | None = None
) -> list[Letter]:
    """The letters that are meant, in the order in which they were given up."""
    if ids:
        in_order = sorted(set(ids), key=lambda name: tuple(map(int, name.split("-"))))
        letters = [await dead.read(name) for name in in_order]
        return [letter for letter in letters if letter is not None]
    found: list[Letter] = []
    async for letter in dead.list_between(since or 0, until):
        found.append(letter)
        if len(found) == most:
            break
    return found


def _run_with_dead_letters(work: Callable[[DeadLetters], Awaitable[T]]) -> T:
    """Run `work` on the server that the settings name."""
    from redis.exceptions import RedisError

    from gateway.config.settings import Settings
    from gateway.redis.connection.connect import open_redis
    from gateway.redis.records.dead_letters import DeadLetters

    url = Settings.load().require_redis_url()

    async def run() -> T:
        redis = open_redis(url)
        try:
            return await work(DeadLetters(redis))
        except (RedisError, OSError) as error:
            raise ConfigurationError(
                f"REDIS_URL: the server does not answer ({type(error).__name__})"
            ) from error
        finally:
            await redis.aclose()

    return asyncio.run(run())


def _show_table(letters: list[Letter], text: bool) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text as Plain

    table = Table(title=f"dead letters: {len(letters)}", title_justify="left")
    columns = ["id", "given up", "session", "messages", "reason", *(["text"] if text else [])]
    for column in columns:
        table.add_column(column, overflow="fold")
    for letter in letters:
        cells = [
            letter.id,
            _format_time(letter),
            letter.session,
            " ".join(letter.log_keys),
            letter.reason,
        ]
        if text:
            cells.append(letter.text[:_MAX_TEXT_LENGTH])
        table.add_row(*(Plain(cell) for cell in cells))
    Console(highlight=False).print(table)


def _format_time(letter: Letter) -> str:
    return datetime.fromtimestamp(letter.at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
