"""Data keys: they encrypt the values, and are stored in Redis, wrapped with the operator's keys.

`tg:data_keys` is a hash by ID: `{"by", "wrapped", "made_ms"}`. The newest one encrypts; the others decrypt
older values. The key with the ID `index` makes the digests by which names and words are found; it never
changes.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from time import time
from typing import Any, Final, NamedTuple, cast

from pydantic_core import from_json, to_json
from redis.asyncio import Redis

from core.errors import EncryptionKeyMissing
from gateway.redis.encryption.key_ring import KEY_BYTES, SETTING, KeyRing

DATA_KEYS: Final = "tg:data_keys"
INDEX_KEY_ID: Final = "index"


class DataKey(NamedTuple):
    """A data key. `secret` is `None` if no key of the setting unwraps it; `stored` is its field in Redis."""

    id: str
    made_ms: int
    wrapped_by: str
    secret: bytes | None
    stored: bytes

    def __repr__(self) -> str:
        """Leave the secret out."""
        return f"DataKey({self.id}, wrapped by {self.wrapped_by})"


async def read_data_keys(redis: Redis, ring: KeyRing | None) -> dict[str, DataKey]:
    """Return all data keys by ID."""
    rows: dict[bytes, bytes] = await cast("Any", redis.hgetall(DATA_KEYS))
    keys = {}
    for name, stored in rows.items():
        key_id, fields = name.decode(), from_json(stored)
        by = str(fields["by"])
        secret = ring.unwrap(key_id, by, str(fields["wrapped"])) if ring else None
        keys[key_id] = DataKey(key_id, int(fields["made_ms"]), by, secret, stored)
    return keys


async def add_data_key(redis: Redis, ring: KeyRing, key_id: str = "") -> None:
    """Store a new data key; one of the same ID that exists already stays."""
    made_ms = int(time() * 1000)
    key_id = key_id or f"{made_ms:011x}{secrets.token_hex(2)}"
    stored = _encode(ring, key_id, secrets.token_bytes(KEY_BYTES), made_ms)
    await cast("Any", redis.hsetnx(DATA_KEYS, key_id, stored))


async def ensure_data_keys(redis: Redis, ring: KeyRing) -> dict[str, DataKey]:
    """Return all data keys, after the first ones were made if there were none.

    Raises `EncryptionKeyMissing` if some exist and none can be unwrapped: another one beside them would hide
    that the wrong key is set.
    """
    keys = await read_data_keys(redis, ring)
    require_usable_key(keys)
    if INDEX_KEY_ID in keys and len(keys) > 1:
        return keys
    await add_data_key(redis, ring, INDEX_KEY_ID)
    if not keys.keys() - {INDEX_KEY_ID}:
        await add_data_key(redis, ring)
    return await read_data_keys(redis, ring)


def require_usable_key(keys: Mapping[str, DataKey]) -> None:
    """Raise `EncryptionKeyMissing` if there are data keys and none can be unwrapped."""
    if keys and not any(each.secret for each in keys.values()):
        raise EncryptionKeyMissing(
            f"no key of {SETTING} unwraps the data keys in Redis; set the key that wrapped them "
            f"({', '.join(sorted({each.wrapped_by for each in keys.values()}))}) behind the new one"
        )


async def rewrap_data_keys(redis: Redis, ring: KeyRing) -> int:
    """Wrap all data keys with the newest key; return how many were wrapped with an older one."""
    changed = 0
    for each in (await read_data_keys(redis, ring)).values():
        if each.secret is None:
            raise EncryptionKeyMissing(
                f"the data key {each.id} was wrapped with a key ({each.wrapped_by}) that is not in "
                f"{SETTING}; add that key behind the new one"
            )
        if each.wrapped_by != ring.newest.id:
            await cast(
                "Any", redis.hset(DATA_KEYS, each.id, _encode(ring, each.id, each.secret, each.made_ms))
            )
            changed += 1
    return changed


async def restore_lost_keys(redis: Redis, known: dict[str, DataKey], stored: dict[str, DataKey]) -> None:
    """Store data keys again that this process works with and the server lost, as after a failover."""
    for each in known.values():
        if each.id not in stored:
            await cast("Any", redis.hsetnx(DATA_KEYS, each.id, each.stored))


def _encode(ring: KeyRing, key_id: str, secret: bytes, made_ms: int) -> bytes:
    return to_json({"by": ring.newest.id, "wrapped": ring.wrap(key_id, secret), "made_ms": made_ms})
