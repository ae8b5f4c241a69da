"""The `turngate optout` commands."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from core.counts import count_of
from core.model import MIN_CONTACT_LENGTH, ControlAction, OptOutScope
from gateway.cli._audit import record_act
from gateway.cli._redis import run_in_partitions

if TYPE_CHECKING:
    from gateway.redis.records.sessions.opt_outs import OptOutRow, OptOuts

T = TypeVar("T")


app = typer.Typer(help="List, add or remove opt-outs.", no_args_is_help=True, add_completion=False)

Contact = Annotated[
    str, typer.Argument(metavar="CONTACT", help="Phone number, e-mail address, user ID or session, in full.")
]
_MAX_ROWS = 100
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list")
def list_opt_outs(
    limit: Annotated[
        int | None,
        typer.Option(min=1, max=10_000, help="Maximum number of rows: 100, or all with --json and --csv."),
    ] = None,
    offset: Annotated[int, typer.Option(min=0, help="Number of rows to skip.")] = 0,
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
) -> None:
    """List sessions whose contacts are opted out, newest first."""
    if limit is None and (as_json or as_csv):
        rows = _run_with_opt_outs(lambda opt_outs: opt_outs.list_all())[offset:]
    else:
        rows = _run_with_opt_outs(lambda opt_outs: opt_outs.list_newest(limit or _MAX_ROWS, offset))
    if as_json:
        typer.echo(json.dumps([row.model_dump(mode="json") for row in rows]))
    elif as_csv:
        _print_csv(rows)
    else:
        for row in rows:
            typer.echo(f"{row.session}  {row.scope}  since {_format_time(row)}")
        is_complete = len(rows) < (limit or _MAX_ROWS)
        typer.echo(
            count_of(len(rows), "opt-out") if is_complete else f"{len(rows)} rows; see --limit and --offset"
        )


def _print_csv(rows: list[OptOutRow]) -> None:
    from gateway.broadcasts.outcome_file import format_csv_line

    typer.echo("contact,scope,since,session")
    for row in rows:
        typer.echo(
            format_csv_line([row.contact, row.scope, _format_time(row), row.session]).removesuffix("\r\n")
        )


def _format_time(row: OptOutRow) -> str:
    return datetime.fromtimestamp(row.since_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@app.command()
def add(
    contact: Contact,
    scope: Annotated[OptOutScope, typer.Option(help="What is not sent any more.")] = OptOutScope.ALL,
    as_json: AsJson = False,
) -> None:
    """Opt a contact out."""
    _change(contact, ControlAction.OPT_OUT, scope, as_json=as_json)


@app.command()
def remove(
    contact: Contact,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    as_json: AsJson = False,
) -> None:
    """End a contact's opt-out; only do this if they asked for it."""
    if not yes:
        typer.confirm("Has the contact agreed to get messages again?", abort=True)
    _change(contact, ControlAction.OPT_IN, OptOutScope.ALL, as_json=as_json)


def _change(contact: str, act: ControlAction, scope: OptOutScope, *, as_json: bool) -> None:
    if len(contact) < MIN_CONTACT_LENGTH:
        raise typer.BadParameter("give the full phone number, address, ID or session")
    sessions = _run_with_opt_outs(lambda opt_outs: opt_outs.change(contact, act, scope))
    if sessions:
        record_act(act, about=contact)
    if as_json:
        typer.echo(json.dumps({"act": act, "scope": scope, "sessions": sessions}))
    elif sessions:
        what = "out" if act is ControlAction.OPT_OUT else "in"
        typer.echo(f"Opted {what}: {count_of(len(sessions), 'session')}.")
    else:
        typer.echo(f"No data found for {contact}; nothing was changed.", err=True)
    if not sessions:
        raise typer.Exit(1)


def _run_with_opt_outs(work: Callable[[OptOuts], Awaitable[T]]) -> T:
    from gateway.partitions.records.contact_partitions import build_opt_outs
    from gateway.redis.inbox import RedisInbox

    return run_in_partitions(
        lambda stores: work(build_opt_outs(stores, [RedisInbox(redis) for redis in stores]))
    )
