"""The `turngate erase` command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from gateway.cli._redis import run_with_redis

if TYPE_CHECKING:
    from redis.asyncio import Redis


_MIN_PERSON_LENGTH = 4


def erase(person: str, sure: bool) -> None:
    """Forget a person in every session."""
    from gateway.redis.records.session_index import SessionIndex

    if len(person) < _MIN_PERSON_LENGTH:
        raise typer.BadParameter("give the whole number, address or id")

    async def work(redis: Redis) -> tuple[int, int]:
        registry = SessionIndex(redis)
        found = await registry.find_by_person(person)
        if not sure:
            return len(found), -1
        erased = sum([await registry.erase(session) for session in found])
        return len(found), erased + await registry.delete_identities(person)

    found, erased = run_with_redis(work)
    if erased < 0:
        typer.echo(f"{found} sessions would be erased for good; say so with --yes")
        raise typer.Exit(1)
    typer.echo(f"erased {found} sessions ({erased} keys)")
