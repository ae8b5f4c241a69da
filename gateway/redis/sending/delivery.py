"""Records of a proactive message between the call and the outbox."""

from __future__ import annotations

from typing import Literal, NamedTuple

from core.model import Address, MessagePart, TemplateProblem
from gateway.redis.encryption.sealing import Sealer
from gateway.redis.records.schedule import ScheduledMessage


class Delivery(NamedTuple):
    """A message with its sending options, and the address with which its session is created if there is none.

    `scheduled_in` is the session in whose schedule it was taken; empty if it is sent at once.
    """

    wanted: ScheduledMessage
    first_address: Address | None = None
    voice: Literal["bot", "person"] = "bot"
    at_ms: int = 0
    scheduled_in: str = ""


class Content(NamedTuple):
    """A message as it is queued: its parts by the channel's limits, or the problem with its template."""

    address: Address
    time_zone: str
    parts: list[MessagePart]
    problem: TemplateProblem | None
    digest: str
    sealer: Sealer
