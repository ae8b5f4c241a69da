"""Key-encryption keys of the operator: they wrap the data keys, and never encrypt anything else."""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Any, Final

from core.errors import ConfigurationError

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
SETTING: Final = "TURNGATE_ENCRYPTION_KEYS"
_MIN_DISTINCT_BYTES: Final = 16
"""Random keys have about thirty different bytes; half as many are never random."""


@dataclass(frozen=True, slots=True)
class MasterKey:
    """One key of the setting. Its ID is a fingerprint of the key."""

    id: str
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Keys of the setting, the newest first: it wraps, and all unwrap."""

    keys: tuple[MasterKey, ...]

    @property
    def newest(self) -> MasterKey:
        """Return the key that wraps."""
        return self.keys[0]

    def wrap(self, data_key_id: str, data_key: bytes) -> str:
        """Return a data key, encrypted with the newest key for its own ID only."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        wrapped = new_aead(self.newest.secret).encrypt(nonce, data_key, _wrap_context(data_key_id))
        return encode_bytes(nonce + wrapped)

    def unwrap(self, data_key_id: str, master_key_id: str, wrapped: str) -> bytes | None:
        """Return a data key; `None` if it was wrapped with a key that is not in the setting, or changed."""
        master = next((each for each in self.keys if each.id == master_key_id), None)
        if master is None:
            return None
        from cryptography.exceptions import InvalidTag

        try:
            stored = decode_bytes(wrapped)
            nonce, content = stored[:NONCE_BYTES], stored[NONCE_BYTES:]
            unwrapped: bytes = new_aead(master.secret).decrypt(nonce, content, _wrap_context(data_key_id))
        except (InvalidTag, ValueError):
            return None
        return unwrapped


def generate_master_key() -> str:
    """Return a new key as the setting takes it."""
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def parse_encryption_keys(setting: str) -> KeyRing | None:
    """Return the keys of the setting; `None` if it is empty. Raises `ConfigurationError`."""
    texts = [each.strip() for each in setting.split(",") if each.strip()]
    keys = tuple(_parse_key(text, number) for number, text in enumerate(texts, start=1))
    if len({each.id for each in keys}) < len(keys):
        raise ConfigurationError(f"{SETTING}: a key is there twice; leave one of them out")
    return KeyRing(keys) if keys else None


def _parse_key(text: str, number: int) -> MasterKey:
    hint = "make one with `turngate keys generate`"
    try:
        secret = base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        raise ConfigurationError(f"{SETTING}: key {number} is not base64; {hint}") from None
    if len(secret) != KEY_BYTES:
        raise ConfigurationError(
            f"{SETTING}: key {number} has {len(secret)} bytes in place of {KEY_BYTES}; {hint}"
        )
    is_text = all(32 <= byte < 127 for byte in secret)
    if is_text or len(set(secret)) < _MIN_DISTINCT_BYTES:
        raise ConfigurationError(f"{SETTING}: key {number} is not random, so it can be guessed; {hint}")
    digest = hashlib.sha256(b"turngate master key " + secret).hexdigest()
    return MasterKey(digest[:8], secret)


def new_aead(key: bytes) -> Any:
    """Return AES-GCM with a key. Raises `ConfigurationError` where the package is missing."""
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    except ImportError:
        raise ConfigurationError(
            f"{SETTING} needs the package `cryptography`; install it, e.g. pip install cryptography"
        ) from None
    return AESGCM(key)


def encode_bytes(content: bytes) -> str:
    """Return bytes as text that JSON and cjson leave as it is."""
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def decode_bytes(text: str | bytes) -> bytes:
    """Return the bytes of `encode_bytes`. Raises `ValueError`."""
    stored = text.encode() if isinstance(text, str) else text
    return base64.b64decode(stored + b"=" * (-len(stored) % 4), altchars=b"-_", validate=True)


def _wrap_context(data_key_id: str) -> bytes:
    return f"turngate data key {data_key_id}".encode()
