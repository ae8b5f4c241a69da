"""The cipher of a Redis client: it loads the data keys, seals what is written and opens what is read."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Collection, Iterable, Sequence
from time import monotonic
from typing import Any, Final, TypeVar

from redis.asyncio import Redis

from core.errors import EncryptionKeyMissing
from gateway.redis.encryption.data_keys import (
    INDEX_KEY_ID,
    DataKey,
    ensure_data_keys,
    read_data_keys,
    require_usable_key,
    restore_lost_keys,
)
from gateway.redis.encryption.key_ring import NONCE_BYTES, SETTING, KeyRing, decode_bytes, new_aead
from gateway.redis.encryption.sealing import Sealer, derive_place_key

log = logging.getLogger("turngate.encryption")

_ATTRIBUTE: Final = "_turngate_cipher"
REFRESH_SECONDS: Final = 10.0
_MARK: Final = b'"sealed":"enc:'
_SEALED: Final = re.compile(rb'"sealed":"enc:1:([0-9a-z]{1,40}):([A-Za-z0-9_-]{20,})"')
_SEALED_TEXT: Final = re.compile(_SEALED.pattern.decode())

S = TypeVar("S", bytes, bytes | None)


class RecordCipher:
    """Encrypts with the newest data key, which it looks for every ten seconds; decrypts with all of them.

    Without keys nothing is encrypted. Values that were stored before are read as they are.
    """

    def __init__(self, redis: Redis, ring: KeyRing | None = None) -> None:
        self._redis = redis
        self._ring = ring
        self._keys: dict[str, DataKey] = {}
        self._sealer = Sealer()
        self._next_look = 0.0

    @property
    def ring(self) -> KeyRing | None:
        """Return the keys of the setting; `None` if encryption is off."""
        return self._ring

    async def sealer(self) -> Sealer:
        """Return what encrypts now. Raises `EncryptionKeyMissing`."""
        if self._ring is not None and monotonic() >= self._next_look:
            await self.refresh()
        return self._sealer

    async def check(self) -> None:
        """Raise `EncryptionKeyMissing` if nothing could be encrypted now. Makes no data key."""
        if self._ring is not None and not self._sealer.is_on:
            require_usable_key(await read_data_keys(self._redis, self._ring))

    async def refresh(self) -> None:
        """Look for a newer data key. One that the server has lost, as in a failover, is stored again."""
        assert self._ring is not None, "without keys nothing is encrypted"
        if self._sealer.is_on:  # it continues with the loaded keys, whatever happens to the stored ones
            self._next_look = monotonic() + REFRESH_SECONDS
            stored = await read_data_keys(self._redis, self._ring)
            await restore_lost_keys(self._redis, self._keys, stored)
            if stored and not any(each.secret for each in stored.values()):
                log.error(
                    "the data keys in Redis were wrapped with a key that this process does not have; it goes "
                    "on with those it knows; add the key to %s and restart",
                    SETTING,
                )
                return
        self._learn(await ensure_data_keys(self._redis, self._ring))
        usable = [each for each in self._keys.values() if each.secret and each.id != INDEX_KEY_ID]
        index = self._keys[INDEX_KEY_ID].secret
        if not usable or index is None:
            raise EncryptionKeyMissing(_describe_missing(INDEX_KEY_ID, self._keys))
        newest = max(usable, key=lambda each: (each.made_ms, each.id))
        if newest.id != self._sealer.key_id:
            self._sealer = Sealer(newest.id, newest.secret or b"", index)
        self._next_look = monotonic() + REFRESH_SECONDS

    def _learn(self, stored: dict[str, DataKey]) -> None:
        """Add data keys; those that this process has already unwrapped stay."""
        for each in stored.values():
            if each.secret or each.id not in self._keys:
                self._keys[each.id] = each

    async def open(self, place: str, stored: bytes) -> bytes:
        """Return a stored record as it was before it was sealed. Raises `EncryptionKeyMissing`."""
        return (await self.open_all(place, (stored,)))[0]

    async def open_all(self, place: str, stored: Sequence[S]) -> list[S]:
        """Return records of one place as they were before they were sealed."""
        if not any(each and _MARK in each for each in stored):
            return list(stored)
        ids = {found[1] for each in stored if each for found in _SEALED.finditer(each)}
        await self._load(each.decode() for each in ids)

        def replace(found: re.Match[bytes]) -> bytes:
            return self._decrypt((place,), found[1].decode(), found[2])[1:-1]

        return [_SEALED.sub(replace, each) if each else each for each in stored]

    async def open_large(self, place: str, stored: bytes) -> bytes:
        """Return what `open` returns, for a record of megabytes: other requests go on meanwhile."""
        ids = await asyncio.to_thread(lambda: {each[1].decode() for each in _SEALED.finditer(stored)})
        if not ids:
            return stored
        await self._load(ids)

        def replace(found: re.Match[bytes]) -> bytes:
            return self._decrypt((place,), found[1].decode(), found[2])[1:-1]

        return await asyncio.to_thread(_SEALED.sub, replace, stored)

    async def open_tree(self, places: Collection[str], value: Any) -> Any:
        """Return decoded JSON with everything opened that was sealed for one of these places."""
        ids: set[str] = set()
        _collect_key_ids(value, ids)
        if not ids:
            return value
        await self._load(ids)
        return self._open_tree(tuple(places), value)

    def _open_tree(self, places: tuple[str, ...], value: Any) -> Any:
        from pydantic_core import from_json

        if isinstance(value, list):
            return [self._open_tree(places, each) for each in value]
        if isinstance(value, str):
            return _SEALED_TEXT.sub(
                lambda found: self._decrypt(places, found[1], found[2].encode())[1:-1].decode(), value
            )
        if not isinstance(value, dict):
            return value
        opened = {name: self._open_tree(places, each) for name, each in value.items() if name != "sealed"}
        sealed = value.get("sealed")
        token = _SEALED_TEXT.fullmatch(f'"sealed":"{sealed}"') if isinstance(sealed, str) else None
        if token:
            return {**opened, **from_json(self._decrypt(places, token[1], token[2].encode()))}
        return {**opened, "sealed": sealed} if "sealed" in value else opened

    async def _load(self, key_ids: Iterable[str]) -> None:
        """Load data keys that this process does not know yet."""
        wanted = set(key_ids)
        if any(each not in self._keys for each in wanted):
            self._learn(await read_data_keys(self._redis, self._ring))
        for each in wanted:
            if each not in self._keys or self._keys[each].secret is None:
                raise EncryptionKeyMissing(_describe_missing(each, self._keys))

    def _decrypt(self, places: Sequence[str], key_id: str, token: bytes) -> bytes:
        from cryptography.exceptions import InvalidTag

        stored = decode_bytes(token)
        secret = self._keys[key_id].secret or b""
        for place in places:
            try:
                opened: bytes = new_aead(derive_place_key(secret, place)).decrypt(
                    stored[:NONCE_BYTES], stored[NONCE_BYTES:], place.encode()
                )
            except InvalidTag:
                continue
            return opened
        raise EncryptionKeyMissing(
            "a stored value does not decrypt, because it was changed or moved in Redis; restore it from a "
            "backup"
        )


def use_cipher(redis: Redis, ring: KeyRing | None) -> RecordCipher:
    """Use these keys for everything that reads and writes through this client."""
    cipher = RecordCipher(redis, ring)
    setattr(redis, _ATTRIBUTE, cipher)
    return cipher


def cipher_of(redis: Redis) -> RecordCipher:
    """Return the cipher of a client; one that encrypts nothing if none was given to it."""
    cipher: RecordCipher | None = getattr(redis, _ATTRIBUTE, None)
    return cipher or use_cipher(redis, None)


def _collect_key_ids(value: Any, ids: set[str]) -> None:
    if isinstance(value, str):
        ids.update(found[1] for found in _SEALED_TEXT.finditer(value))
    elif isinstance(value, list):
        for each in value:
            _collect_key_ids(each, ids)
    elif isinstance(value, dict):
        sealed = value.get("sealed")
        if isinstance(sealed, str) and (token := _SEALED_TEXT.fullmatch(f'"sealed":"{sealed}"')):
            ids.add(token[1])
        for each in value.values():
            _collect_key_ids(each, ids)


def _describe_missing(key_id: str, keys: dict[str, DataKey]) -> str:
    if key_id not in keys:
        return (
            f"a stored value is encrypted with the data key {key_id}, which is not in Redis; restore a "
            "backup that has tg:data_keys"
        )
    return (
        f"a stored value is encrypted with the data key {key_id}, which the key {keys[key_id].wrapped_by} "
        f"wraps; add that key to {SETTING} and restart"
    )
