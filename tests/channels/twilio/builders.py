"""Builders of a Twilio channel and of webhooks signed by Twilio's own package."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl, quote, urlencode

from twilio.request_validator import RequestValidator

from channels.twilio import TwilioChannel, create_channel
from core.model import Event, Turn, TurnReceived
from core.ports import Webhook
from tests.paths import ROOT

ACCOUNT = "AC00000000000000000000000000000001"
TOKEN = "0123456789abcdef0123456789abcdef"
PUBLIC = "https://bots.example.com"
URL = f"{PUBLIC}/webhooks/twilio"
SEEN = "http://10.0.0.7:8000/webhooks/twilio"
ENVIRON = {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN}
FORM = "application/x-www-form-urlencoded"

Fields = Iterable[tuple[str, str]]


class _Values(dict[str, list[str]]):
    def getlist(self, name: str) -> list[str]:
        return self[name]


def build_channel(public_url: str = PUBLIC, **settings: str) -> TwilioChannel:
    channel = create_channel({**ENVIRON, **settings}, public_url)
    assert channel is not None
    return channel


def read_payload(name: str) -> list[tuple[str, str]]:
    raw = (ROOT / "tests" / "payloads" / "twilio" / f"{name}.form").read_text(encoding="utf-8")
    return parse_qsl(raw, keep_blank_values=True)


def build_payload(name: str, **fields: str) -> list[tuple[str, str]]:
    """Return a payload with some fields replaced or added."""
    return [pair for pair in read_payload(name) if pair[0] not in fields] + list(fields.items())


def compute_signature(url: str, fields: Fields, token: str = TOKEN, algorithm: str = "HMAC_SHA1") -> str:
    values = _Values()
    for name, value in fields:
        values.setdefault(name, []).append(value)
    return str(RequestValidator(token).compute_signature(url, values, algorithm))


def build_webhook(
    fields: Fields,
    *,
    url: str = URL,
    seen: str = SEEN,
    token: str = TOKEN,
    headers: Mapping[str, str] | None = None,
) -> Webhook:
    """Return a form POST as the server receives it, signed over the public URL."""
    pairs = list(fields)
    signed = {"content-type": FORM, "x-twilio-signature": compute_signature(url, pairs, token)}
    return Webhook("POST", seen, {**signed, **(headers or {})}, urlencode(pairs, quote_via=quote).encode())


def build_get_webhook(fields: Fields) -> Webhook:
    """Return the webhook of a number that is configured to GET."""
    query = urlencode(list(fields))
    return Webhook(
        "GET", f"{SEEN}?{query}", {"x-twilio-signature": compute_signature(f"{URL}?{query}", [])}, b""
    )


def parse_event(fields: Fields, channel: TwilioChannel | None = None) -> Event:
    """Verify and parse a form, and return its event."""
    used, hook = channel or build_channel(), build_webhook(fields)
    used.verify(hook)
    [event] = used.parse(hook)
    return event


def parse_turn(fields: Fields) -> Turn:
    event = parse_event(fields)
    assert isinstance(event, TurnReceived)
    return event.turn
