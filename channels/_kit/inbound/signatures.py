"""Comparing signatures without telling by time, or by an exception, how much of them was right."""

from __future__ import annotations

import hashlib
import hmac


def signatures_match(expected: str, given: str) -> bool:
    """Whether two signatures are equal, in constant time; on bytes, because text may be non-ASCII."""
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "surrogatepass"))


def matches_sha256(body: bytes, given: str) -> bool:
    """Whether `given` is the hexadecimal SHA-256 of the raw body, in constant time."""
    return signatures_match(hashlib.sha256(body).hexdigest(), given.lower())
