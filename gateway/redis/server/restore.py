"""Restores a backup into an empty data folder, as its kind requires; marks what may have been sent since."""

from __future__ import annotations

import asyncio
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, cast

from pydantic_core import from_json
from redis import Redis as SyncRedis
from redis.asyncio import Redis

from core.errors import ConfigurationError
from core.model import FrozenModel
from gateway.redis import lua
from gateway.redis.connection.connect import open_redis
from gateway.redis.encryption.data_keys import DATA_KEYS
from gateway.redis.lua import ProtocolLimits
from gateway.redis.server.backup import APPEND_ONLY_FOLDER, SNAPSHOT_FILE, is_complete, wait_for
from gateway.redis.server.embedded_server import EmbeddedRedis

_SESSIONS_PER_CALL: Final = 500


class RestoreReport(FrozenModel):
    """Contents of a restored server. `encrypted_by`: the keys of the setting that its data keys need."""

    sessions: int
    unanswered: int
    unsent: int
    encrypted_by: frozenset[str] = frozenset()


def restore(backup: Path, folder: Path, *, wait_seconds: float) -> RestoreReport:
    """Restore a backup into the data folder of a server that does not run. Raises `ConfigurationError`."""
    _check_folder(folder)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _copy(backup, folder, wait_seconds)
    except OSError as error:
        _remove_partial(folder)
        raise ConfigurationError(f"the backup was not restored: {error.filename}: {error.strerror}") from None
    except BaseException:
        _remove_partial(folder)
        raise
    return _inspect(folder)


def _copy(backup: Path, folder: Path, wait_seconds: float) -> None:
    append_only = backup / APPEND_ONLY_FOLDER
    if append_only.is_dir():
        if not is_complete(append_only):
            raise ConfigurationError(
                f"{append_only} is not complete: a server would take it for an empty one; use another backup"
            )
        shutil.copytree(append_only, folder / APPEND_ONLY_FOLDER)
    elif (backup / SNAPSHOT_FILE).is_file():
        shutil.copyfile(backup / SNAPSHOT_FILE, folder / SNAPSHOT_FILE)
        _convert_snapshot(folder, wait_seconds)
    elif not backup.is_dir():
        raise ConfigurationError(f"there is no folder {backup}")
    else:
        raise ConfigurationError(f"{backup} has neither {APPEND_ONLY_FOLDER} nor {SNAPSHOT_FILE}")


def _check_folder(folder: Path) -> None:
    for name in (APPEND_ONLY_FOLDER, SNAPSHOT_FILE):
        if (folder / name).exists():
            raise ConfigurationError(
                f"{folder} has data already ({name}); move it away first, nothing was changed"
            )


def _remove_partial(folder: Path) -> None:
    """Remove what was copied: the folder is empty for the next attempt, and nobody starts on a part."""
    shutil.rmtree(folder / APPEND_ONLY_FOLDER, ignore_errors=True)
    with suppress(OSError):
        (folder / SNAPSHOT_FILE).unlink(missing_ok=True)


def _convert_snapshot(folder: Path, wait_seconds: float) -> None:
    """Load a snapshot without the append-only file, then turn that on; with it, nothing would be loaded."""
    server = EmbeddedRedis(folder, durable=False)
    server.start()
    try:
        with SyncRedis.from_url(server.url) as redis:
            redis.config_set("appendonly", "yes")
            wait_for(lambda: _is_rewritten(redis), wait_seconds)
    finally:
        server.stop()
    (folder / SNAPSHOT_FILE).unlink(missing_ok=True)


def _is_rewritten(redis: SyncRedis) -> bool:
    info: Any = redis.info("persistence")
    is_busy = info["aof_rewrite_in_progress"] or info["aof_rewrite_scheduled"]
    return bool(info["aof_enabled"]) and not is_busy and info["aof_last_bgrewrite_status"] == "ok"


def _inspect(folder: Path) -> RestoreReport:
    """Start the server on the restored files, mark what may have been sent, and count."""

    async def mark() -> RestoreReport:
        async with open_redis(server.url) as redis:
            return await mark_restored(redis)

    server = EmbeddedRedis(folder)
    server.start()
    try:
        return asyncio.run(mark())
    finally:
        server.stop()


async def mark_restored(redis: Redis) -> RestoreReport:
    """Mark the next reply of each session of a restored server as tried, and count what waits."""
    script = lua.load_script("mark_restored", ProtocolLimits())
    keys: list[bytes] = [key async for key in redis.scan_iter("tg:{*}", count=1_000, _type="hash")]
    names = [key[4:-1] for key in keys if key.endswith(b"}")]
    unanswered = unsent = 0
    for first in range(0, len(names), _SESSIONS_PER_CALL):
        lengths: list[int] = await script(redis, names[first : first + _SESSIONS_PER_CALL])
        unanswered += sum(lengths[::2])
        unsent += sum(lengths[1::2])
    data_keys: list[bytes] = await cast("Any", redis.hvals(DATA_KEYS))
    return RestoreReport(
        sessions=len(names),
        unanswered=unanswered,
        unsent=unsent,
        encrypted_by=frozenset(str(from_json(each)["by"]) for each in data_keys),
    )
