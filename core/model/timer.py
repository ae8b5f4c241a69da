"""Session timers, which the session's next message cancels."""

from __future__ import annotations

from enum import StrEnum

from core.model.base import FrozenModel
from core.model.failure import FailureKind
from core.model.turn import Address


class TimerKind(StrEnum):
    """Reason of a timer.

    `inactivity`: the contact does not answer. `hand_off`: no agent takes the session. `undelivered`: a reply
    was not delivered; it fires at once.
    """

    INACTIVITY = "inactivity"
    HAND_OFF = "hand_off"
    UNDELIVERED = "undelivered"


class FiredTimer(FrozenModel):
    """An expired timer; `at_ms` is the store's time in milliseconds, `address` that of the last message.

    `failure` is why a reply was not delivered.
    """

    timer: TimerKind
    address: Address
    at_ms: int
    failure: FailureKind | None = None

    @property
    def name(self) -> str:
        """Identifier in the log and in replies' keys, unique in the session."""
        return f"{self.timer}-{self.at_ms}"
