"""Kinds of keys, with their retention."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

SESSION_PATTERN: Final = r"tg:\{(?!access\}).+\}"
"""Pattern of the names that begin with a session's."""
SESSION_DAYS: Final = "TURNGATE_KEEP_SESSION_DAYS"


class RetentionRule(StrEnum):
    """Rule by which keys of a kind end."""

    EXPIRY = "expiry"
    """Redis deletes the key, which has an expiry from its first write."""
    WORK = "work"
    """The key has an expiry, except while its session has work, to which the due index or a job refers."""
    OWNER = "owner"
    """An owner deletes its content, or it is bounded and has no personal data."""


@dataclass(frozen=True, slots=True)
class KeyKind:
    """Keys of one kind. `pattern` is a regular expression for whole names.

    `kept` says how long, or who the owner is; `days` is the longest expiry, 0 if there is none. `setting`
    changes it.
    """

    keys: str
    pattern: str
    data: str
    rule: RetentionRule
    kept: str
    days: float = 0.0
    setting: str = ""
