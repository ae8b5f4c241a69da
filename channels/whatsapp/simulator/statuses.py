"""Statuses of sent messages in Meta's webhooks (Meta, "Status messages")."""

from __future__ import annotations

from typing import Final

from channels.whatsapp.simulator.records import Json, Message, StatusChange
from channels.whatsapp.simulator.responses import ERROR_TITLES

_PRICING: Final = {
    "billable": False,
    "pricing_model": "PMP",
    "type": "free_customer_service",
    "category": "service",
}
_ERRORS_PAGE: Final = "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/"


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
