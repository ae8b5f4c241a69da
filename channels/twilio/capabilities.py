"""Twilio's limits, keywords and error codes, as data."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from channels._kit.inbound import Verification
from channels._kit.outbound import ErrorKind
from channels._kit.rendering import describe_high_cost
from core.model import DeliveryStatus
from core.ports import Capabilities, ServiceWindow

NAME: Final = "twilio"
WHATSAPP_PREFIX: Final = "whatsapp:"
WEBHOOK_PATH: Final = "/webhooks/twilio"

COST: Final = describe_high_cost
"""Describes a text's SMS segments, for the author of a flow."""

KEYWORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(
            ("stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"), "STOP"
        ),
        **dict.fromkeys(("start", "unstop"), "START"),
        **dict.fromkeys(("help", "info"), "HELP"),
    }
)
"""Keywords that Twilio answers itself, in any case, as the whole message (Twilio, "Advanced Opt-Out").

OPT OUT, in two words, is one as well.
"""

OPT_IN_ANSWER: Final = "yes"
"""A keyword that Twilio answers only while the contact is opted out; otherwise it is an ordinary word."""

CAPABILITIES: Final = Capabilities(
    max_webhook_bytes=256 * 1024,
    max_webhook_fields=1000,
    text_length=1600,
    media=10,
    caption_length=1024,
    templates=True,
    voice_notes=True,
    markdown="whatsapp",
    service_window=ServiceWindow(seconds=24 * 3600, prefix=WHATSAPP_PREFIX),
    opt_out_words="short",
    phone_numbers=True,
    statuses=True,
    look_up=True,
    reserved_words=frozenset(map(str.upper, KEYWORDS)),
)
"""SMS shows no markdown and no buttons; what is rendered depends on the address."""

WHATSAPP_CAPABILITIES: Final = CAPABILITIES.model_copy(
    update={
        "reserved_words": frozenset(),
        "buttons": 3,
        "button_title_length": 20,
        "choices_text_length": 1024,
        "payload_length": 200,
        "list_rows": 10,
        "list_title_length": 24,
        "list_description_length": 72,
    }
)
"""Twilio, "twilio/quick-reply" and "twilio/list-picker", as WhatsApp shows them inside the 24 hours."""

UNKNOWN_CONTENT_CODES: Final = frozenset({"20404", "21654", "21655"})
"""Errors of a content that does not exist any more."""

INVALID_CONTENT_CODES: Final = frozenset({"21656", "21657", "21658"})
"""Errors of a content or of its variables that Twilio does not take."""

VERIFICATION: Final = Verification(
    header="x-twilio-signature",
    algorithm="HMAC-SHA1 with the auth token; HMAC-SHA256 or HMAC-SHA1 with the shared key named in a header",
    signed=("url", "body"),
    encoding="base64",
    replay="none; messages are deduplicated by ID for eight days",
    rotation="comma-separated TWILIO_AUTH_TOKEN or TWILIO_SHARED_KEYS",
)
"""Of a form all fields are signed, of JSON its SHA-256 in the query (Twilio, "Webhooks security")."""

STATUSES: Final[Mapping[str, DeliveryStatus]] = MappingProxyType(
    {
        "accepted": DeliveryStatus.QUEUED,
        "scheduled": DeliveryStatus.QUEUED,
        "queued": DeliveryStatus.QUEUED,
        "sending": DeliveryStatus.QUEUED,
        "sent": DeliveryStatus.SENT,
        "delivered": DeliveryStatus.DELIVERED,
        "partially_delivered": DeliveryStatus.DELIVERED,
        "read": DeliveryStatus.READ,
        "undelivered": DeliveryStatus.FAILED,
        "failed": DeliveryStatus.FAILED,
        "canceled": DeliveryStatus.FAILED,
    }
)

_CODES_BY_KIND: Final[Mapping[ErrorKind, str]] = MappingProxyType(
    {
        ErrorKind.RETRY: "20429 20500 20503 30003 30008 63009 63010 63012 63023 63037",
        ErrorKind.LATER: "21611 30001 30017 30022 30023 30410 30450 63017 63018 63038 63049",
        ErrorKind.ADDRESS: "21211 21266 21604 21608 21612 30005 63003 63015 63024 63031 63032",
        ErrorKind.CONTENT: "21602 21617 21618 21619 21620 21623 21655 21656 30019 63005 63013 63019 "
        "63021 63027 63028 63029 63030 63034 63040 63041 63042",
        ErrorKind.ACCOUNT: "20003 20404 21212 21408 21603 21606 21609 21659 21660 21661 21701 21703 21704 "
        "21705 21712 30002 30032 30034 30035 63001 63007 63008 63020 63051 90010",
        ErrorKind.LANDLINE: "21614 30006",
        ErrorKind.BLOCKED: "30007 63033",
        ErrorKind.OPTED_OUT: "21610 30004",
        ErrorKind.WINDOW: "63016",
    }
)

ERROR_KINDS: Final[Mapping[str, ErrorKind]] = MappingProxyType(
    {code: kind for kind, codes in _CODES_BY_KIND.items() for code in codes.split()}
)


ACCOUNT_LIMIT_CODES: Final = frozenset({"63038"})
"""Limits of the whole account; all other codes of kind `LATER` are limits of the sender's number."""

_RETRY_SECONDS_BY_KIND: Final[Mapping[ErrorKind, float]] = MappingProxyType(
    {ErrorKind.RETRY: 60.0, ErrorKind.LATER: 600.0}
)


def classify_error_code(code: str) -> ErrorKind:
    """Classify an error code of a response or status callback (Twilio, "Error and warning dictionary")."""
    return ERROR_KINDS.get(code, ErrorKind.UNKNOWN)


def default_retry_seconds(code: str) -> float:
    """Return the wait before a message that failed with this code is sent again."""
    return _RETRY_SECONDS_BY_KIND.get(classify_error_code(code), 0.0)


def is_whatsapp(address: str) -> bool:
    """Return whether a Twilio address is a WhatsApp one; all others are SMS."""
    return address.startswith(WHATSAPP_PREFIX)
