"""What Twilio sends us: proven to be Twilio's, then read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from twilio.request_validator import (  # type: ignore[import-untyped]
    HMAC_SHA1,
    HMAC_SHA256,
    RequestValidator,
)

from channels._kit.inbound.forms import FORM_TYPE, Form, read_form
from channels._kit.inbound.phone_numbers import one_spelling
from channels._kit.inbound.public_url import PublicUrl, query_values, target
from channels._kit.inbound.signatures import same, same_sha256
from channels._kit.text import clean, without_numbers
from channels.twilio.capabilities import CAPABILITIES, KEYWORDS, NAME, STATUSES, WHATSAPP, is_whatsapp
from core.errors import BadSignature, MalformedWebhook, WebhookTooLarge
from core.model.event import ControlReceived, DeliveryStatus, Event, Ignored, StatusChanged, TurnReceived
from core.model.owner import Act
from core.model.turn import Address, Attachment, Location, Turn
from core.ports.channel import Webhook

_LONGEST_TEXT: Final = 16_000
_LONGEST_NAME: Final = 200
_MOST_MEDIA: Final = 20
_INBOUND: Final = frozenset({"received", "receiving"})
_OTHER_KIND: Final = re.compile(r"(?!whatsapp:)([a-z]{2,20}):")

_DETAILS: Final[Mapping[str, tuple[str, int]]] = {
    "ProfileName": ("profile_name", _LONGEST_NAME),
    "ProfileUsername": ("profile_username", _LONGEST_NAME),
    "Username": ("profile_username", _LONGEST_NAME),
    "WaId": ("wa_id", _LONGEST_NAME),
    "ExternalUserId": ("external_user_id", _LONGEST_NAME),
    "MessageType": ("message_type", 40),
    "ButtonType": ("button_type", 40),
    "OriginalRepliedMessageSid": ("quoted", 64),
    "MessagingServiceSid": ("messaging_service", 64),
    "FromCountry": ("from_country", 40),
    "InteractiveData": ("interactive_data", 4000),
    "FlowData": ("flow_data", 4000),
}
_REFERRAL: Final[Mapping[str, tuple[str, int]]] = {
    "ReferralSourceId": ("referral_source_id", _LONGEST_NAME),
    "ReferralSourceType": ("referral_source_type", 40),
    "ReferralSourceUrl": ("referral_source_url", 1000),
    "ReferralHeadline": ("referral_headline", 500),
    "ReferralBody": ("referral_body", 1000),
    "ReferralCtwaClid": ("referral_click_id", 500),
}


class Verifier:
    """Checks signatures (Twilio, "Webhooks security"). Every token of a rotation is good."""

    def __init__(self, *, tokens: Sequence[str], shared_keys: Mapping[str, str], public_url: str) -> None:
        self._by_token = tuple(RequestValidator(token) for token in tokens)
        self._by_key = {key: RequestValidator(secret) for key, secret in shared_keys.items()}
        self._public_url = PublicUrl(public_url)

    def verify(self, webhook: Webhook) -> None:
        """Pass a webhook that Twilio signed. Raises `Refused` otherwise, never anything else."""
        if len(webhook.body) > CAPABILITIES.max_webhook_bytes:
            raise WebhookTooLarge(f"{len(webhook.body)} bytes")
        signature = webhook.headers.get("x-twilio-signature", "")
        if not signature:
            raise BadSignature("X-Twilio-Signature is missing")
        fields = _signed_fields(webhook)
        validators, algorithm = self._keys(webhook.headers.get("x-twilio-webhooks-signature-settings"))
        for url in self._public_url.spellings(webhook.url):
            for validator in validators:
                if same(validator.compute_signature(url, fields, algorithm), signature):
                    return
        computed = self._public_url.spellings(webhook.url)[0].partition("?")[0]
        raise BadSignature(
            f"X-Twilio-Signature does not match; we computed it for {computed}: check that this is the "
            "address set at Twilio (PUBLIC_URL), and TWILIO_AUTH_TOKEN"
        )

    def _keys(self, settings: str | None) -> tuple[Sequence[RequestValidator], str]:
        """The secret that the header names among ours, and its algorithm; it can never name "no check"."""
        if settings is None:
            return self._by_token, HMAC_SHA1
        named = dict(part.strip().split("=", 1) for part in settings.split(",") if "=" in part)
        validator = self._by_key.get(named.get("key", ""))
        algorithm = named.get("algorithm", "")
        if validator is None or algorithm not in (HMAC_SHA1, HMAC_SHA256):
            raise BadSignature(
                "signed with a key that TWILIO_SHARED_KEYS does not hold, or an unknown algorithm"
            )
        return (validator,), algorithm


def parse(webhook: Webhook, account: str) -> list[Event]:
    """Read a verified webhook of our account (Twilio, "Request to your incoming message webhook URL")."""
    match _kind(webhook):
        case "json":
            return [Ignored(reason="json event")]
        case "query":
            return [_event(_read(target(webhook.url).partition("?")[2].encode()), account)]
        case _:
            return [_event(_read(webhook.body), account)]


def _kind(webhook: Webhook) -> str:
    """Where the fields are: "form" (the body), "query" (a number set to GET) or "json" (an event stream)."""
    if webhook.method == "GET":
        return "query"
    if webhook.method != "POST":
        raise MalformedWebhook("Twilio sends POST or GET only")
    content_type = webhook.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type == FORM_TYPE or (not content_type and not webhook.body):
        return "form"
    if content_type == "application/json" or content_type.endswith("+json"):
        return "json"
    raise MalformedWebhook("neither a form nor JSON")


def _read(raw: bytes) -> Form:
    return read_form(
        raw, max_bytes=CAPABILITIES.max_webhook_bytes, max_fields=CAPABILITIES.max_webhook_fields
    )


def _signed_fields(webhook: Webhook) -> Form:
    """The fields that the signature covers next to the URL.

    Of a JSON body it covers only a hash in the query, so that hash is checked too: without it a captured
    signature would cover any forged body.
    """
    match _kind(webhook):
        case "form":
            return _read(webhook.body)
        case "json":
            hashes = query_values(webhook.url, "bodySHA256", max_fields=CAPABILITIES.max_webhook_fields)
            if not hashes or not same_sha256(webhook.body, hashes[-1]):
                raise BadSignature("the body of a JSON webhook is not the one that was signed")
    return Form()


def _event(form: Form, account: str) -> Event:
    if not form.first("AccountSid"):
        return Ignored(reason="no account")
    if form.first("AccountSid") != account:
        return Ignored(reason="other account")
    sid = _name(form, "MessageSid", "SmsSid", "SmsMessageSid")
    if not sid:
        return Ignored(reason="no message id")
    status = form.first("MessageStatus") or ("" if "Body" in form else form.first("SmsStatus"))
    if status and status not in _INBOUND:
        return _status(form, sid, status)
    address = Address(
        channel=NAME,
        account=account,
        ours=_name(form, "To"),
        theirs=_name(form, "From"),
    )
    if not address.ours or not address.theirs:
        return Ignored(reason="no address")
    if other := _OTHER_KIND.match(address.theirs) or _OTHER_KIND.match(address.ours):
        return Ignored(reason=f"{other[1]} address" if other[1] in ("rcs", "messenger") else "other address")
    if not is_whatsapp(address.theirs) and (keyword := _keyword(form)):
        return _control(keyword, sid, address)
    return _turn(form, sid, address)


def _name(form: Form, *fields: str, limit: int = _LONGEST_NAME) -> str:
    """An identifier, whole or not at all: half a name is another one."""
    found = form.first(*fields).strip()
    return found if len(found) <= limit and found.isprintable() else ""


def _status(form: Form, sid: str, word: str) -> Event:
    status = STATUSES.get(word)
    if status is None:
        return Ignored(reason="unknown status")
    if status is not DeliveryStatus.FAILED:
        return StatusChanged(channel=NAME, provider_id=sid, status=status)
    return StatusChanged(
        channel=NAME,
        provider_id=sid,
        status=status,
        error_code=clean(form.first("ErrorCode"), 20),
        error_text=without_numbers(form.first("ErrorMessage", "ChannelStatusMessage") or word),
    )


def _keyword(form: Form) -> str:
    """STOP, START or HELP when Twilio handles the message as such, else the empty string.

    Advanced Opt-Out has words of its own and says so in OptOutType, which outranks the text.
    """
    said = form.first("OptOutType").strip().upper()
    if said in ("STOP", "START", "HELP"):
        return said
    return KEYWORDS.get(form.first("Body").strip().upper(), "")


def _control(keyword: str, sid: str, address: Address) -> Event:
    if keyword == "HELP":
        return Ignored(reason="help keyword")
    act = Act.OPT_OUT if keyword == "STOP" else Act.OPT_IN
    return ControlReceived(id=sid, session=_session(address), address=address, act=act)


def _session(address: Address) -> str:
    """One session for one person: WhatsApp tells some numbers now with, now without their mobile digit."""
    theirs = address.theirs
    if is_whatsapp(theirs):
        theirs = WHATSAPP + one_spelling(theirs.removeprefix(WHATSAPP))
    return f"{NAME}:{address.account}:{address.ours}:{theirs}"


def _turn(form: Form, sid: str, address: Address) -> Event:
    turn = Turn(
        id=sid,
        session=_session(address),
        address=address,
        text=clean(form.first("Body", "ButtonText", "ListTitle"), _LONGEST_TEXT),
        payload=_name(form, "ButtonPayload", "ListId", limit=1000),
        attachments=tuple(_attachments(form)),
        location=_location(form),
        details=_details(form),
    )
    told = turn.text.strip() or turn.payload or turn.attachments or turn.location
    if not told and not form.first("FlowData", "InteractiveData"):
        return Ignored(reason="empty message")
    return TurnReceived(turn=turn)


def _attachments(form: Form) -> Iterable[Attachment]:
    count = form.first("NumMedia")
    if not (count.isascii() and count.isdigit() and len(count) < 4):
        return
    for number in range(min(int(count), _MOST_MEDIA)):
        url = clean(form.first(f"MediaUrl{number}"), 2000)
        content_type = clean(form.first(f"MediaContentType{number}"), 100)
        if url.startswith(("https://", "http://")):
            yield Attachment(url=url, content_type=content_type) if content_type else Attachment(url=url)


def _location(form: Form) -> Location | None:
    """The shared place; 0 is a coordinate like any other, and what is not on the globe is none."""
    try:
        latitude, longitude = float(form.first("Latitude")), float(form.first("Longitude"))
    except ValueError:
        return None
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):
        return None
    return Location(
        latitude=latitude,
        longitude=longitude,
        label=clean(form.first("Label"), _LONGEST_NAME),
        address=clean(form.first("Address"), 500),
    )


def _details(form: Form) -> dict[str, str]:
    """Facts that are known and useful. ReferralNumMedia stands on ordinary messages too: it tells nothing."""
    wanted = {**_DETAILS, **_REFERRAL} if form.first("ReferralSourceId") else _DETAILS
    found = {
        name: clean(form.first(field), limit) for field, (name, limit) in wanted.items() if form.first(field)
    }
    if "true" in (form.first("Forwarded"), form.first("FrequentlyForwarded")):
        found["forwarded"] = "true"
    return found
