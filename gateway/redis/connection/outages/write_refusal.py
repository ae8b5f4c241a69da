"""Reasons why a server refuses writes: memory, read-only, replicas, a full disk, a missing permission."""

from __future__ import annotations

import re

from redis.exceptions import (
    AskError,
    ClusterDownError,
    MasterDownError,
    MovedError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    ResponseError,
    TryAgainError,
)

_CODE = re.compile(r"(?:^|\s-)(OOM|READONLY|NOREPLICAS|MISCONF)\b")
_FORBIDDEN = re.compile(r"\bNOPERM\b|\bACL failure in script\b|user executing the script can't")
_MISSING_PERMISSION = (
    "The Redis user in REDIS_URL lacks a permission; give it ~* &* +@all, or see docs/deploy.md"
)
_MOVED_CODES = frozenset({"READONLY", "NOREPLICAS"})
_MOVING = (AskError, ClusterDownError, MasterDownError, TryAgainError)  # a MovedError is an AskError
_LEADING_ELSEWHERE = (ClusterDownError, MasterDownError, MovedError)
_REASONS = {
    "OOM": "Redis is out of memory and refuses writes; raise maxmemory or delete data",
    "READONLY": "Redis is a read-only replica; point REDIS_URL at the primary, or await the failover",
    "NOREPLICAS": "Redis has fewer replicas than min-replicas-to-write demands; start the missing ones",
    "MISCONF": "Redis cannot write to its disk and refuses writes; free space, and see the server's log",
}


def refusal_code(error: BaseException) -> str:
    """Return the code with which the server refused a write; empty for any other error.

    Redis 6.2 reports a script's error as plain text that contains the code.
    """
    if isinstance(error, OutOfMemoryError):
        return "OOM"
    if isinstance(error, ReadOnlyError):
        return "READONLY"
    found = _CODE.search(str(error)) if isinstance(error, ResponseError) else None
    return found[1] if found else ""


def describe_refusal(error: BaseException) -> str:
    """Return the reason and what to do; empty if the error is not a refusal."""
    return _REASONS.get(refusal_code(error), "")


def describe_missing_permission(error: BaseException) -> str:
    """Return that the user lacks a permission, and what to do; empty for any other error.

    A script's error has it only as text.
    """
    is_missing = isinstance(error, NoPermissionError) or (
        isinstance(error, ResponseError) and _FORBIDDEN.search(str(error)) is not None
    )
    return _MISSING_PERMISSION if is_missing else ""


def may_have_moved(error: BaseException) -> bool:
    """Return whether the connection may lead to a former primary, so that a new one should be opened."""
    return isinstance(error, _LEADING_ELSEWHERE) or refusal_code(error) in _MOVED_CODES


def is_moving(error: BaseException) -> bool:
    """Return whether a cluster's slot moves, or its server is being replaced: nothing was done."""
    return isinstance(error, _MOVING)
