"""Contacts that an operator names by a file or a number, and the channel that reaches them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gateway.cli._sender import load_command_channels

if TYPE_CHECKING:
    from gateway.broadcasts.recipient_file import Recipient
    from gateway.config.settings import Settings


def read_recipient_file(file: Path) -> list[Recipient]:
    """Read the rows of a file. Raises `ConfigurationError` if the file cannot be read or has none."""
    from core.errors import ConfigurationError
    from gateway.broadcasts.recipient_file import RecipientFileError, read_recipients

    try:
        recipients = list(read_recipients(file.read_bytes()))
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be read: {error.strerror}") from error
    except RecipientFileError as error:
        raise ConfigurationError(f"{file}: {error}") from error
    if not recipients:
        raise ConfigurationError(f"{file}: it has no rows below its header")
    return recipients


def find_sending_channel(sender: str, channel: str, settings: Settings) -> tuple[str, str]:
    """Return the channel with its account, and the sending number, from --from and --channel.

    Raises `ConfigurationError` if they determine none.
    """
    from core.errors import ConfigurationError
    from core.ports import StartsConversations

    names = [
        name
        for name, each in load_command_channels(settings).items()
        if isinstance(each, StartsConversations)
    ]
    if sender in names and not channel:
        return sender, ""
    if channel and channel not in names:
        raise ConfigurationError(
            f"--channel: {channel} is not configured; available: {', '.join(names) or 'none'}"
        )
    if channel:
        return channel, sender
    likely = "twilio" if sender.startswith(("+", "whatsapp:")) else "whatsapp" if sender.isdigit() else ""
    if likely in names:
        return likely, sender
    if len(names) == 1 and not likely:
        return names[0], sender
    raise ConfigurationError(
        f"--channel: name the channel that sends; available: {', '.join(names) or 'none that can send first'}"
    )
