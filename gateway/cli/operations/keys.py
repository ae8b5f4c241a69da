"""The `turngate keys` commands."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from core.counts import count_of
from core.errors import ConfigurationError
from gateway.cli._audit import record_act
from gateway.cli._redis import run_in_partitions

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from gateway.redis.encryption.data_keys import DataKey
    from gateway.redis.encryption.key_ring import KeyRing


app = typer.Typer(
    help="Keys that encrypt what is stored in Redis: make, list and rotate.",
    no_args_is_help=True,
    add_completion=False,
)

_FILE_SECONDS = 300.0
_PROGRESS_STEP = 1_000


@app.command()
def generate() -> None:
    """Print a new key for TURNGATE_ENCRYPTION_KEYS."""
    from gateway.redis.encryption.key_ring import generate_master_key

    typer.echo(generate_master_key())


@app.command("list")
def list_keys(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List the data keys in Redis, and the keys of the setting that wrap them."""
    from gateway.config.settings import Settings
    from gateway.redis.encryption.data_keys import read_data_keys

    ring = Settings.load().encryption_ring

    async def read(stores: Sequence[Redis]) -> list[DataKey]:
        return [key for redis in stores for key in (await read_data_keys(redis, ring)).values()]

    keys = sorted(run_in_partitions(read), key=_sort_key)
    names = [each.id for each in ring.keys] if ring else []
    if as_json:
        rows = [
            {
                "id": each.id,
                "made_ms": each.made_ms,
                "wrapped_by": each.wrapped_by,
                "usable": bool(each.secret),
            }
            for each in keys
        ]
        typer.echo(json.dumps({"setting": names, "data_keys": rows}))
        return
    typer.echo(f"TURNGATE_ENCRYPTION_KEYS: {', '.join(names) or 'not set, so nothing new is encrypted'}")
    for each in keys:
        made = datetime.fromtimestamp(each.made_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")
        note = "" if each.secret else "  that key is not in the setting: its values cannot be read"
        typer.echo(f"{each.id:<16} made {made}  wrapped by {each.wrapped_by}{note}")
    typer.echo(count_of(len(keys), "data key"))


@app.command()
def rotate(
    reencrypt: Annotated[
        bool,
        typer.Option("--reencrypt", help="Also re-encrypt everything that is stored with the new data key."),
    ] = False,
) -> None:
    """Make a new data key, and wrap all of them with the newest key of the setting.

    Put a new key in front of the old one in TURNGATE_ENCRYPTION_KEYS of every process and restart them first.
    Afterwards the old one can be removed.
    """
    from gateway.config.settings import Settings

    ring = Settings.load().encryption_ring
    if ring is None:
        raise ConfigurationError(
            "TURNGATE_ENCRYPTION_KEYS is not set, so there is nothing to rotate; `turngate keys generate` "
            "makes a key"
        )

    async def rotate_all(stores: Sequence[Redis]) -> int:
        return sum([await _rotate(redis, ring) for redis in stores])

    rewrapped = run_in_partitions(rotate_all)
    record_act("rotate_keys", target=ring.newest.id)
    typer.echo(
        f"A new data key encrypts from now on. Older ones wrapped by {ring.newest.id} now: {rewrapped}."
    )
    if not reencrypt:
        return
    rewritten, files = run_in_partitions(_reencrypt)
    record_act("reencrypt", target=count_of(rewritten, "record"))
    typer.echo(f"Written with the new key: {count_of(rewritten, 'record')}; files: {files or 'none'}.")


async def _rotate(redis: Redis, ring: KeyRing) -> int:
    from gateway.redis.encryption.data_keys import add_data_key, ensure_data_keys, rewrap_data_keys

    await ensure_data_keys(redis, ring)
    rewrapped = await rewrap_data_keys(redis, ring)
    await add_data_key(redis, ring)
    return rewrapped


async def _reencrypt(stores: Sequence[Redis]) -> tuple[int, str]:
    """Re-encrypt everything once every process has the new key, then rewrite the servers' files."""
    from gateway.redis.encryption.cipher import REFRESH_SECONDS
    from gateway.redis.records.contacts.persistence import rewrite_files
    from gateway.redis.records.rewriting.reencryption import Reencryption

    shown = 0

    def show(rewritten: int) -> None:
        nonlocal shown
        if rewritten >= shown + _PROGRESS_STEP:
            shown = rewritten
            typer.echo(f"{count_of(rewritten, 'record')} …", err=True)

    await asyncio.sleep(REFRESH_SECONDS + 1)
    rewritten, files = 0, dict[str, str]()
    for redis in stores:
        rewritten += await Reencryption(redis, show).run()
    for redis in stores:
        files |= await rewrite_files(redis, _FILE_SECONDS)
    return rewritten, ", ".join(f"{name} {result}" for name, result in files.items())


def _sort_key(key: DataKey) -> tuple[int, str]:
    return key.made_ms, key.id
