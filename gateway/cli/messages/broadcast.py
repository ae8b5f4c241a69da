"""The `turngate broadcast` commands."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from core.counts import count_of
from gateway.cli._audit import record_act
from gateway.cli._recipients import read_recipient_file
from gateway.cli._redis import run_in_partitions
from gateway.cli._sender import load_command_channels
from gateway.cli.messages._new_broadcast import (
    build_broadcast,
    preview_broadcast,
    print_preview,
)

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from gateway.broadcasts.broadcast import Broadcast, Progress
    from gateway.broadcasts.recipient_file import Recipient
    from gateway.broadcasts.store import Broadcasts

app = typer.Typer(
    help="Send one message to many contacts, and follow it.", no_args_is_help=True, add_completion=False
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the broadcast.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_REPORT_EVERY = 10_000


@app.command()
def start(
    file: Annotated[
        Path, typer.Argument(metavar="FILE.csv", help="Column `to`; the other columns are variables.")
    ],
    name: Annotated[str, typer.Option(help="Name; a broadcast of the same name is not sent twice.")],
    sender: Annotated[
        str, typer.Option("--from", help="Number of the business, or the channel or account that sends.")
    ] = "",
    channel: Annotated[str, typer.Option(help="Channel, if --from does not determine it.")] = "",
    template: Annotated[str, typer.Option(help="Approved template.")] = "",
    language: Annotated[str, typer.Option(help="Language of the template.")] = "",
    variables: Annotated[
        str, typer.Option(help="The template's variables and their columns, as 1=first name,2=code.")
    ] = "",
    text: Annotated[str, typer.Option(help="Text with variables such as {{ name }}.")] = "",
    category: Annotated[
        str, typer.Option(help="marketing or utility: selects the quiet hours.")
    ] = "marketing",
    rate: Annotated[
        float, typer.Option(min=0, max=10_000, help="Messages per second; 0: the number's own limit.")
    ] = 0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only print who would get it.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check a file and start a broadcast; replies have priority over it."""
    recipients = read_recipient_file(file)
    message = {"text": text, "template": template, "language": language, "variables": variables}
    fields: dict[str, str | float] = {"name": name, "category": category, "rate": rate, **message}
    broadcast = build_broadcast(fields, sender=sender, channel=channel)
    preview = run_in_partitions(lambda stores: preview_broadcast(stores, broadcast, recipients))
    if as_json and dry_run:
        typer.echo(preview.model_dump_json())
    else:
        print_preview(preview)
    if dry_run:
        return
    if preview.sendable == 0:
        typer.echo("Nothing was started: no row can be sent.", err=True)
        raise typer.Exit(1)
    if not yes:
        typer.confirm(f"Send to {count_of(preview.sendable, 'contact')}?", abort=True, err=True)
    _start(broadcast, recipients, name)
    typer.echo(f"`turngate broadcast show {name}` follows it.")


def _start(broadcast: Broadcast, recipients: Sequence[Recipient], name: str) -> None:
    """Store the broadcast; exit with code 1 if the name is that of another one."""
    from gateway.broadcasts.store import StartResult

    async def work(stores: Sequence[Redis]) -> StartResult:
        return await _open_store(stores).start(broadcast, recipients)

    result = run_in_partitions(work)
    if result is StartResult.OTHER:
        typer.echo(
            f"{name}: a broadcast of this name has another content; give this one another name", err=True
        )
        raise typer.Exit(1)
    record_act("start_broadcast", target=name)
    if result is StartResult.RUNNING_ALREADY:
        typer.echo(f"{name} was started before; nothing is sent twice.")


@app.command("list")
def list_broadcasts(
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="Maximum number of rows.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List broadcasts, newest first."""

    async def work(stores: Sequence[Redis]) -> list[Progress]:
        store = _open_store(stores)
        found = [await store.read(name) for name in await store.list_names(limit)]
        return [each for each in found if each]

    rows = run_in_partitions(work)
    if as_json:
        typer.echo(json.dumps([each.model_dump(mode="json") for each in rows]))
        return
    for each in rows:
        typer.echo(_describe(each))
    typer.echo(count_of(len(rows), "broadcast"))


@app.command()
def show(
    name: Name,
    export: Annotated[Path | None, typer.Option(help="Write each recipient's outcome to a CSV file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show the progress of a broadcast."""
    progress = run_in_partitions(lambda stores: _open_store(stores).read(name))
    if progress is None:
        _fail_unknown(name)
    if export is not None:
        run_in_partitions(lambda stores: _export(stores, progress, export))
        typer.echo(f"{export}: {count_of(progress.total, 'recipient')}", err=True)
    typer.echo(progress.model_dump_json() if as_json else _describe(progress))


@app.command()
def pause(name: Name) -> None:
    """Pause a broadcast; messages that are already in outboxes are still sent."""
    _change(name, "pause")


@app.command()
def resume(name: Name) -> None:
    """Resume a paused broadcast."""
    _change(name, "resume")


@app.command()
def stop(
    name: Name, yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False
) -> None:
    """Stop a broadcast permanently; messages in outboxes are discarded too."""
    if not yes:
        typer.confirm(f"Stop {name}? It cannot be resumed.", abort=True, err=True)
    _change(name, "stop")


def _change(name: str, act: str) -> None:
    from gateway.broadcasts.store import BroadcastAct

    async def work(stores: Sequence[Redis]) -> Progress | bool | None:
        store = _open_store(stores)
        if await store.read(name) is None:
            return None
        return await store.read(name) if await store.change(name, BroadcastAct(act)) else False

    result = run_in_partitions(work)
    if result is None:
        _fail_unknown(name)
    if isinstance(result, bool):
        typer.echo(f"{name}: its state does not allow {act}; see `turngate broadcast show {name}`", err=True)
        raise typer.Exit(1)
    record_act(f"{act}_broadcast", target=name)
    typer.echo(_describe(result))


def _fail_unknown(name: str) -> NoReturn:
    typer.echo(f"{name}: there is no broadcast of this name; see `turngate broadcast list`", err=True)
    raise typer.Exit(1)


def _open_store(stores: Sequence[Redis]) -> Broadcasts:
    from gateway.bootstrap import PartitionStores, build_confirmations, build_protocol_limits
    from gateway.broadcasts.store import Broadcasts
    from gateway.config.channel_config import ConfigFile
    from gateway.config.settings import Settings

    settings = Settings.load()
    if len(stores) == 1:
        return Broadcasts(stores[0], build_protocol_limits(settings), build_confirmations(settings, stores))
    config = ConfigFile.load(settings.config_path)
    channels = load_command_channels(settings)
    return PartitionStores(settings, config, channels, stores, confirms=True).build_broadcasts()


async def _export(stores: Sequence[Redis], progress: Progress, file: Path) -> None:
    """Write the outcomes of a broadcast's recipients to a file, and print how far that is."""
    from gateway.broadcasts.message_outcomes import follow_messages
    from gateway.broadcasts.outcome_file import write_outcomes
    from gateway.partitions.records.contact_partitions import build_messages

    outcomes = _open_store(stores).read_outcomes(progress.broadcast.name)
    rows, done = follow_messages(outcomes, build_messages(stores), progress.broadcast), -1  # the header
    with file.open("w", encoding="utf-8", newline="") as output:
        async for line in write_outcomes(rows):
            output.write(line)
            done += 1
            if done and done % _REPORT_EVERY == 0:
                typer.echo(f"· {done:,} of {count_of(progress.total, 'recipient')}", err=True)


def _describe(progress: Progress) -> str:
    facts = (
        f"{progress.processed} of {progress.total} processed",
        f"{progress.skipped} skipped",
        f"{progress.waiting} waiting"
        + (f", {progress.scheduled} of them scheduled" if progress.scheduled else ""),
        f"{progress.sent} sent",
        f"{progress.delivered} delivered",
        f"{progress.failed + progress.refused} failed",
    )
    return f"{progress.broadcast.name}  {progress.state}  {', '.join(facts)}"
