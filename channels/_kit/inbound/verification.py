"""How a provider proves that a webhook is its own, as data: the table in docs/channels.md and the tests."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verification:
    """What is signed and how. `signed` are the parts of a request that the signature covers.

    `replay` says what makes an old genuine request harmless, `rotation` which setting takes several secrets,
    `handshake` what the provider asks for before it sends anything.
    """

    header: str
    algorithm: str
    signed: tuple[str, ...]
    encoding: str
    replay: str
    rotation: str
    handshake: str = "none"
