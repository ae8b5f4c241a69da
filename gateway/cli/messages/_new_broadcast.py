"""A broadcast to be started: built from the command's file and options, checked before it starts."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from core.counts import count_of
from gateway.cli._recipients import find_sending_channel
from gateway.cli._sender import build_sender

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from gateway.broadcasts.broadcast import Broadcast
    from gateway.broadcasts.preview import Preview
    from gateway.broadcasts.recipient_file import Recipient


_MAX_SHOWN_ROWS = 20


def build_broadcast(fields: dict[str, str | float], *, sender: str, channel: str) -> Broadcast:
    """Return the broadcast of the command's options. Raises `ConfigurationError` for invalid ones."""
    from pydantic import ValidationError

    from core.errors import ConfigurationError
    from gateway.broadcasts.broadcast import Broadcast
    from gateway.config.settings import Settings
    from gateway.server.json_requests import describe_validation_error

    found, number = find_sending_channel(sender, channel, Settings.load())
    name, _, account = found.partition("/")
    try:
        return Broadcast.model_validate({**fields, "channel": name, "account": account, "sender": number})
    except ValidationError as error:
        raise ConfigurationError(describe_validation_error(error)) from error


async def preview_broadcast(
    stores: Sequence[Redis], broadcast: Broadcast, recipients: list[Recipient]
) -> Preview:
    """Check each row, with the progress on a terminal."""
    from gateway.broadcasts.preview import Previewer
    from gateway.config.settings import Settings

    def report(rows: int) -> None:
        if sys.stderr.isatty():
            typer.echo(
                f"\rchecking {rows} of {count_of(len(recipients), 'row')}",
                nl=rows == len(recipients),
                err=True,
            )

    return await Previewer(build_sender(stores, Settings.load())).run(broadcast, recipients, report)


def print_preview(preview: Preview) -> None:
    """Print who would get the broadcast, what it costs, and which rows are skipped."""
    typer.echo(f"{preview.sendable} of {count_of(preview.total, 'row')} can be sent.")
    costs = []
    if preview.segments:
        costs.append(count_of(preview.segments, "SMS segment"))
    if preview.templates:
        category = f" of the category {preview.template_category}" if preview.template_category else ""
        costs.append(f"{count_of(preview.templates, 'template message')}{category}")
    if costs:
        typer.echo(f"Billed by the provider: {', '.join(costs)}.")
    if preview.unused:
        typer.echo(f"Columns that the message does not use: {', '.join(preview.unused)}.")
    for reason, count in preview.reasons():
        typer.echo(f"  {count} skipped: {reason}")
    for row in preview.skipped[:_MAX_SHOWN_ROWS]:
        typer.echo(f"    line {row.line}: {row.reason}")
