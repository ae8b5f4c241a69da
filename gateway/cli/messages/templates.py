"""The `turngate templates` commands."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from core.counts import count_of
from gateway.cli._redis import run_in_home, run_in_partitions
from gateway.cli.messages.send import Language, Variables, build_template_message, send_message

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from core.model import MessageTemplate
    from gateway.config.settings import Settings
    from gateway.redis.records.templates import TemplateRecords

T = TypeVar("T")

app = typer.Typer(
    help="List, show, synchronise or send message templates.", no_args_is_help=True, add_completion=False
)

_WORKER_SECONDS = 60.0

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
ChannelName = Annotated[
    str, typer.Option("--channel", metavar="CHANNEL", help="Only of this channel, such as whatsapp.")
]


@app.command("list")
def list_templates(
    channel: ChannelName = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Maximum number of rows.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List the templates as last read from the providers."""
    _report_unlisted(channel)
    rows = _read(lambda records: _read_all(records, channel))
    shown = rows[:limit]
    if as_json:
        typer.echo(json.dumps([{"channel": name, **each.model_dump(mode="json")} for name, each in shown]))
        return
    for name, each in shown:
        quality = f"  quality {each.quality}" if each.quality not in ("", "unknown") else ""
        typer.echo(f"{name}  {each.name}  {each.language}  {each.status}  {each.category or '-'}{quality}")
    typer.echo(
        count_of(len(rows), "template")
        if len(rows) <= limit
        else f"first {count_of(limit, 'row')}; see --limit"
    )


@app.command()
def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the template.")],
    language: Annotated[str, typer.Option(metavar="CODE", help="Only in this language.")] = "",
    channel: ChannelName = "",
    as_json: AsJson = False,
) -> None:
    """Show a template: status, text, and the variables that it takes."""
    rows = [
        (each_channel, each)
        for each_channel, each in _read(lambda records: _read_all(records, channel))
        if each.name == name and language in ("", each.language)
    ]
    if as_json:
        typer.echo(json.dumps([{"channel": where, **each.model_dump(mode="json")} for where, each in rows]))
    for where, each in [] if as_json else rows:
        _print(where, each)
    if not rows:
        typer.echo(f"No template {name} is stored; see `turngate templates sync`.", err=True)
        _report_unlisted(channel)
        raise typer.Exit(1)


@app.command()
def sync(channel: ChannelName = "", as_json: AsJson = False) -> None:
    """Read the lists of templates from the providers now."""
    from gateway.config.settings import Settings

    settings = Settings.load()
    unlisted = _report_unlisted(channel)
    if channel in unlisted:
        raise typer.Exit(1)
    counts = run_in_partitions(lambda stores: _sync(stores, settings, channel))
    if as_json:
        typer.echo(json.dumps(counts))
        return
    for name, count in counts.items():
        typer.echo(f"{name}: {count_of(count, 'template')}")
    if not counts and not unlisted:
        typer.echo("No channel with templates is configured, and no worker has read any.", err=True)
        raise typer.Exit(1)


@app.command()
def send(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the template.")],
    session: Annotated[
        str, typer.Argument(metavar="SESSION", help="Session ID, as printed by `turngate sessions`.")
    ],
    language: Language = "",
    variables: Variables = None,
) -> None:
    """Send a template to an existing session."""
    send_message(session, build_template_message(name, language, variables or []))


def _report_unlisted(channel: str) -> list[str]:
    """Name the channels, or the given one, whose templates nobody can list, and return them.

    Raises `ConfigurationError` for a channel that does not exist.
    """
    import channels as registry
    from core.errors import ConfigurationError
    from gateway.cli._sender import load_command_channels
    from gateway.config.settings import Settings
    from gateway.redis.sending.template_sync import UNLISTED, find_unlisted

    if channel and channel.partition("/")[0] not in registry.available():
        raise ConfigurationError(
            f"--channel: there is no channel {channel!r}; available: {', '.join(registry.available())}"
        )
    try:
        channels = load_command_channels(Settings.load())
    except ConfigurationError:  # what is stored can be read without credentials
        return []
    shown = [name for name in find_unlisted(channels) if channel in ("", name)]
    for name in shown:
        typer.echo(f"{name}: {UNLISTED}", err=True)
    return shown


def _print(channel: str, template: MessageTemplate) -> None:
    reason = f" ({template.reason})" if template.reason else ""
    about = [channel, template.language, f"{template.status}{reason}", template.category, template.id]
    typer.echo(f"{template.name}  " + "  ".join(part for part in about if part))
    for component in template.components:
        typer.echo(f"  {component}")
    for line in template.text.splitlines():
        typer.echo(f"  | {line}")
    for variable in template.variables:
        optional = "" if variable.is_required else ", optional"
        typer.echo(f"  --var {variable.name}=…  ({variable.kind}{optional})")


def _read(work: Callable[[TemplateRecords], Awaitable[T]]) -> T:
    from gateway.redis.records.templates import TemplateRecords

    return run_in_home(lambda redis: work(TemplateRecords(redis)))  # every partition has them


async def _read_all(records: TemplateRecords, channel: str) -> list[tuple[str, MessageTemplate]]:
    channels = [channel] if channel else await records.list_channels()
    return [(name, each) for name in channels for each in await records.list_all(name)]


async def _sync(stores: Sequence[Redis], settings: Settings, channel: str) -> dict[str, int]:
    """Read the lists here; for channels that only workers have (simulated ones), let a worker read them."""
    from core.errors import ConfigurationError, DeliveryError
    from core.ports import HasTemplates
    from gateway.bootstrap import load_channels
    from gateway.http.clients import provider_client
    from gateway.redis.sending.template_sync import TemplateSync

    configured = {
        name: each for name, each in load_channels(settings).items() if isinstance(each, HasTemplates)
    }
    if not configured:
        return await _sync_by_workers(stores[0], channel)
    names = (
        [channel] if channel else [name for name, each in configured.items() if not each.templates_setting]
    )
    counts = {}
    async with provider_client() as http:
        templates = TemplateSync(stores[0], configured, http, stores[1:])
        for name in names:
            try:
                counts[name] = len(await templates.sync(name))
            except DeliveryError as error:
                raise ConfigurationError(
                    f"{name}: the list of templates cannot be read: {error.reason}"
                ) from error
    return counts


async def _sync_by_workers(redis: Redis, channel: str) -> dict[str, int]:
    import asyncio

    from core.errors import ConfigurationError
    from gateway.redis.records.templates import TemplateRecords
    from gateway.redis.sending.template_sync import request_sync

    records, counts = TemplateRecords(redis), {}
    for name in [channel] if channel else await records.list_channels():
        before = await records.now_ms()
        await request_sync(redis, name)
        try:
            async with asyncio.timeout(_WORKER_SECONDS):
                while not (report := await records.read_report(name)) or report.at_ms < before:  # noqa: ASYNC110
                    await asyncio.sleep(0.5)
        except TimeoutError as error:
            raise ConfigurationError(
                f"{name}: no worker has read the templates within {_WORKER_SECONDS:g} s; the worker's log "
                "says why"
            ) from error
        counts[name] = report.templates
    return counts
