"""The `turngate send` command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli._audit import record_act
from gateway.cli._redis import run_with_redis

if TYPE_CHECKING:
    from redis.asyncio import Redis


app = typer.Typer(add_completion=False)


@app.command()
def send(
    session: Annotated[
        str,
        typer.Argument(
            metavar="[SESSION]", help="Session ID, as printed by `turngate sessions`; left out with --to."
        ),
    ],
    text: Annotated[str, typer.Argument(metavar="TEXT", help="Message text.", show_default=False)] = "",
    to: Annotated[
        str, typer.Option(help="Number, address or ID of a contact who may never have written.")
    ] = "",
    channel: Annotated[str, typer.Option(help="Channel of the contact, or channel/account.")] = "",
    sender: Annotated[str, typer.Option("--from", help="Business number, if there are several.")] = "",
    at: Annotated[str, typer.Option(help="Send it then: ISO 8601, such as 2026-07-01T09:30+02:00.")] = "",
    time_zone: Annotated[str, typer.Option(help="Time zone of --at without offset.")] = "",
) -> None:
    """Send an outbound message to a session, or with --to and --channel to a contact."""
    from uuid import uuid4

    from core.local_time import parse_point_in_time
    from core.model import Message
    from gateway.bootstrap import (
        add_web_channel,
        build_protocol_limits,
        build_quiet_policy,
        load_channels,
    )
    from gateway.config.channel_config import ConfigFile
    from gateway.config.settings import Settings
    from gateway.redis.first_contact import ContactAddress
    from gateway.redis.outbox import REFUSAL_SENTENCES, ProactiveSender, SendOutcome, SendReceipt
    from gateway.redis.records.message_timeline import OWN_PREFIX

    if bool(to) != bool(channel) or bool(to) == bool(text):
        raise typer.BadParameter("give a session and a text, or --to, --channel and a text")
    try:
        at_ms = parse_point_in_time(at, time_zone) if at else 0
    except ValueError as error:
        raise typer.BadParameter(f"--at: {error}") from None
    settings = Settings.load()
    channels, limits = load_channels(settings), build_protocol_limits(settings)
    quiet = build_quiet_policy(settings, ConfigFile.load(settings.config_path), channels)

    message_id = uuid4().hex
    message = Message(text=text or session)

    async def work(redis: Redis) -> SendReceipt:
        sender = ProactiveSender(redis, add_web_channel(channels), limits, quiet)
        key = f"{OWN_PREFIX}{message_id}"
        if to:
            return await sender.send_to(contact, key, message, at_ms=at_ms)
        return SendReceipt(await sender.send(session, key, message, at_ms=at_ms), session)

    name, _, account = channel.partition("/")
    contact = ContactAddress(channel=name, account=account, to=to, sender=sender)
    receipt = run_with_redis(work)
    if receipt.outcome in REFUSAL_SENTENCES:
        reason = receipt.reason or REFUSAL_SENTENCES[receipt.outcome]
        typer.echo(f"{receipt.session or to}: {reason}", err=True)
        raise typer.Exit(1)
    record_act("send_message", about=receipt.session)
    if receipt.outcome is SendOutcome.SCHEDULED:
        typer.echo(f"Scheduled; `turngate why {message_id}` tells what becomes of it.")
        return
    typer.echo(f"Queued after earlier replies; `turngate why {message_id}` tells what becomes of it.")
