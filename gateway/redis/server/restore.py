"""Restores a backup into an empty data folder, as its kind requires."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, Final, cast

from pydantic_core import from_json
from redis import Redis

from core.errors import ConfigurationError
from core.model import FrozenModel
from gateway.redis.encryption.data_keys import DATA_KEYS
from gateway.redis.server.backup import APPEND_ONLY_FOLDER, SNAPSHOT_FILE, wait_for
from gateway.redis.server.embedded_server import EmbeddedRedis

_SESSIONS_PER_CALL: Final = 500

# A reply may have been sent after the backup: its mark makes the next worker ask the provider first.
# Only the first reply of a session can have one. ARGV: sessions.
_MARK_SCRIPT = """
local marked, now = 0, redis.call('TIME')
local at = now[1] * 1000 + math.floor(now[2] / 1000)
for _, session in ipairs(ARGV) do
  local key = 'tg:{' .. session .. '}'
  local reply = redis.call('LINDEX', key .. ':out', 0)
  if reply and redis.call('HEXISTS', key, 'marked') == 0 then
    local fields = cjson.decode(reply)
    redis.call('HSET', key, 'marked', fields.key, 'marked_at', fields.committed_at_ms or at,
      'marked_to', redis.call('HGET', key, 'address') or '')
    marked = marked + 1
  end
end
return marked
"""


class RestoreReport(FrozenModel):
    """Contents of a restored server. `encrypted_by`: the keys of the setting that its data keys need."""

    keys: int
    sessions: int
    unanswered: int
    unsent: int
    encrypted_by: frozenset[str] = frozenset()


def restore(backup: Path, folder: Path, *, wait_seconds: float) -> RestoreReport:
    """Restore a backup into the data folder of a server that does not run. Raises `ConfigurationError`."""
    _check_folder(folder)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if (backup / APPEND_ONLY_FOLDER).is_dir():
            shutil.copytree(backup / APPEND_ONLY_FOLDER, folder / APPEND_ONLY_FOLDER)
        elif (backup / SNAPSHOT_FILE).is_file():
            shutil.copyfile(backup / SNAPSHOT_FILE, folder / SNAPSHOT_FILE)
            _convert_snapshot(folder, wait_seconds)
        else:
            raise ConfigurationError(f"{backup} has neither {APPEND_ONLY_FOLDER} nor {SNAPSHOT_FILE}")
    except OSError as error:
        raise ConfigurationError(f"the backup was not restored: {error.filename}: {error.strerror}") from None
    return _inspect(folder)


def _check_folder(folder: Path) -> None:
    for name in (APPEND_ONLY_FOLDER, SNAPSHOT_FILE):
        if (folder / name).exists():
            raise ConfigurationError(
                f"{folder} has data already ({name}); move it away first, nothing was changed"
            )


def _convert_snapshot(folder: Path, wait_seconds: float) -> None:
    """Load a snapshot without the append-only file, then turn that on; with it, nothing would be loaded."""
    server = EmbeddedRedis(folder, durable=False)
    server.start()
    try:
        with Redis.from_url(server.url) as redis:
            redis.config_set("appendonly", "yes")
            wait_for(lambda: _is_rewritten(redis), wait_seconds)
    finally:
        server.stop()
    (folder / SNAPSHOT_FILE).unlink(missing_ok=True)


def _is_rewritten(redis: Redis) -> bool:
    info: Any = redis.info("persistence")
    is_busy = info["aof_rewrite_in_progress"] or info["aof_rewrite_scheduled"]
    return bool(info["aof_enabled"]) and not is_busy and info["aof_last_bgrewrite_status"] == "ok"


def _inspect(folder: Path) -> RestoreReport:
    """Start the server on the restored files, mark what may have been sent, and count."""
    server = EmbeddedRedis(folder)
    server.start()
    try:
        with Redis.from_url(server.url) as redis:
            return _mark_and_count(redis)
    finally:
        server.stop()


def _mark_and_count(redis: Redis) -> RestoreReport:
    sessions = unanswered = unsent = 0
    script = redis.register_script(_MARK_SCRIPT)
    names: list[bytes] = []
    for key in redis.scan_iter("tg:{*}", count=1_000, _type="hash"):
        if key.endswith(b"}"):
            names.append(key[4:-1])
            sessions += 1
    for at in range(0, len(names), _SESSIONS_PER_CALL):
        group = names[at : at + _SESSIONS_PER_CALL]
        script(args=group)
        with redis.pipeline(transaction=False) as pipeline:
            for name in group:
                pipeline.llen(b"tg:{" + name + b"}:mail")
                pipeline.llen(b"tg:{" + name + b"}:out")
            lengths: list[int] = pipeline.execute()
        unanswered += sum(lengths[::2])
        unsent += sum(lengths[1::2])
    data_keys: Any = redis.hvals(DATA_KEYS)
    return RestoreReport(
        keys=int(cast("Any", redis.dbsize())),
        sessions=sessions,
        unanswered=unanswered,
        unsent=unsent,
        encrypted_by=frozenset(str(from_json(each)["by"]) for each in data_keys),
    )
