"""Signature schemes as data, used by the table in docs/channels.md and by tests."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verification:
    """A signature scheme. `signed` are the parts of a request that the signature covers.

    `replay` describes the replay protection, `rotation` the setting that takes several secrets, `handshake`
    the provider's check when the webhook is registered.
    """

    header: str
    algorithm: str
    signed: tuple[str, ...]
    encoding: str
    replay: str
    rotation: str
    handshake: str = "none"
