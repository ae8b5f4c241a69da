"""What a webhook can mean: a turn, a delivery status, a control event, or nothing, with a reason."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from core.model.base import FrozenModel
from core.model.owner import ControlAction
from core.model.turn import Address, Turn


class DeliveryStatus(StrEnum):
    """What became of a reply after the provider took it."""

    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


_STATUS_RANKS = {
    DeliveryStatus.QUEUED: 1,
    DeliveryStatus.SENT: 2,
    DeliveryStatus.DELIVERED: 3,
    DeliveryStatus.FAILED: 3,
    DeliveryStatus.READ: 4,
}


def status_rank(status: DeliveryStatus) -> int:
    """Callbacks come late, twice and out of order: a status counts only when it outranks the one before.

    The two ends (delivered, failed) share a rank, so the first of them stays.
    """
    return _STATUS_RANKS[status]


Aliases = tuple[str, ...]
"""Names under which a provider knows one conversation, the surest first; any of them finds its session."""


class TurnReceived(FrozenModel):
    """A user's message."""

    kind: Literal["turn"] = "turn"
    turn: Turn
    aliases: Aliases = ()


class StatusChanged(FrozenModel):
    """The provider's word about a reply of ours, named by the provider's id.

    `reply_key` is our own name of the reply where the provider tells it back, `details` what else it says
    (a price category, for one).
    """

    kind: Literal["status"] = "status"
    channel: str
    provider_id: str
    status: DeliveryStatus
    error_code: str = ""
    error_text: str = ""
    reply_key: str = ""
    details: dict[str, str] = Field(default_factory=dict)


class ControlReceived(FrozenModel):
    """Somebody took over, gave back, closed, opted out or in. `id` makes a redelivery the same event.

    `at` is when, by the provider's clock, in seconds since the epoch; 0: not told. What is older than an act
    that is known changes nothing: webhooks come out of order.
    """

    kind: Literal["control"] = "control"
    id: str
    session: str
    address: Address
    act: ControlAction
    actor: str = ""
    at: float = 0.0
    aliases: Aliases = ()


class Ignored(FrozenModel):
    """Genuine but of no interest; acknowledged and counted under `reason` (a short fixed phrase).

    It may still teach that two names mean one person: `aliases`, of which the first is the older.
    """

    kind: Literal["ignored"] = "ignored"
    reason: str
    aliases: Aliases = ()


Event = Annotated[TurnReceived | StatusChanged | ControlReceived | Ignored, Field(discriminator="kind")]
