"""Named operator keys with roles, from TURNGATE_API_KEY and TURNGATE_API_KEYS."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from itertools import pairwise
from typing import Final

from channels._kit.settings import parse_secrets
from core.errors import ConfigurationError

OPERATOR_NAME: Final = "operator"
"""Name of the keys of TURNGATE_API_KEY and of a generated key."""
LOCAL_NAME: Final = "local"
"""Name of whoever works on this machine while no key is needed."""

_API_KEYS = "TURNGATE_API_KEYS"
_MIN_LENGTH = 16
_MIN_STEPS = 6
_WEAK_WORDS = ("password", "changeme", "change-me", "change_me", "your-key", "your_key")
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
_SESSION_TOKEN = re.compile(r"\.?[^.]+(?:\.[^.]+)*\.[\w-]{6,8}\.[\w-]{43}")
_REMEDY = "make one with `turngate key --new`"


class Role(StrEnum):
    """Role of a key; each includes those before it."""

    VIEWER = "viewer"
    AGENT = "agent"
    OPERATOR = "operator"

    def includes(self, other: Role) -> bool:
        """Return whether this role may do what `other` may."""
        order = list(Role)
        return order.index(self) >= order.index(other)


@dataclass(frozen=True, slots=True)
class OperatorKey:
    """A key, of which only the SHA-256 digest is kept."""

    name: str
    role: Role
    digest: bytes

    @property
    def id(self) -> str:
        """Identifier of the key, by which a session refers to it."""
        return f"{self.name}:{self.digest.hex()[:16]}"


def parse_operator_keys(api_key: str, named_keys: str) -> tuple[OperatorKey, ...]:
    """Return all configured keys; empty if none is set.

    Raises `ConfigurationError` for a weak, malformed or repeated one.
    """
    keys: list[OperatorKey] = []
    if api_key:
        keys += _parse_plain("TURNGATE_API_KEY", api_key)
    if named_keys:
        keys += _parse_named(named_keys)
    _check_consistency(keys)
    return tuple(keys)


def build_key(name: str, role: Role, secret: str, setting: str) -> OperatorKey:
    """Return the key of a secret. Raises `ConfigurationError` if it is weak."""
    if reason := _find_weakness(secret):
        raise ConfigurationError(f"{setting}: the key {name} {reason}; {_REMEDY}")
    return OperatorKey(name, role, sha256(secret.encode()).digest())


def find_key(keys: Iterable[OperatorKey], secret: bytes) -> OperatorKey | None:
    """Return the key that has this secret. All keys are compared, each in constant time."""
    digest, found = sha256(secret).digest(), None
    for key in keys:
        if hmac.compare_digest(key.digest, digest):
            found = key
    return found


def is_session_token(secret: str) -> bool:
    """Return whether a credential has the shape of a web session's token, which no operator key has."""
    return _SESSION_TOKEN.fullmatch(secret) is not None


def _parse_plain(setting: str, value: str) -> list[OperatorKey]:
    return [
        build_key(OPERATOR_NAME, Role.OPERATOR, secret, setting) for secret in parse_secrets(setting, value)
    ]


def _parse_named(value: str) -> list[OperatorKey]:
    """Parse `name:role:key,…`; an item without a colon is a further key of the name before it."""
    keys: list[OperatorKey] = []
    for number, item in enumerate(parse_secrets(_API_KEYS, value), 1):
        parts = item.split(":", 2)
        if len(parts) == 1 and keys:
            keys.append(build_key(keys[-1].name, keys[-1].role, item, _API_KEYS))
            continue
        if len(parts) != 3 or not _NAME.fullmatch(parts[0]) or parts[0] == LOCAL_NAME:
            raise ConfigurationError(
                f"{_API_KEYS}: write item {number} as name:role:key, e.g. anna:agent:<key>; "
                f"a name has a-z, 0-9, '.', '_' and '-' and is not {LOCAL_NAME}"
            )
        name, role, secret = parts
        if role not in list(Role):
            raise ConfigurationError(f"{_API_KEYS}: the role of {name} must be one of {', '.join(Role)}")
        keys.append(build_key(name, Role(role), secret, _API_KEYS))
    return keys


def _check_consistency(keys: Sequence[OperatorKey]) -> None:
    roles: dict[str, Role] = {}
    owners: dict[bytes, str] = {}
    for key in keys:
        if roles.setdefault(key.name, key.role) is not key.role:
            raise ConfigurationError(f"{_API_KEYS}: {key.name} has two roles; give all its keys the same one")
        if owners.setdefault(key.digest, key.name) != key.name:
            raise ConfigurationError(
                f"{_API_KEYS}: {owners[key.digest]} and {key.name} have the same key; {_REMEDY} for each"
            )


def _find_weakness(secret: str) -> str:
    """Return why a secret could be guessed; empty if it is strong enough."""
    if len(secret) < _MIN_LENGTH:
        return f"is too short: it needs at least {_MIN_LENGTH} random characters"
    if any(word in secret.lower() for word in _WEAK_WORDS):
        return "contains a word that is easy to guess"
    steps = {ord(after) - ord(before) for before, after in pairwise(secret)}
    if len(steps) < _MIN_STEPS or secret in (secret + secret)[1:-1]:
        return "repeats a pattern, so it could be guessed"
    if is_session_token(secret):
        return "looks like the token of a web session"
    return ""
