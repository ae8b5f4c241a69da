"""The `turngate send` command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli._redis import run_with_redis

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from core.model import Message
    from gateway.redis.outbox import SendOutcome

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
        typer.Argument(metavar="SESSION", help="Session ID, as printed by `turngate sessions`."),
    ],
    text: Annotated[str, typer.Argument(metavar="[TEXT]", help="Message text.")] = "",
    template: Annotated[
        str,
        typer.Option(metavar="NAME", help="Template to send in place of a text; see `turngate templates`."),
    ] = "",
    language: Language = "",
    variables: Variables = None,
) -> None:
    """Send an outbound message to an existing session."""
    from core.model import Message

    if bool(text) == bool(template):
        raise typer.BadParameter("give either a text or --template")
    message = build_template_message(template, language, variables or []) if template else Message(text=text)
    send_message(session, message)


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


def send_message(session: str, message: Message) -> None:
    """Queue a message and print what becomes of it; exit with 1 if it may not leave."""
    from uuid import uuid4

    from gateway.bootstrap import add_web_channel, build_protocol_limits, load_channels
    from gateway.config.settings import Settings
    from gateway.redis.outbox import REFUSAL_SENTENCES, ProactiveSender
    from gateway.redis.records.message_timeline import OWN_PREFIX

    settings = Settings.load()
    channels, limits = load_channels(settings), build_protocol_limits(settings)

    message_id = uuid4().hex

    async def work(redis: Redis) -> tuple[SendOutcome, str]:
        sender = ProactiveSender(redis, add_web_channel(channels), limits)
        outcome = await sender.send(session, f"{OWN_PREFIX}{message_id}", message)
        is_refused = outcome in REFUSAL_SENTENCES
        return outcome, await sender.explain(session, message, outcome) if is_refused else ""

    outcome, sentence = run_with_redis(work)
    if outcome in REFUSAL_SENTENCES:
        typer.echo(f"{session}: {sentence}", err=True)
        raise typer.Exit(1)
    typer.echo(f"Queued after earlier replies; `turngate why {message_id}` tells what becomes of it.")
