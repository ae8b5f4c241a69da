"""The webhooks that the twin sends: their fields, their signature and the rules of their retries."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs, quote, urlencode, urlsplit, urlunsplit

from channels._kit.simulator import Delivery, Said
from channels.twilio.simulator.records import Record, Step

Fields = list[tuple[str, str]]

_REASONS: Final = frozenset({"4xx", "5xx", "ct", "rt"})
_FIRST_WAIT: Final = 0.5


@dataclass(frozen=True, slots=True)
class Connection:
    """Timeout in seconds and retries (Twilio, "Webhook connection overrides"): the URL's fragment."""

    timeout: float
    retries: int
    reasons: frozenset[str]

    @classmethod
    def of(cls, url: str) -> Connection:
        """The overrides of a configured URL; by default one more try, only when there was no connection."""
        told = {name: values[0] for name, values in parse_qs(urlsplit(url).fragment).items()}
        reasons = frozenset(told.get("rp", "ct").split(","))
        return cls(
            timeout=_within(told.get("rt", ""), 100, 15_000, 15_000) / 1000,
            retries=_within(told.get("rc", ""), 0, 5, 1),
            reasons=_REASONS if "all" in reasons else reasons,
        )

    def wait(self, attempt: int, reason: str) -> float | None:
        """Seconds until the next try after try `attempt` failed for `reason`; `None` when there is none."""
        if attempt > self.retries or reason not in self.reasons:
            return None
        return _FIRST_WAIT * float(2 ** (attempt - 1))


def reason_of(status: int | None, timed_out: bool) -> str | None:
    """The retry policy's word for how a webhook ended; `None` when it ended well."""
    if timed_out:
        return "rt"
    if status is None:
        return "ct"
    return f"{status // 100}xx" if status >= 400 else None


def signed(url: str, fields: Fields, *, token: str, at: float, idempotency: str) -> Delivery:
    """A form POST and its signature (Twilio, "Webhooks security"): HMAC-SHA1 of URL and sorted fields."""
    target = urlsplit(url)
    plain = urlunsplit(target._replace(fragment="", netloc=target.netloc.rpartition("@")[2]))
    text = plain + "".join(name + value for name, value in sorted(set(fields)))
    digest = hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()
    return Delivery(
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
        timeout=Connection.of(url).timeout,
    )


def inbound_fields(said: Said, record: Record, account: str) -> Fields:
    """All fields of an incoming message, the undocumented and the empty ones too."""
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
        fields += [(f"MediaUrl{number}", url), (f"MediaContentType{number}", said.media_type)]
    if said.place is not None:
        fields += [("Latitude", repr(said.place[0])), ("Longitude", repr(said.place[1]))]
    if record.sender.startswith("whatsapp:"):
        fields += _whatsapp_fields(said, record)
    return fields


def _whatsapp_fields(said: Said, record: Record) -> Fields:
    kind = "interactive" if said.button else "location" if said.place else "text"
    fields = [
        ("ProfileName", said.name or "Ada"),
        ("MessageType", kind),
        ("Forwarded", "false"),
        ("FrequentlyForwarded", "false"),
        ("ReferralNumMedia", "0"),
    ]
    if record.sender.startswith("whatsapp:+"):
        fields.append(("WaId", record.sender.removeprefix("whatsapp:+")))
    if said.button:
        fields += [("ButtonPayload", said.button), ("ButtonText", record.body)]
    return fields


def status_fields(record: Record, step: Step, account: str) -> Fields:
    """A status callback (Twilio, "Outbound message status in status callbacks")."""
    fields = [
        ("SmsSid", record.sid),
        ("SmsStatus", step.status),
        ("MessageStatus", step.status),
        ("To", record.to),
        ("MessageSid", record.sid),
        ("AccountSid", account),
        ("From", record.sender),
        ("ApiVersion", "2010-04-01"),
    ]
    if step.error_code is not None:
        fields.append(("ErrorCode", str(step.error_code)))
    if record.to.startswith("whatsapp:"):
        event = "UNDELIVERED" if step.error_code is not None else step.status.upper()
        fields += [("ChannelPrefix", "whatsapp"), ("EventType", event)]
    return fields


def _within(value: str, least: int, most: int, default: int) -> int:
    return min(max(int(value), least), most) if value.isascii() and value.isdigit() else default
