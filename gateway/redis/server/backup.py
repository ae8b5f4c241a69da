"""Backup of a running server: a copy of its append-only folder, or a snapshot.

What was acknowledged before the backup is in it. Both need the server's files, so they run on its machine.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Final

from redis import Redis
from redis.exceptions import ResponseError

from core.errors import ConfigurationError

APPEND_ONLY_FOLDER: Final = "appendonlydir"
SNAPSHOT_FILE: Final = "dump.rdb"
_COPY_ATTEMPTS: Final = 10
_POLL_SECONDS: Final = 0.05


class BackupKind(StrEnum):
    """Form of a backup."""

    APPEND_ONLY = "append-only"
    SNAPSHOT = "snapshot"


def back_up(
    redis: Redis, kind: BackupKind, destination: Path, *, data_folder: Path | None, wait_seconds: float
) -> Path:
    """Write a backup below `destination` and return its folder, which appears when it is complete.

    `data_folder` is the server's folder as this process sees it; without it, the server is asked. Raises
    `ConfigurationError` with what to do.
    """
    source = data_folder or Path(_ask(redis, "dir"))
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{kind}"
    partial, complete = destination / f".{name}.partial", destination / name
    try:
        destination.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial.mkdir(mode=0o700)
        if kind is BackupKind.SNAPSHOT:
            _copy_snapshot(redis, source, partial, wait_seconds)
        else:
            _copy_append_only(redis, source, partial, wait_seconds)
        partial.rename(complete)
    except OSError as error:
        raise ConfigurationError(
            f"the backup failed: {error.filename}: {error.strerror}; run it as the server's own user, "
            "with a destination that this user may write to"
        ) from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return complete


def _copy_snapshot(redis: Redis, source: Path, folder: Path, wait_seconds: float) -> None:
    _wait_until_idle(redis, wait_seconds)
    redis.bgsave()
    _wait_until_idle(redis, wait_seconds)
    if _persistence_info(redis)["rdb_last_bgsave_status"] != "ok":
        raise ConfigurationError("the server could not write a snapshot; its log says why")
    file = source / _ask(redis, "dbfilename", SNAPSHOT_FILE)
    _require(file, source)
    shutil.copyfile(file, folder / SNAPSHOT_FILE)
    (folder / SNAPSHOT_FILE).chmod(0o600)


def _copy_append_only(redis: Redis, source: Path, folder: Path, wait_seconds: float) -> None:
    if not _persistence_info(redis)["aof_enabled"]:
        raise ConfigurationError(
            "the server has no append-only file; set appendonly yes, or use --kind snapshot"
        )
    live = source / _ask(redis, "appenddirname", APPEND_ONLY_FOLDER)
    if not live.exists() and (source / "appendonly.aof").exists():
        raise ConfigurationError("servers before Redis 7.0 have no append-only folder; use --kind snapshot")
    _require(live, source)
    copy = folder / APPEND_ONLY_FOLDER
    for _ in range(_COPY_ATTEMPTS):
        _wait_until_idle(redis, wait_seconds)
        with suppress(FileNotFoundError, shutil.Error):  # replaced by a rewrite of the append-only file
            shutil.copytree(live, copy, copy_function=_copy_private)
            if is_complete(copy):
                copy.chmod(0o700)
                return
        shutil.rmtree(copy, ignore_errors=True)
    raise ConfigurationError("the append-only file is rewritten again and again; try later")


def _copy_private(source: str, target: str) -> None:
    shutil.copyfile(source, target)
    Path(target).chmod(0o600)


def is_complete(folder: Path) -> bool:
    """Return whether an append-only folder has all files of its manifest."""
    manifests = list(folder.glob("*.manifest"))
    lines = manifests[0].read_text().splitlines() if len(manifests) == 1 else []
    return bool(lines) and all((folder / line.split()[1]).is_file() for line in lines)


def _ask(redis: Redis, name: str, default: str = "") -> str:
    try:
        answer: Any = redis.config_get(name)
        return str(answer[name])
    except (ResponseError, KeyError):
        if default:
            return default
        raise ConfigurationError(
            f"the server does not report its {name}; name its folder with --data-dir, or use the backups of "
            "its operator"
        ) from None


def _require(path: Path, source: Path) -> None:
    if not path.exists():
        raise ConfigurationError(
            f"{path.name} is not in {source}; run this on the server's machine, or name its --data-dir"
        )


def _persistence_info(redis: Redis) -> dict[str, Any]:
    info: Any = redis.info("persistence")
    return dict(info)


def _wait_until_idle(redis: Redis, wait_seconds: float) -> None:
    names = ("rdb_bgsave_in_progress", "aof_rewrite_in_progress", "aof_rewrite_scheduled")
    wait_for(lambda: not any(_persistence_info(redis).get(name) for name in names), wait_seconds)


def wait_for(is_done: Callable[[], bool], seconds: float) -> None:
    """Wait for the server. Raises `ConfigurationError` when it takes longer."""
    end = monotonic() + seconds
    while not is_done():
        if monotonic() > end:
            raise ConfigurationError(f"the server is still busy with its files after {seconds:.0f} seconds")
        sleep(_POLL_SECONDS)
