"""The `turngate optout` commands."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from core.counts import count_of
from core.errors import InvalidContact
from core.model import MIN_CONTACT_LENGTH, ControlAction, OptOutScope
from gateway.cli._audit import record_act
from gateway.cli._redis import run_in_partitions
from gateway.cli.contacts._confirmed import build_inboxes

if TYPE_CHECKING:
    from gateway.cli.contacts._new_opt_outs import RowProblem
    from gateway.redis.records.sessions.opt_outs import OptOutRow, OptOuts

T = TypeVar("T")


app = typer.Typer(help="List, add, import or remove opt-outs.", no_args_is_help=True, add_completion=False)

Contact = Annotated[
    str, typer.Argument(metavar="CONTACT", help="Phone number, e-mail address, user ID or session, in full.")
]
Scope = Annotated[OptOutScope, typer.Option(help="What is not sent any more.")]
Channel = Annotated[str, typer.Option(help="Channel on which the contact would write, or channel/account.")]
Senders = Annotated[
    list[str] | None, typer.Option("--from", help="Number of the business; repeatable, if there are several.")
]
_MAX_ROWS = 100
_MAX_PROBLEMS = 20
_HINTS = {
    ControlAction.OPT_OUT: " For a contact who has never written, name --channel and, if there are several, "
    "the business number with --from.",
    ControlAction.OPT_IN: "",
}
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
            count_of(len(rows), "opt-out")
            if is_complete
            else f"{count_of(len(rows), 'row')}; see --limit and --offset"
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
    scope: Scope = OptOutScope.ALL,
    channel: Channel = "",
    senders: Senders = None,
    as_json: AsJson = False,
) -> None:
    """Opt a contact out, with --channel or --from also one who has never written."""
    if not (channel or senders):
        _change(contact, ControlAction.OPT_OUT, scope, as_json=as_json)
        return
    from gateway.cli.contacts._new_opt_outs import ContactFinder, WantedOptOut, opt_out_all

    try:
        wanted = WantedOptOut(ContactFinder(senders or [], channel).find(contact), scope)
    except InvalidContact as error:
        raise typer.BadParameter(str(error)) from None
    done = run_in_partitions(lambda stores: opt_out_all(stores, [wanted]))
    _report(contact, ControlAction.OPT_OUT, scope, done.sessions, as_json=as_json)


@app.command("import")
def import_file(
    file: Annotated[
        Path, typer.Argument(metavar="FILE.csv", help="Column `to`; optionally `scope` and `since`.")
    ],
    scope: Scope = OptOutScope.ALL,
    channel: Channel = "",
    senders: Senders = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only check the file.")] = False,
    as_json: AsJson = False,
) -> None:
    """Opt out all contacts of a file, also those who have never written. Exit code 1 if a row is unusable."""
    from gateway.cli._recipients import read_recipient_file
    from gateway.cli.contacts._new_opt_outs import ContactFinder, OptedOut, opt_out_all, read_rows

    recipients = read_recipient_file(file)
    wanted, problems = read_rows(recipients, ContactFinder(senders or [], channel), scope)
    done = OptedOut([], 0, 0)
    if not dry_run and wanted:
        done = run_in_partitions(lambda stores: opt_out_all(stores, wanted))
        record_act("import_opt_outs", target=count_of(done.contacts, "contact"))
    if as_json:
        typer.echo(json.dumps({**done._asdict(), "problems": [each._asdict() for each in problems]}))
    else:
        opted_out = f"Opted out: {count_of(done.contacts, 'contact')}."
        checked = f"{len(wanted)} of {count_of(len(recipients), 'row')} can be imported."
        typer.echo(checked if dry_run else opted_out)
        _print_rest(problems, done.older)
    if problems:
        raise typer.Exit(1)


def _print_rest(problems: Sequence[RowProblem], older: int) -> None:
    if older:
        typer.echo(f"{count_of(older, 'contact')} opted in or out here since: that stays.")
    for each in problems[:_MAX_PROBLEMS]:
        typer.echo(f"line {each.line}: {each.reason}", err=True)
    if len(problems) > _MAX_PROBLEMS:
        typer.echo(f"Unusable in all: {count_of(len(problems), 'row')}; --json lists them.", err=True)


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
    if len(contact.strip()) < MIN_CONTACT_LENGTH:
        raise typer.BadParameter("give the full phone number, address, ID or session")
    sessions = _run_with_opt_outs(lambda opt_outs: opt_outs.change(contact, act, scope))
    _report(contact, act, scope, sessions, as_json=as_json)


def _report(
    contact: str, act: ControlAction, scope: OptOutScope, sessions: list[str], *, as_json: bool
) -> None:
    """Record the change and print it; exit with code 1 if there was none."""
    if sessions:
        record_act(act, about=contact)
    if as_json:
        typer.echo(json.dumps({"act": act, "scope": scope, "sessions": sessions}))
    elif sessions:
        what = "out" if act is ControlAction.OPT_OUT else "in"
        typer.echo(f"Opted {what}: {count_of(len(sessions), 'session')}.")
    else:
        typer.echo(f"No data found for {contact}; nothing was changed.{_HINTS[act]}", err=True)
    if not sessions:
        raise typer.Exit(1)


def _run_with_opt_outs(work: Callable[[OptOuts], Awaitable[T]]) -> T:
    from gateway.partitions.records.contact_partitions import build_opt_outs

    return run_in_partitions(lambda stores: work(build_opt_outs(stores, build_inboxes(stores))))
