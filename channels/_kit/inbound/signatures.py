"""Signature comparison in constant time."""

from __future__ import annotations

import hashlib
import hmac


def signatures_match(expected: str, received: str) -> bool:
    """Return whether two signatures are equal, in constant time; on bytes, because text may be non-ASCII."""
    return hmac.compare_digest(expected.encode(), received.encode("utf-8", "surrogatepass"))


def matches_sha256(body: bytes, signature: str) -> bool:
    """Return whether `given` is the hexadecimal SHA-256 of the raw body, in constant time."""
    return signatures_match(hashlib.sha256(body).hexdigest(), signature.lower())
