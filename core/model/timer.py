"""What happens when nothing happens: timers of a session, which its next message cancels."""

from __future__ import annotations

from enum import StrEnum

from core.model.base import FrozenModel
from core.model.turn import Address


class TimerKind(StrEnum):
    """What happens without a message.

    `inactivity`: the person does not answer. `hand_off`: nobody of the business takes the session.
    `undelivered`: a reply never reached the person; this one is not waited for.
    """

    INACTIVITY = "inactivity"
    HAND_OFF = "hand_off"
    UNDELIVERED = "undelivered"


class FiredTimer(FrozenModel):
    """A timer that ran out at `at_ms`, by the server's clock, and where the last message came from."""

    timer: TimerKind
    address: Address
    at_ms: int

    @property
    def name(self) -> str:
        """What the log and the replies call it; another one of the same session has another name."""
        return f"{self.timer}-{self.at_ms}"
