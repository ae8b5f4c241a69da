"""Delivery statuses of messages (Sunshine Conversations, "Delivery events")."""

from __future__ import annotations

from typing import Final

from channels._kit.inbound import JsonObject, get_text
from channels._kit.text import redact_phone_numbers
from channels.sunshine.capabilities import NAME
from channels.sunshine.failures import classify_failure, get_failure_text
from core.model import DeliveryStatus, Event, Ignored, StatusChanged

_STATUSES: Final = {
    "channel": DeliveryStatus.SENT,
    "user": DeliveryStatus.DELIVERED,
    "failure": DeliveryStatus.FAILED,
}


def build_status(kind: str, provider_id: str, error: JsonObject, destination: JsonObject) -> Event:
    """Build the status of a message from the last word of an event's type."""
    status = _STATUSES.get(kind)
    if not provider_id or status is None:
        return Ignored(reason="unknown status")
    if status is not DeliveryStatus.FAILED:
        return StatusChanged(channel=NAME, provider_id=provider_id, status=status)
    failure = classify_failure(error, get_text(destination, "type", 40))
    return StatusChanged(
        channel=NAME,
        provider_id=provider_id,
        status=status,
        error_code=failure.code,
        failure=failure.kind.failure,
        retry_after=failure.retry_after,
        error_text=redact_phone_numbers(get_failure_text(error)),
    )
