"""The `turngate erase` command."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from core.counts import count_of
from core.model import MIN_CONTACT_LENGTH
from gateway.cli._audit import record_act
from gateway.cli._redis import run_in_partitions
from gateway.cli.contacts._confirmed import build_erasure

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from gateway.redis.records.contacts.contact_search import FoundContact
    from gateway.redis.records.contacts.erasure import ErasureReceipt


app = typer.Typer(add_completion=False)

CONTACT_HELP = "Phone number, e-mail address, user ID or name, in full and in any usual spelling."

_OTHER_SPELLING = (
    "Check the spelling (a number with its country code), or give the user ID or the session, as `turngate "
    "sessions` and the console show it."
)


@app.command()
def erase(
    contact: Annotated[str, typer.Argument(help=CONTACT_HELP)],
    yes: Annotated[bool, typer.Option("--yes", help="Delete; without it, only count.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Delete everything stored about a contact (GDPR erasure). Exit code 1 if nothing was found."""
    if len(contact.strip()) < MIN_CONTACT_LENGTH:
        raise typer.BadParameter("give the full phone number, address, ID or name")

    async def find(stores: Sequence[Redis]) -> FoundContact:
        return await build_erasure(stores).find(contact)

    async def work(stores: Sequence[Redis]) -> ErasureReceipt:
        return await build_erasure(stores).erase(contact)

    if not yes:
        _print_preview(run_in_partitions(find), as_json)
        raise typer.Exit(1)
    receipt = run_in_partitions(work)
    record_act("erase", about=contact)
    if as_json:
        typer.echo(receipt.model_dump_json(indent=2))
    else:
        _print_receipt(receipt)
    if receipt.is_empty:
        raise typer.Exit(1)


def _print_preview(found: FoundContact, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"sessions": found.sessions}))
        return
    for session in found.sessions:
        typer.echo(session)
    if not found.sessions:
        typer.echo(
            "Dry run: no session was found, so only records outside of sessions, such as dead letters, would "
            f"be deleted. {_OTHER_SPELLING} To delete nevertheless, re-run with --yes."
        )
        return
    typer.echo(
        f"Dry run: {count_of(len(found.sessions), 'session')} would be deleted, with all records that "
        "belong to them. Re-run with --yes to delete."
    )


def _print_receipt(receipt: ErasureReceipt) -> None:
    if receipt.is_empty:
        typer.echo(
            f"Nothing was found. {_OTHER_SPELLING}",
            err=True,
        )
        return
    typer.echo(f"Deleted {count_of(receipt.sessions, 'session')}:")
    for kind, count in receipt.removed.items():
        typer.echo(f"  {count:>6}  {kind}")
    if receipt.opt_outs_kept:
        typer.echo(f"Kept: {count_of(receipt.opt_outs_kept, 'opt-out')}, as salted hashes")
    for file, result in receipt.files.items():
        typer.echo(f"{file.replace('_', ' ')}: {result}")
    if not receipt.is_complete:
        typer.echo(
            "The server's files still contain what was deleted, until it has rewritten them (BGREWRITEAOF, "
            "BGSAVE).",
            err=True,
        )
