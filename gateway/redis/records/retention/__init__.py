"""Retention of each key in Redis: every key has an expiry, or an owner that deletes it.

docs/privacy.md shows this table, and a test compares it with the keys of a busy gateway.
"""

from __future__ import annotations

import re
from typing import Final

from gateway.redis.records.retention.conversation_keys import CONVERSATION_KINDS
from gateway.redis.records.retention.key_kind import SESSION_PATTERN, KeyKind, RetentionRule
from gateway.redis.records.retention.operation_keys import OPERATION_KINDS

__all__ = ["KINDS", "KeyKind", "RetentionRule", "find_kind", "find_session"]

KINDS: Final = (*CONVERSATION_KINDS, *OPERATION_KINDS)


def find_kind(key: str) -> KeyKind | None:
    """Return the kind of a key; `None` if there is none."""
    return next((kind for kind in KINDS if re.fullmatch(kind.pattern, key)), None)


def find_session(key: str) -> str:
    """Return the session of a key that belongs to one; empty for any other."""
    found = re.match(rf"({SESSION_PATTERN})(?::[a-z]+)?$", key)
    return found[1][4:-1] if found else ""
