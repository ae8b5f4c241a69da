"""The `turngate setup` command."""

from __future__ import annotations

import asyncio
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.errors import ConfigurationError, DeliveryError

if TYPE_CHECKING:
    from gateway.config.settings import Settings

app = typer.Typer(add_completion=False)


@app.command()
def setup(
    channel: Annotated[
        str,
        typer.Argument(
            metavar="[CHANNEL]", help="Channel with credentials; without one: the guided first set-up."
        ),
    ] = "",
    by_triggers: Annotated[
        bool, typer.Option("--by-triggers", help="Use triggers instead of event subscriptions.")
    ] = False,
    file: Annotated[Path, typer.Option(metavar="FILE", help="File of the guided set-up.")] = Path(".env"),
) -> None:
    """Ask for settings, check and write them; with a channel, register its webhooks at the provider."""
    if not channel:
        from gateway.cli.operations._first_setup import run_first_setup

        asyncio.run(run_first_setup(file))
        return
    from gateway.config.settings import Settings

    asyncio.run(_setup(channel, Settings.load(), by_triggers))


async def _setup(channel: str, settings: Settings, by_triggers: bool) -> None:
    import channels
    from gateway.http.clients import provider_client

    name = f"channels.{channel}.setup"
    if channel not in channels.available():
        raise ConfigurationError(f"unknown channel {channel!r}; available: {', '.join(channels.available())}")
    if importlib.util.find_spec(name) is None:
        await _set_webhooks(channel, settings)
        return
    set_up = importlib.import_module(name).set_up
    async with provider_client() as http:
        try:
            lines = set_up(settings.environ, settings.public_url or "", http, by_triggers=by_triggers)
            async for line in lines:
                typer.echo(line)
        except DeliveryError as error:
            raise ConfigurationError(error.reason) from error


async def _set_webhooks(channel: str, settings: Settings) -> None:
    """Check a channel's credentials and register its webhooks, where no other set-up is needed."""
    from gateway.bootstrap import load_channels
    from gateway.diagnostics.accounts import check_accounts

    names = [name for name in load_channels(settings) if name.partition("/")[0] == channel]
    if not names:
        raise ConfigurationError(f"{channel} has no credentials; `turngate setup` asks for them")
    checks = [each for name in names async for each in check_accounts(settings, fix=True, only=name)]
    for each in checks:
        typer.echo(f"{'OK' if each.passed else 'PROBLEM'} {each.message}")
    if not all(each.passed for each in checks):
        raise typer.Exit(1)
