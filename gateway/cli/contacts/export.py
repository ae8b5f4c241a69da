"""The `turngate export` command."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.model import MIN_CONTACT_LENGTH
from gateway.cli._redis import run_in_partitions
from gateway.cli.contacts.erase import CONTACT_HELP

if TYPE_CHECKING:
    from redis.asyncio import Redis


app = typer.Typer(add_completion=False)


@app.command()
def export(contact: Annotated[str, typer.Argument(help=CONTACT_HELP)]) -> None:
    """Print everything stored about a contact as JSON (GDPR access). Exit code 1 if nothing was found."""
    from gateway.partitions.records.contact_partitions import export_stored

    if len(contact.strip()) < MIN_CONTACT_LENGTH:
        raise typer.BadParameter("give the full phone number, address, ID or name")

    async def work(stores: Sequence[Redis]) -> dict[str, Any] | None:
        return await export_stored(stores, contact)

    exported = run_in_partitions(work)
    if exported is None:
        typer.echo("Nothing was found. Check the spelling (a number with its country code).", err=True)
        raise typer.Exit(1)
    typer.echo(json.dumps(exported, ensure_ascii=False, indent=2))
