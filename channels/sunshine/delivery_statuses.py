"""Delivery statuses of messages, and error codes of Zendesk and of the channel behind it, as data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from channels._kit.inbound import JsonObject, get_identifier, get_object, get_object_list, get_text
from channels._kit.outbound import ErrorKind
from channels._kit.text import redact_phone_numbers
from channels.sunshine.capabilities import NAME
from core.model import DeliveryStatus, Event, Ignored, StatusChanged

_CODE_LENGTH: Final = 60
_OWN_CODES: Final[Mapping[ErrorKind, str]] = MappingProxyType(
    {
        ErrorKind.LATER: "too_many_requests",
        ErrorKind.ADDRESS: "user_unreachable user_not_found client_not_found device_not_found",
        ErrorKind.CONTENT: "bad_request",
        ErrorKind.ACCOUNT: "unauthorized payment_required app_not_found integration_not_found",
    }
)
_WHATSAPP: Final[Mapping[ErrorKind, str]] = MappingProxyType(
    {
        ErrorKind.RETRY: "500 1000 1016 131000 131016 133004 135000",
        ErrorKind.LATER: "471 130429 131048 131049 131056 131057 132069",
        ErrorKind.ADDRESS: "1013 130472 130497 131021 131026 131062 137000",
        ErrorKind.CONTENT: "131008 131009 131051 131052 131053 132000 132001 132005 132007 132008 132012 "
        "132015 132016 132018 132068",
        ErrorKind.ACCOUNT: "190 368 1005 131005 131030 131031 131037 131042 131044 131045 131063 131064 "
        "133000 133005 133006 133008 133009 133010 133015 133016 134011",
        ErrorKind.BLOCKED: "130403",
        ErrorKind.OPTED_OUT_OF_MARKETING: "131050",
        ErrorKind.WINDOW: "470 131047",
    }
)
_SMS: Final[Mapping[ErrorKind, str]] = MappingProxyType(
    {
        ErrorKind.RETRY: "20429 20500 20503 30003 30008",
        ErrorKind.LATER: "21611 30001 30017 30022 30023 30410 30450",
        ErrorKind.ADDRESS: "21211 21266 21604 21608 21612 30005",
        ErrorKind.CONTENT: "21602 21617 21618 21619 21620 21623 21655 21656 30019",
        ErrorKind.LANDLINE: "21614 30006",
        ErrorKind.BLOCKED: "30007",
        ErrorKind.ACCOUNT: "20003 20404 21212 21408 21603 21606 21609 21659 21660 21661 21701 21703 21704 "
        "21705 21712 30002 30032 30034 30035",
        ErrorKind.OPTED_OUT: "21610 30004",
    }
)
_MESSENGER: Final[Mapping[ErrorKind, str]] = MappingProxyType(
    {ErrorKind.ADDRESS: "551", ErrorKind.ACCOUNT: "190", ErrorKind.WINDOW: "2018278"}
)
_UNDERLYING_CODES: Final[Mapping[str, Mapping[ErrorKind, str]]] = MappingProxyType(
    {
        "whatsapp": _WHATSAPP,
        "twilio": _SMS,
        "messenger": _MESSENGER,
        "instagram": _MESSENGER,
    }
)
"""Error codes of the channels behind Zendesk, by channel; 4xx and 1xxx are those of WhatsApp's older API."""

_WITH_WINDOW: Final = frozenset({"whatsapp", "messenger", "instagram"})
_WINDOW_PHRASES: Final = ("24 hours", "24-hour", "allowed window", "support window", "re-engagement")
"""Words of errors about the service window that lack a code of the channel behind."""

_RETRY_SECONDS_BY_KIND: Final[Mapping[ErrorKind, float]] = MappingProxyType(
    {ErrorKind.RETRY: 60.0, ErrorKind.LATER: 600.0}
)
_RETRY_SECONDS_BY_CODE: Final[Mapping[str, float]] = MappingProxyType({"130429": 5.0, "131049": 86_400.0})
_STATUSES: Final = {
    "channel": DeliveryStatus.SENT,
    "user": DeliveryStatus.DELIVERED,
    "failure": DeliveryStatus.FAILED,
}


class DeliveryFailure(NamedTuple):
    """A failure's code and its meaning; `retry_after` is the wait before the message is sent again."""

    code: str
    kind: ErrorKind
    retry_after: float


def build_status(
    kind: str, provider_id: str, error: JsonObject, destination: JsonObject, *, is_final: bool = True
) -> Event:
    """Build the status of a message from the last word of an event's type.

    Zendesk goes on after a failure that is not final, so such a message is not sent again.
    """
    status = _STATUSES.get(kind)
    if not provider_id or status is None:
        return Ignored(reason="unknown status")
    if status is not DeliveryStatus.FAILED:
        return StatusChanged(channel=NAME, provider_id=provider_id, status=status)
    if not is_final:
        return Ignored(reason="a failure that is not final")
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


def classify_own_code(code: str) -> ErrorKind:
    """Classify an error code of Zendesk's, of an answer or an event."""
    return _find_kind(_OWN_CODES, code)


def get_failure_text(error: JsonObject) -> str:
    """Return why a delivery failed: by Zendesk, or else by the channel behind it."""
    underlying = get_object(error, "underlyingError")
    listed = next(iter(get_object_list(underlying, "errors")), {})
    texts = (
        get_text(error, "message"),
        get_text(underlying, "message"),
        get_text(get_object(underlying, "error"), "message"),
        get_text(listed, "title"),
    )
    return next(filter(None, texts), "failed")


def classify_failure(error: JsonObject, destination: str) -> DeliveryFailure:
    """Classify a failed delivery to a channel; that channel's own code is more specific than Zendesk's."""
    own = get_identifier(error, "code", _CODE_LENGTH)
    table = _UNDERLYING_CODES.get(destination, {})
    for code in _underlying_codes(get_object(error, "underlyingError")):
        if (kind := _find_kind(table, code)) is not ErrorKind.UNKNOWN:
            return _build_failure(code, kind)
    text = get_failure_text(error).lower()
    if destination in _WITH_WINDOW and any(phrase in text for phrase in _WINDOW_PHRASES):
        return _build_failure(own, ErrorKind.WINDOW)
    return _build_failure(own, classify_own_code(own))


def _underlying_codes(error: JsonObject) -> Iterator[str]:
    """Yield the codes of a channel's error, in the shapes of the different channels; the narrowest first."""
    for each in (error, get_object(error, "error"), *get_object_list(error, "errors")):
        for name in ("error_subcode", "code"):
            if code := get_identifier(each, name, _CODE_LENGTH):
                yield code


def _build_failure(code: str, kind: ErrorKind) -> DeliveryFailure:
    default = _RETRY_SECONDS_BY_KIND.get(kind, 0.0)
    return DeliveryFailure(code, kind, _RETRY_SECONDS_BY_CODE.get(code, default))


def _find_kind(table: Mapping[ErrorKind, str], code: str) -> ErrorKind:
    return next((kind for kind, codes in table.items() if code in codes.split()), ErrorKind.UNKNOWN)
