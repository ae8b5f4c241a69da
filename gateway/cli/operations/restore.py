"""The `turngate restore` command."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.counts import count_of
from core.errors import ConfigurationError
from gateway.cli._redis import run_in_partitions

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from gateway.config.settings import Settings
    from gateway.redis.server.restore import RestoreReport

app = typer.Typer(add_completion=False)


@app.command()
def restore(
    backup: Annotated[
        Path | None, typer.Argument(help="Folder that `turngate backup` has written.", show_default=False)
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option(help="Empty data folder (default: TURNGATE_DATA_DIR).")
    ] = None,
    by_hand: Annotated[
        bool,
        typer.Option(
            "--by-hand",
            help="The server at REDIS_URL was restored by other means: only mark what may have been sent.",
        ),
    ] = False,
    wait: Annotated[
        float, typer.Option(min=1, max=86_400, help="Seconds to wait for the server's files.")
    ] = 600.0,
) -> None:
    """Restore a backup into an empty data folder, while web processes and workers are stopped."""
    from gateway.cli._audit import record_act
    from gateway.cli._termination import clean_up_on_termination
    from gateway.config.settings import Settings
    from gateway.redis.server.restore import restore as restore_backup

    if (backup is None) is not by_hand:
        raise ConfigurationError("name either the folder of a backup, or --by-hand")
    settings = Settings.load()
    if backup is None:
        reports = run_in_partitions(_mark)
        record_act("restore", target="by hand")
        _print_report("the server", reports, settings)
    else:
        clean_up_on_termination()
        folder = data_dir or settings.data_dir
        _print_report(str(folder), [restore_backup(backup, folder, wait_seconds=wait)], settings)


async def _mark(stores: Sequence[Redis]) -> list[RestoreReport]:
    """Mark what may have been sent, in every partition. Raises `ConfigurationError` while something runs."""
    from gateway.redis.records.processes.process_versions import read_processes
    from gateway.redis.server.restore import mark_restored

    if running := await read_processes(stores[0]):
        raise ConfigurationError(
            f"stop the web processes and workers first: {', '.join(each.name for each in running)} (one that "
            "ended without a goodbye is listed for a minute)"
        )
    return [await mark_restored(each) for each in stores]


def _print_report(place: str, reports: Sequence[RestoreReport], settings: Settings) -> None:
    """Print what was restored and what has to be done; exit with code 1 if a key is missing."""
    unsent = sum(each.unsent for each in reports)
    typer.echo(
        f"{place}: {count_of(sum(each.sessions for each in reports), 'session')}, "
        f"{count_of(sum(each.unanswered for each in reports), 'message')} to answer, "
        f"{count_of(unsent, 'reply', 'replies')} to send"
    )
    if unsent:
        typer.echo(
            "The next reply of each session may have been sent after the backup, so the provider is asked "
            "first. Further ones may be sent twice."
        )
    known = {each.id for each in settings.encryption_ring.keys} if settings.encryption_ring else set()
    missing = sorted(frozenset().union(*(each.encrypted_by for each in reports)) - known)
    if missing:
        typer.echo(
            f"It is encrypted with the key {', '.join(missing)}, which TURNGATE_ENCRYPTION_KEYS lacks: add "
            "it after the first one before you start anything, or the stored data cannot be read.",
            err=True,
        )
    typer.echo(
        "Erasures and opt-outs after the backup are undone: erase these contacts, and opt them out "
        "(`turngate optout import`), again."
    )
    if missing:
        raise typer.Exit(1)
