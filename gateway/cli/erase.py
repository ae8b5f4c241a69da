"""The `turngate erase` command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from core.model import MIN_CONTACT_LENGTH
from gateway.cli._audit import record_act
from gateway.cli._redis import run_with_redis

if TYPE_CHECKING:
    from redis.asyncio import Redis


app = typer.Typer(add_completion=False)


@app.command()
def erase(
    contact: Annotated[str, typer.Argument(help="Phone number, e-mail address or user ID, in full.")],
    yes: Annotated[bool, typer.Option("--yes", help="Delete; without it, only count.")] = False,
) -> None:
    """Permanently delete a contact's data (GDPR erasure): sessions, messages, dead letters."""
    from gateway.redis.records.session_index import SessionIndex

    if len(contact) < MIN_CONTACT_LENGTH:
        raise typer.BadParameter("give the full phone number, address or ID")

    async def work(redis: Redis) -> tuple[int, int]:
        index = SessionIndex(redis)
        sessions = await index.find_by_person(contact)
        if not yes:
            return len(sessions), -1
        keys = sum([await index.erase(session) for session in sessions])
        return len(sessions), keys + await index.delete_identities(contact)

    sessions, keys = run_with_redis(work)
    if keys < 0:
        if not sessions:
            typer.echo(f"No data found for {contact}.")
            raise typer.Exit(1)
        typer.echo(f"Dry run: {sessions} sessions would be deleted. Re-run with --yes to delete.")
        raise typer.Exit(1)
    record_act("erase", about=contact)
    typer.echo(f"Deleted {sessions} sessions ({keys} keys).")
