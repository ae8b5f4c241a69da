"""Scripts of channels that merge messages or limit the rate of sends."""

from __future__ import annotations

from tests.protocol.model import ScriptModel


class BurstModel(ScriptModel):
    """Messages in a burst are merged into one turn."""

    merges_bursts = True


class RateLimitedModel(ScriptModel):
    """A provider that accepts one send at a time."""

    limits_rate = True
