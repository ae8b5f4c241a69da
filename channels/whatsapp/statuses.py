"""Delivery statuses of messages (Meta, "Status messages webhook reference")."""

from __future__ import annotations

from channels._kit.inbound import JsonObject, get_identifier, get_object, get_object_list, get_text
from channels._kit.outbound import ErrorKind
from channels._kit.text import redact_phone_numbers
from channels.whatsapp.capabilities import (
    MAX_REPLY_KEY_LENGTH,
    NAME,
    STATUSES,
    classify_error_code,
    default_retry_seconds,
)
from channels.whatsapp.message_content import parse_timestamp
from core.model import DeliveryStatus, Event, Ignored, StatusChanged


def parse_status(status: JsonObject) -> Event:
    """Parse the status of a message that the business sent."""
    wamid, kind = get_identifier(status, "id"), STATUSES.get(get_text(status, "status").lower())
    if not wamid:
        return Ignored(reason="no message id")
    if get_text(status, "type", 40).lower() == "payment" or get_object(status, "payment"):
        return Ignored(reason="payment status")  # about billing, not about a message's delivery
    if kind is None:
        return Ignored(reason="unknown status")
    failed = kind is DeliveryStatus.FAILED
    error = _find_error(status)
    text = (
        get_text(get_object(error, "error_data"), "details")
        or get_text(error, "title")
        or get_text(error, "message")
    )
    code = _get_code(error) if failed else ""
    return StatusChanged(
        channel=NAME,
        provider_id=wamid,
        status=kind,
        error_code=code,
        failure=classify_error_code(code).failure if failed else None,
        retry_after=default_retry_seconds(code) if failed else 0.0,
        error_text=redact_phone_numbers(text or "failed") if failed else "",
        reply_key=get_identifier(status, "biz_opaque_callback_data", MAX_REPLY_KEY_LENGTH),
        window_until=_parse_window_end(get_object(status, "conversation")),
        details=_parse_pricing(get_object(status, "pricing")),
    )


def _find_error(status: JsonObject) -> JsonObject:
    """Return the error of a failed message: one with a known code, or else the first one with a code."""
    errors = get_object_list(status, "errors") or [get_object(status, "errors")]
    coded = [each for each in errors if _get_code(each)]
    known = [each for each in coded if classify_error_code(_get_code(each)) is not ErrorKind.UNKNOWN]
    return next(iter((*known, *coded, *errors)), {})


def _get_code(error: JsonObject) -> str:
    return get_identifier(error, "code", 20)


def _parse_window_end(conversation: JsonObject) -> float:
    """Return when a conversation that began with an ad ends (Meta, "Free entry point"); 0 for others."""
    if get_text(get_object(conversation, "origin"), "type", 40) != "referral_conversion":
        return 0.0
    return parse_timestamp({"timestamp": conversation.get("expiration_timestamp")})


def _parse_pricing(pricing: JsonObject) -> dict[str, str]:
    fields = {name: get_text(pricing, name, 60) for name in ("category", "type", "pricing_model")}
    return {f"price_{name}": value for name, value in fields.items() if value}
