"""The `turngate send` command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from gateway.cli._redis import run_with_redis

if TYPE_CHECKING:
    from redis.asyncio import Redis


def send(session: str, text: str) -> None:
    """Put a message into a session's outbox."""
    from uuid import uuid4

    from core.model import Message
    from gateway.bootstrap import add_web_channel, build_protocol_limits, load_channels
    from gateway.config.settings import Settings
    from gateway.redis.outbox import ProactiveSender, SendOutcome

    settings = Settings.load()
    connected, numbers = load_channels(settings), build_protocol_limits(settings)

    async def work(redis: Redis) -> SendOutcome:
        outgoing = ProactiveSender(redis, add_web_channel(connected), numbers)
        return await outgoing.send(session, f"own-{uuid4().hex}", Message(text=text))

    if run_with_redis(work) is SendOutcome.UNKNOWN:
        typer.echo(
            f"{session}: nobody has written in such a session; `turngate sessions` names some", err=True
        )
        raise typer.Exit(1)
    typer.echo("it leaves in the session's order, when the bot may speak there")
