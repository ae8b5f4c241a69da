"""The `turngate backup` command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.redis.server.backup import BackupKind

app = typer.Typer(add_completion=False)


@app.command()
def backup(
    destination: Annotated[Path, typer.Argument(help="Folder that gets a folder for each backup.")],
    kind: Annotated[
        BackupKind, typer.Option(help="Copy of the append-only folder, or a snapshot.")
    ] = BackupKind.APPEND_ONLY,
    data_dir: Annotated[
        Path | None, typer.Option(help="Folder of the server (default: as the server reports it).")
    ] = None,
    wait: Annotated[
        float, typer.Option(min=1, max=86_400, help="Seconds to wait for the server's files.")
    ] = 600.0,
) -> None:
    """Back up a running server, without stopping anything. Run it on the server's machine."""
    from redis.exceptions import ConnectionError as RedisConnectionError
    from redis.exceptions import RedisError
    from redis.exceptions import TimeoutError as RedisTimeoutError

    from core.errors import ConfigurationError
    from gateway.cli._audit import record_act
    from gateway.cli._termination import clean_up_on_termination
    from gateway.config.settings import Settings
    from gateway.redis.connection.cluster.address import parse_cluster_url
    from gateway.redis.connection.connect import open_sync_redis
    from gateway.redis.connection.outages.error_messages import describe_redis_error
    from gateway.redis.server.backup import back_up

    url = Settings.load().require_redis_url()
    if parse_cluster_url(url) is not None:
        raise ConfigurationError(
            "REDIS_URL names a cluster, and this command copies the files of one server; back up every "
            "primary with the tools of the cluster"
        )
    clean_up_on_termination()
    with open_sync_redis(url) as redis:
        try:
            folder = back_up(redis, kind, destination, data_folder=data_dir, wait_seconds=wait)
        except (RedisConnectionError, RedisTimeoutError) as error:
            raise ConfigurationError(describe_redis_error(error)) from None
        except RedisError as error:
            raise ConfigurationError(
                f"the server refuses this backup ({type(error).__name__}); use the backups of its operator"
            ) from None
    record_act("backup", target=folder.name)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    typer.echo(f"{folder}  {size / 1e6:.1f} MB")
