"""The `turngate quarantine` commands."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from core.counts import count_of

if TYPE_CHECKING:
    from redis.asyncio import Redis

_ID_LENGTH = 32

app = typer.Typer(
    help="Inspect rejected webhooks, and replay them if TURNGATE_WEBHOOK_HOURS keeps their originals.",
    no_args_is_help=True,
    add_completion=False,
)


@app.command("list")
def list_rejections(
    limit: Annotated[int, typer.Option(min=1, max=500, help="Maximum number of rows.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List rejected webhooks, newest first."""
    from gateway.cli._redis import run_in_home
    from gateway.redis.records.operators.quarantine import Quarantine

    rejections = run_in_home(lambda redis: Quarantine(redis).latest(limit))
    if as_json:
        typer.echo(json.dumps([each.model_dump(mode="json") for each in rejections]))
        return
    for each in rejections:
        when = datetime.fromtimestamp(each.at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
        typer.echo(f"{when}  {each.channel}  {each.status}  {each.method} {each.path}  {each.size} bytes")
        typer.echo(f"    {each.reason}")
        if each.kept:
            typer.echo(f"    turngate quarantine replay {each.kept}")
    typer.echo(
        count_of(len(rejections), "rejected webhook")
        if rejections
        else "No webhooks were rejected in the last seven days."
    )


@app.command()
def replay(
    webhooks: Annotated[list[str], typer.Argument(metavar="ID...", help="IDs that `list` prints.")],
) -> None:
    """Verify rejected webhooks with the current credentials, and store them. Exit code 1 if one is refused.

    They are stored in the order in which they came, so the messages of a contact keep theirs.
    """
    from gateway.cli._audit import record_act
    from gateway.cli._redis import run_in_home, run_in_partitions

    failed = False
    for name in run_in_home(lambda redis: _sort_by_arrival(redis, webhooks)):
        problem = run_in_partitions(lambda stores, name=name: _replay(stores, name))  # type: ignore[misc]
        failed = failed or bool(problem)
        typer.echo(f"{name}: {problem or 'stored'}")
        record_act("replay_rejected_webhook", target=name[:_ID_LENGTH])
    raise typer.Exit(int(failed))


async def _sort_by_arrival(redis: Redis, names: Sequence[str]) -> list[str]:
    """Return the IDs in the order of arrival; IDs without a kept original come last."""
    from gateway.config.settings import Settings
    from gateway.redis.records.operators.kept_webhooks import KeptWebhooks

    kept = await KeptWebhooks(redis, Settings.load().webhook_hours).rejected_ids()
    places = {name: place for place, name in enumerate(kept)}
    return sorted(dict.fromkeys(names), key=lambda name: places.get(name, len(places)))


async def _replay(stores: Sequence[Redis], name: str) -> str:
    """Replay one webhook; return why that is not possible, or an empty text."""
    from core.errors import DeliveryError, MailboxFull, StorageUnavailable, WebhookRefused
    from gateway.bootstrap import PartitionStores
    from gateway.cli._sender import load_command_channels
    from gateway.config.channel_config import ConfigFile
    from gateway.config.settings import Settings
    from gateway.http.clients import provider_client
    from gateway.redis.connection.outages.error_messages import describe_storage_error
    from gateway.redis.records.operators.kept_webhooks import KeptWebhooks
    from gateway.server.webhooks import WebhookEndpoint

    settings = Settings.load()
    webhook = await KeptWebhooks(stores[0], settings.webhook_hours).find_rejected(name)
    if webhook is None:
        return "not kept; TURNGATE_WEBHOOK_HOURS says for how long rejected webhooks are"
    channels, config = load_command_channels(settings), ConfigFile.load(settings.config_path)
    inbox = PartitionStores(settings, config, channels, stores, confirms=True).inbox
    try:
        async with provider_client() as http:
            await WebhookEndpoint(channels, inbox, http=http).replay(webhook)
    except WebhookRefused as error:
        return f"rejected again: {error.reason}"
    except StorageUnavailable as error:
        return f"not stored: {describe_storage_error(error)}"
    except (MailboxFull, DeliveryError) as error:
        return f"not stored: {error}"
    return ""


@app.command()
def drop(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
) -> None:
    """Delete all records of rejected webhooks."""
    from gateway.cli._audit import record_act
    from gateway.cli._redis import run_in_home
    from gateway.redis.records.operators.quarantine import Quarantine

    if not yes:
        typer.confirm("Delete all records of rejected webhooks, and their originals?", abort=True, err=True)
    deleted = run_in_home(lambda redis: Quarantine(redis).drop())
    record_act("drop_rejections")
    typer.echo(f"Deleted {count_of(deleted, 'record')}.")
