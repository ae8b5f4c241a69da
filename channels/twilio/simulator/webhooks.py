"""Webhooks of the simulator: fields, signature and retry rules."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import parse_qs, quote, urlencode, urlsplit, urlunsplit

from channels._kit.simulator import UserMessage, WebhookDelivery, WebhookResult
from channels.twilio.simulator.records import Message, StatusChange
from channels.twilio.simulator.responses import ERROR_TEXTS

WebhookFields = list[tuple[str, str]]

_RETRY_REASONS: Final = frozenset({"4xx", "5xx", "ct", "rt"})
_FIRST_RETRY_SECONDS: Final = 0.5
_MESSAGE_TYPES: Final = {"image": "image", "audio": "audio", "video": "video"}


@dataclass(frozen=True, slots=True)
class ConnectionOverrides:
    """Timeouts of a try and in total, in seconds, and retries: the URL's fragment.

    Source: Twilio, "Webhook connection overrides".
    """

    timeout: float
    total: float
    retries: int
    reasons: frozenset[str]

    @classmethod
    def parse(cls, url: str) -> ConnectionOverrides:
        """Parse the overrides of a configured URL; the default is one retry after a connection failure."""
        options = {name: values[0] for name, values in parse_qs(urlsplit(url).fragment).items()}
        reasons = frozenset(options.get("rp", "ct").split(","))
        return cls(
            timeout=_parse_bounded(options.get("rt", ""), 100, 15_000, 15_000) / 1000,
            total=_parse_bounded(options.get("tt", ""), 100, 15_000, 15_000) / 1000,
            retries=_parse_bounded(options.get("rc", ""), 0, 5, 1),
            reasons=_RETRY_REASONS if "all" in reasons else reasons,
        )

    def retry_delay(self, attempt: int, reason: str) -> float | None:
        """Return the seconds until the retry after attempt `attempt`; `None` if it is not retried."""
        if attempt > self.retries or reason not in self.reasons:
            return None
        return _FIRST_RETRY_SECONDS * float(2 ** (attempt - 1))


def classify_result(result: WebhookResult) -> str | None:
    """Return the retry policy's name of a webhook's failure; `None` after success."""
    if result.timed_out:
        return "rt"
    if result.status is None:
        return "ct"
    return f"{result.status // 100}xx" if result.status >= 400 else None


def build_signed_delivery(
    url: str, fields: WebhookFields, *, token: str, at: float, idempotency: str
) -> WebhookDelivery:
    """Build a signed form POST: HMAC-SHA1 of URL and sorted fields (Twilio, "Webhooks security")."""
    target = urlsplit(url)
    plain = urlunsplit(target._replace(fragment="", netloc=target.netloc.rpartition("@")[2]))
    text = plain + "".join(name + value for name, value in sorted(set(fields)))
    digest = hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()
    return WebhookDelivery(
        at=at,
        method="POST",
        url=plain,
        headers={
            "content-type": "application/x-www-form-urlencoded; charset=UTF-8",
            "x-twilio-signature": base64.b64encode(digest).decode(),
            "i-twilio-idempotency-token": idempotency,
            "user-agent": "TwilioProxy/1.1",
        },
        body=urlencode(fields, quote_via=quote).encode(),
        timeout=ConnectionOverrides.parse(url).timeout,
    )


def build_inbound_fields(
    message: UserMessage, record: Message, account: str, *, answered: Message | None, user_id: str
) -> WebhookFields:
    """Build all fields of an inbound message, undocumented and empty ones included.

    `answered` is the message that a WhatsApp reaction is to, `user_id` the user ID beside or in place of the
    number, if there is one.
    """
    fields = [
        ("ToCountry", "US"),
        ("SmsMessageSid", record.sid),
        ("NumMedia", str(len(record.media))),
        ("FromZip", ""),
        ("SmsSid", record.sid),
        ("FromCity", ""),
        ("SmsStatus", "received"),
        ("Body", record.body),
        ("FromCountry", "US"),
        ("To", record.to),
        ("NumSegments", "1"),
        ("MessageSid", record.sid),
        ("AccountSid", account),
        ("From", record.sender),
        ("ApiVersion", "2010-04-01"),
    ]
    for number, url in enumerate(record.media):
        fields += [(f"MediaUrl{number}", url), (f"MediaContentType{number}", message.media_type)]
    if message.place is not None:
        fields += [("Latitude", repr(message.place[0])), ("Longitude", repr(message.place[1]))]
    if record.sender.startswith("whatsapp:"):
        fields += _build_whatsapp_fields(message, record)
        fields += [("OriginalRepliedMessageSid", answered.sid)] if answered else []
        fields += [("ExternalUserId", user_id)] if user_id else []
    return fields


def _build_whatsapp_fields(message: UserMessage, record: Message) -> WebhookFields:
    is_interactive = message.button or message.form is not None
    kind = "interactive" if is_interactive else "location" if message.place else "text"
    kind = "reaction" if message.reaction else kind
    if message.media:
        kind = _MESSAGE_TYPES.get(message.media_type.partition("/")[0], "document")
    fields = [
        ("ProfileName", message.name or "Ada"),
        ("MessageType", kind),
        ("Forwarded", "false"),
        ("FrequentlyForwarded", "false"),
        ("ReferralNumMedia", "0"),
    ]
    if record.sender.startswith("whatsapp:+"):
        fields.append(("WaId", record.sender.removeprefix("whatsapp:+")))
    if message.button:
        fields += [("ButtonPayload", message.button), ("ButtonText", record.body)]
    if message.form is not None:
        fields.append(("FlowData", json.dumps(dict(message.form))))
    return fields


def build_user_id(person: str) -> str:
    """Return the user ID of a WhatsApp contact as an address, derived from the number."""
    return f"whatsapp:US.1{person.rpartition('+')[2]:0>20}"


def build_status_fields(record: Message, change: StatusChange, account: str) -> WebhookFields:
    """Build the fields of a status callback (Twilio, "Outbound message status in status callbacks")."""
    fields = [
        ("SmsSid", record.sid),
        ("SmsStatus", change.status),
        ("MessageStatus", change.status),
        ("To", record.to),
        ("MessageSid", record.sid),
        ("AccountSid", account),
        ("From", record.sender),
        ("ApiVersion", "2010-04-01"),
    ]
    if record.service:
        fields.append(("MessagingServiceSid", record.service))
    error = ERROR_TEXTS.get(change.error_code, "Unknown error") if change.error_code is not None else ""
    if change.error_code is not None:
        fields += [("ErrorCode", str(change.error_code)), ("ErrorMessage", error)]
    if record.to.startswith("whatsapp:"):
        event = "UNDELIVERED" if change.error_code is not None else change.status.upper()
        fields += [("ChannelPrefix", "whatsapp"), ("ChannelInstallSid", f"XE{0:032x}"), ("EventType", event)]
        fields += [("ChannelStatusMessage", error)] if error else []
    elif change.status in ("delivered", "undelivered"):
        fields.append(("RawDlrDoneDate", datetime.fromtimestamp(change.at, UTC).strftime("%y%m%d%H%M")))
    return fields


def _parse_bounded(value: str, minimum: int, maximum: int, default: int) -> int:
    return min(max(int(value), minimum), maximum) if value.isascii() and value.isdigit() else default
