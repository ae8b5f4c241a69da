"""Statuses that a message of the simulator will have, planned when it is created."""

from __future__ import annotations

from typing import Final

from channels._kit.simulator import FaultInjector
from channels.twilio.simulator.records import StatusChange

_LATE_FAILURES: Final = {
    False: ("30003", "30005", "30006", "30007", "30008", "30034"),
    True: ("63024", "30008"),
}
"""Typical codes of failures that are reported after a message was accepted: of SMS, and of WhatsApp."""
_SERVICE_WINDOW_SECONDS: Final = 24 * 3600
_STATUS_STEP_SECONDS: Final = 0.2
_TEMPLATE_FAILURES: Final = {"rejected": 63040, "paused": 63041, "disabled": 63042}


class StatusPlanner:
    """Plans statuses by the service window of each contact and the fault settings."""

    def __init__(self, faults: FaultInjector) -> None:
        self._faults = faults
        self._last_inbound_at: dict[tuple[str, str], float] = {}

    def open_window(self, business_number: str, contact: str, now: float) -> None:
        """Open the service window of a contact who has just written."""
        self._last_inbound_at[(business_number, contact)] = now

    def plan(
        self, sender: str, to: str, now: float, *, service: str = "", template_status: str = ""
    ) -> tuple[StatusChange, ...]:
        """Plan an outbound message's statuses; what WhatsApp does not deliver is accepted and fails later.

        That is any message but an approved content outside the 24 hours, and a content with another status
        of its approval than "approved", "unsubmitted", "received" or "pending".
        """
        on_whatsapp, step = to.startswith("whatsapp:"), self._faults.random_delay
        changes = [StatusChange(now, "accepted" if service else "queued")]
        if failure := self._find_failure(sender, to, now, template_status):
            return (*changes, StatusChange(now + step(_STATUS_STEP_SECONDS), "failed", failure))
        statuses = ("sent", "delivered", "read")[: 3 if on_whatsapp else 2]
        late_code = self._faults.draw_late_failure(_LATE_FAILURES[on_whatsapp])
        for status in statuses[:1] if late_code else statuses:
            changes.append(StatusChange(changes[-1].at + step(_STATUS_STEP_SECONDS), status))
        if late_code:
            at = changes[-1].at + step(_STATUS_STEP_SECONDS)
            changes.append(StatusChange(at, "failed" if on_whatsapp else "undelivered", int(late_code)))
        return tuple(changes)

    def _find_failure(self, sender: str, to: str, now: float, template_status: str) -> int:
        """Return the code with which WhatsApp fails a message, 0 if it delivers it."""
        if not to.startswith("whatsapp:"):
            return 0
        if failure := _TEMPLATE_FAILURES.get(template_status, 0):
            return failure
        silence = now - self._last_inbound_at.get((sender, to), 0.0)
        return 63016 if template_status != "approved" and silence > _SERVICE_WINDOW_SECONDS else 0
