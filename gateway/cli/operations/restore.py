"""The `turngate restore` command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(add_completion=False)


@app.command()
def restore(
    backup: Annotated[Path, typer.Argument(help="Folder that `turngate backup` has written.")],
    data_dir: Annotated[
        Path | None, typer.Option(help="Empty data folder (default: TURNGATE_DATA_DIR).")
    ] = None,
    wait: Annotated[float, typer.Option(min=1, help="Seconds to wait for the server's files.")] = 600.0,
) -> None:
    """Restore a backup into an empty data folder, while web processes and workers are stopped."""
    from gateway.config.settings import Settings
    from gateway.redis.server.restore import restore as restore_backup

    settings = Settings.load()
    folder = data_dir or settings.data_dir
    report = restore_backup(backup, folder, wait_seconds=wait)
    typer.echo(
        f"{folder}: {report.keys} keys, {report.sessions} sessions, {report.unanswered} messages to answer, "
        f"{report.unsent} replies to send"
    )
    if report.unsent:
        typer.echo(
            "The next reply of each session may have been sent after the backup, so the provider is asked "
            "first. Further ones may be sent twice."
        )
    known = {each.id for each in settings.encryption_ring.keys} if settings.encryption_ring else set()
    if missing := sorted(report.encrypted_by - known):
        typer.echo(
            f"It is encrypted with the key {', '.join(missing)}, which TURNGATE_ENCRYPTION_KEYS lacks: add "
            "it after the first one before you start anything, or the stored data cannot be read.",
            err=True,
        )
    typer.echo("Erasures after the backup are undone: erase these contacts again.")
    if missing:
        raise typer.Exit(1)
