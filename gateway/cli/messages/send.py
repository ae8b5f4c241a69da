"""The `turngate send` command."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli._audit import record_act
from gateway.cli._redis import run_in_partitions
from gateway.cli._sender import build_sender

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from core.model import Message
    from gateway.redis.sending.first_contact import ContactAddress
    from gateway.redis.sending.send_outcome import SendReceipt

Language = Annotated[str, typer.Option(metavar="CODE", help="Language of the template, such as en_US.")]
Variables = Annotated[
    list[str] | None,
    typer.Option("--var", metavar="NAME=VALUE", help="Variable of the template; may be repeated."),
]

app = typer.Typer(add_completion=False)


@app.command()
def send(
    session: Annotated[
        str,
        typer.Argument(
            metavar="[SESSION]", help="Session ID, as printed by `turngate sessions`; left out with --to."
        ),
    ] = "",
    text: Annotated[str, typer.Argument(metavar="[TEXT]", help="Message text.", show_default=False)] = "",
    template: Annotated[
        str,
        typer.Option(metavar="NAME", help="Template to send in place of a text; see `turngate templates`."),
    ] = "",
    language: Language = "",
    variables: Variables = None,
    to: Annotated[
        str, typer.Option(help="Number, address or ID of a contact who may never have written.")
    ] = "",
    channel: Annotated[str, typer.Option(help="Channel of the contact, or channel/account.")] = "",
    sender: Annotated[str, typer.Option("--from", help="Business number, if there are several.")] = "",
    at: Annotated[str, typer.Option(help="Send it then: ISO 8601, such as 2026-07-01T09:30+02:00.")] = "",
    time_zone: Annotated[str, typer.Option(help="Time zone of --at without offset.")] = "",
) -> None:
    """Send an outbound message to a session, or with --to and --channel to a contact."""
    from core.local_time import parse_point_in_time
    from core.model import Message
    from gateway.redis.sending.first_contact import ContactAddress

    if to and not template:
        session, text = "", text or session  # the only argument is the text
    if bool(text) == bool(template):
        raise typer.BadParameter("give either a text or --template")
    if bool(to) != bool(channel) or bool(to) == bool(session):
        raise typer.BadParameter("give either a session, or --to and --channel")
    try:
        at_ms = parse_point_in_time(at, time_zone) if at else 0
    except ValueError as error:
        raise typer.BadParameter(f"--at: {error}") from None
    message = build_template_message(template, language, variables or []) if template else Message(text=text)
    name, _, account = channel.partition("/")
    contact = ContactAddress(channel=name, account=account, to=to, sender=sender) if to else None
    send_message(session, message, contact=contact, at_ms=at_ms)


def build_template_message(name: str, language: str, variables: list[str]) -> Message:
    """Build the message of a template from the options of a command."""
    from core.model import Message, Template

    pairs = [each.partition("=") for each in variables]
    if not language:
        raise typer.BadParameter("a template needs --language, such as en_US")
    if not all(key and separator for key, separator, _ in pairs):
        raise typer.BadParameter("--var is NAME=VALUE, such as --var 1=Ada")
    values = {key: value for key, _, value in pairs}
    return Message(text="", template=Template(name=name, language=language, variables=values))


def send_message(
    session: str, message: Message, *, contact: ContactAddress | None = None, at_ms: int = 0
) -> None:
    """Queue a message and print its outcome; exit with 1 if it was refused."""
    from uuid import uuid4

    from gateway.config.settings import Settings
    from gateway.redis.records.sessions.log.message_timeline import OWN_PREFIX
    from gateway.redis.sending.send_outcome import REFUSAL_SENTENCES, SendOutcome

    settings = Settings.load()

    message_id = uuid4().hex

    async def work(stores: Sequence[Redis]) -> SendReceipt:
        sender = build_sender(stores, settings)
        key = f"{OWN_PREFIX}{message_id}"
        if contact:
            return await sender.send_to(contact, key, message, at_ms=at_ms)
        return await sender.send(session, key, message, at_ms=at_ms)

    receipt = run_in_partitions(work)
    if receipt.outcome in REFUSAL_SENTENCES:
        target = receipt.session or (contact.to if contact else session)
        typer.echo(f"{target}: {receipt.reason or REFUSAL_SENTENCES[receipt.outcome]}", err=True)
        raise typer.Exit(1)
    record_act("send_message", about=receipt.session)
    if receipt.outcome is SendOutcome.SCHEDULED:
        typer.echo(f"Scheduled; `turngate why {message_id}` shows its progress.")
        return
    typer.echo(f"Queued after earlier replies; `turngate why {message_id}` shows its progress.")
