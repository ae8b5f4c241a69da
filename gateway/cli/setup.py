"""`turngate setup`: what a provider's admin side needs, made where its API allows."""

from __future__ import annotations

import asyncio
import importlib.util

import typer

import channels
from core.errors import ConfigurationError, DeliveryError
from gateway.config.settings import Settings
from gateway.http.clients import provider_client


def setup(channel: str, by_triggers: bool) -> None:
    """Set a channel up at its provider, and say what was done."""
    asyncio.run(_setup(channel, Settings.load(), by_triggers))


async def _setup(channel: str, settings: Settings, by_triggers: bool) -> None:
    name = f"channels.{channel}.setup"
    if channel not in channels.available():
        raise ConfigurationError(
            f"there is no channel {channel!r}; known are: {', '.join(channels.available())}"
        )
    if importlib.util.find_spec(name) is None:
        raise ConfigurationError(f"{channel} is set up by hand: see docs/channels/{channel}.md")
    set_up = importlib.import_module(name).set_up
    async with provider_client() as http:
        try:
            lines = set_up(settings.environ, settings.public_url or "", http, by_triggers=by_triggers)
            async for line in lines:
                typer.echo(line)
        except DeliveryError as error:
            raise ConfigurationError(error.reason) from error
