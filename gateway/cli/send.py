"""The `turngate send` command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli._redis import run_with_redis

if TYPE_CHECKING:
    from redis.asyncio import Redis


app = typer.Typer(add_completion=False)


@app.command()
def send(
    session: Annotated[
        str,
        typer.Argument(metavar="SESSION", help="Session ID, as printed by `turngate sessions`."),
    ],
    text: Annotated[str, typer.Argument(metavar="TEXT", help="Message text.")],
) -> None:
    """Send an outbound message to an existing session."""
    from uuid import uuid4

    from core.model import Message
    from gateway.bootstrap import add_web_channel, build_protocol_limits, load_channels
    from gateway.config.settings import Settings
    from gateway.redis.outbox import REFUSAL_SENTENCES, ProactiveSender, SendOutcome
    from gateway.redis.records.message_timeline import OWN_PREFIX

    settings = Settings.load()
    channels, limits = load_channels(settings), build_protocol_limits(settings)

    message_id = uuid4().hex

    async def work(redis: Redis) -> SendOutcome:
        sender = ProactiveSender(redis, add_web_channel(channels), limits)
        return await sender.send(session, f"{OWN_PREFIX}{message_id}", Message(text=text))

    outcome = run_with_redis(work)
    if outcome in REFUSAL_SENTENCES:
        typer.echo(f"{session}: {REFUSAL_SENTENCES[outcome]}", err=True)
        raise typer.Exit(1)
    typer.echo(f"Queued after earlier replies; `turngate why {message_id}` tells what becomes of it.")
