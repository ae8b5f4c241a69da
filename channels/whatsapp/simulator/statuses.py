"""Statuses of sent messages in Meta's webhooks (Meta, "Status messages")."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from channels._kit.simulator import FaultInjector
from channels.whatsapp.simulator.records import Json, Message, StatusChange
from channels.whatsapp.simulator.responses import ERROR_TITLES

_PRICING: Final = {
    "billable": False,
    "pricing_model": "PMP",
    "type": "free_customer_service",
    "category": "service",
}
_ERRORS_PAGE: Final = "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/"
_SERVICE_WINDOW_SECONDS: Final = 24 * 3600.0
_STATUS_STEP_SECONDS: Final = 0.2
_LATE_FAILURES: Final = ("131026", "131049")


class StatusPlanner:
    """Plans the statuses of messages by the service window of each contact and the fault settings."""

    def __init__(self, faults: FaultInjector) -> None:
        self._faults = faults
        self._last_inbound_at: dict[str, float] = {}

    def open_window(self, identifiers: Iterable[str], now: float) -> None:
        """Open the service window of a contact who has just written."""
        self._last_inbound_at.update(dict.fromkeys(identifiers, now))

    def plan(self, sent: Json, to: str, now: float) -> list[StatusChange]:
        """Plan the statuses; outside the 24 hours any message but a template is accepted and fails later."""
        kind, step = sent.get("type", "text"), self._faults.random_delay
        last_inbound_at = self._last_inbound_at.get(to, -_SERVICE_WINDOW_SECONDS)
        if now - last_inbound_at >= _SERVICE_WINDOW_SECONDS and kind != "template":
            return [StatusChange(now + step(_STATUS_STEP_SECONDS), "failed", 131047)]
        if code := self._faults.draw_late_failure(_LATE_FAILURES):
            return [StatusChange(now + step(_STATUS_STEP_SECONDS), "failed", int(code))]
        statuses = ("sent",) if kind == "reaction" else ("sent", "delivered", "read")
        changes = [StatusChange(now, "")]
        for status in statuses:
            changes.append(StatusChange(changes[-1].at + step(_STATUS_STEP_SECONDS), status))
        return changes[1:]


def build_status_value(record: Message, change: StatusChange, to: str) -> Json:
    """Return the part of a webhook's `value` that reports a status; a failed one names no contact."""
    is_number = to.isdigit()
    status: Json = {"id": record.wamid, "status": change.status, "timestamp": str(int(change.at))}
    status["recipient_id" if is_number else "recipient_user_id"] = to
    if record.request_body and "biz_opaque_callback_data" in record.request_body:
        status["biz_opaque_callback_data"] = record.request_body["biz_opaque_callback_data"]
    if change.error_code:
        title = ERROR_TITLES.get(change.error_code, "Error")
        error = {"code": change.error_code, "title": title, "message": title, "href": _ERRORS_PAGE}
        status["errors"] = [{**error, "error_data": {"details": f"{title}."}}]
        return {"statuses": [status]}
    if change.status == "sent":
        status["pricing"] = _PRICING
    return {"statuses": [status], "contacts": [{"wa_id" if is_number else "user_id": to}]}
