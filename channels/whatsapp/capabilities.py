"""WhatsApp's limits, keywords and error codes at Meta's Cloud API, as data."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from channels._kit.inbound import Verification
from channels._kit.outbound import ErrorKind
from core.model import DeliveryStatus
from core.ports import Capabilities, RateLimit, ServiceWindow

NAME: Final = "whatsapp"

CAPABILITIES: Final = Capabilities(
    max_webhook_bytes=3 * 1024 * 1024,
    max_webhook_fields=100,
    text_length=4096,
    buttons=3,
    button_title_length=20,
    choices_text_length=1024,
    payload_length=200,
    list_rows=10,
    list_title_length=24,
    list_description_length=72,
    links=1,
    media=1,
    caption_length=1024,
    templates=True,
    quotes=True,
    reactions=True,
    location_requests=True,
    voice_notes=True,
    markdown="whatsapp",
    typing=True,
    statuses=True,
    echoes_key=True,
    opt_out_words="short",
    phone_numbers=True,
    pace=RateLimit(number=80),
    service_window=ServiceWindow(seconds=24 * 3600),
)
"""Meta, "Messages", "Interactive list messages", "Webhooks" (3 MB), "Messaging limits" (80 a second)."""

VERIFICATION: Final = Verification(
    header="x-hub-signature-256",
    algorithm="HMAC-SHA256 with the app secret",
    signed=("body",),
    encoding="`sha256=` and lower-case hexadecimal",
    replay="none; messages are deduplicated by ID for eight days",
    rotation="comma-separated WHATSAPP_APP_SECRET",
    handshake="GET with `hub.verify_token`; the response is `hub.challenge`, or 403",
)
"""The raw bytes are signed (Meta, "Webhooks: validating payloads")."""

MAX_REPLY_KEY_LENGTH: Final = 512
"""Maximum length of `biz_opaque_callback_data`, which comes back only in statuses."""

STATUSES: Final[Mapping[str, DeliveryStatus]] = MappingProxyType(
    {
        "accepted": DeliveryStatus.QUEUED,
        "held_for_quality_assessment": DeliveryStatus.QUEUED,
        "sent": DeliveryStatus.SENT,
        "delivered": DeliveryStatus.DELIVERED,
        "read": DeliveryStatus.READ,
        "played": DeliveryStatus.READ,
        "failed": DeliveryStatus.FAILED,
    }
)

IGNORED_FIELDS: Final = frozenset(
    {
        "account_alerts",
        "account_review_update",
        "account_update",
        "automatic_events",
        "business_capability_update",
        "business_username_update",
        "calls",
        "flows",
        "history",
        "message_template_components_update",
        "message_template_quality_update",
        "message_template_status_update",
        "payment_configuration_update",
        "phone_number_name_update",
        "phone_number_quality_update",
        "security",
        "smb_app_state_sync",
        "standby",
        "template_category_update",
    }
)
"""Webhook fields without meaning for a conversation; counted by name."""

ALARM_FIELDS: Final = frozenset({"account_update", "account_alerts", "security"})
"""Webhook fields that the operator should see: restrictions, bans, lost access."""

_PAIR_LIMIT_CODE: Final = "131056"
_MARKETING_LIMIT_CODE: Final = "131049"
_THROUGHPUT_CODE: Final = "130429"
CONTACT_LIMIT_CODES: Final = frozenset({_PAIR_LIMIT_CODE, _MARKETING_LIMIT_CODE})
"""Codes of limits that concern one contact."""
NUMBER_LIMIT_CODES: Final = frozenset({_THROUGHPUT_CODE})
"""Codes of limits that concern one of the business's numbers; all others are of the account or app."""

_CODES_BY_KIND: Final[Mapping[ErrorKind, str]] = MappingProxyType(
    {
        ErrorKind.RETRY: "1 2 131000 131016 133004 135000",
        ErrorKind.LATER: "4 613 80007 130429 131048 131049 131056 131057 132069",
        ErrorKind.ADDRESS: "130472 130497 131021 131026 131062 137000",
        ErrorKind.CONTENT: "100 131008 131009 131051 131052 131053 132000 132001 132005 132007 132008 132012 "
        "132015 132016 132018 132068",
        ErrorKind.ACCOUNT: "0 3 10 33 190 368 131005 131030 131031 131037 131042 131044 131045 131063 131064 "
        "133000 133005 133006 133008 133009 133010 133015 133016 134011",
        ErrorKind.BLOCKED: "130403",
        ErrorKind.OPTED_OUT_OF_MARKETING: "131050",
        ErrorKind.WINDOW: "131047",
    }
)

_RETRY_SECONDS_BY_KIND: Final[Mapping[ErrorKind, float]] = MappingProxyType(
    {ErrorKind.RETRY: 5.0, ErrorKind.LATER: 600.0}
)
_RETRY_SECONDS_BY_CODE: Final[Mapping[str, float]] = MappingProxyType(
    {_THROUGHPUT_CODE: 5.0, _PAIR_LIMIT_CODE: 30.0, _MARKETING_LIMIT_CODE: 86_400.0}
)
"""Throughput is counted by the second (Meta, "Throughput"). One message in six seconds to a person; after a
burst the debt lasts minutes (Meta, "Pair rate limits").
131049 must not be repeated within a day (Meta, "Per-user marketing template message limits")."""

ERROR_KINDS: Final[Mapping[str, ErrorKind]] = MappingProxyType(
    {code: kind for kind, codes in _CODES_BY_KIND.items() for code in codes.split()}
)


def classify_error_code(code: str) -> ErrorKind:
    """Classify an error code of a response or status (Meta, "Cloud API error codes")."""
    if code.isascii() and code.isdigit() and 200 <= int(code[:6]) <= 299:
        return ErrorKind.ACCOUNT  # permissions
    return ERROR_KINDS.get(code, ErrorKind.UNKNOWN)


def default_retry_seconds(code: str) -> float:
    """Return the wait before a message that failed with this code is sent again."""
    default = _RETRY_SECONDS_BY_KIND.get(classify_error_code(code), 0.0)
    return _RETRY_SECONDS_BY_CODE.get(code, default)


def is_phone_number(address: str) -> bool:
    """Return whether an address is a phone number; anything else is a business-scoped user id."""
    return address.removeprefix("+").isdigit()
