"""Verification and parsing of Twilio's webhooks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from twilio.request_validator import (
    HMAC_SHA1,
    HMAC_SHA256,
    RequestValidator,
)

from channels._kit.inbound import (
    FORM_CONTENT_TYPE,
    MAX_FORM_LENGTH,
    FormData,
    FormValues,
    PublicUrl,
    fold_keyword,
    matches_sha256,
    parse_form,
    parse_form_values,
    parse_query_values,
    parse_request_target,
    signatures_match,
)
from channels._kit.text import redact_phone_numbers, sanitize
from channels.twilio.capabilities import (
    CAPABILITIES,
    KEYWORDS,
    NAME,
    OPT_IN_ANSWER,
    STATUSES,
    WHATSAPP_PREFIX,
    classify_error_code,
    default_retry_seconds,
    is_whatsapp,
)
from channels.twilio.identities import build_aliases, build_session_id
from core.errors import InvalidSignature, MalformedWebhook, WebhookTooLarge
from core.model import (
    OTHER_ACCOUNT,
    UNSUPPORTED_KIND,
    Address,
    Attachment,
    ControlAction,
    ControlReceived,
    DeliveryStatus,
    Event,
    Ignored,
    Location,
    QuotedMessage,
    Reaction,
    Referral,
    StatusChanged,
    Turn,
    TurnReceived,
)
from core.ports import Webhook

_MAX_TEXT_LENGTH: Final = 16_000
_MAX_NAME_LENGTH: Final = 200
_MAX_MEDIA: Final = 20
_INBOUND_STATUSES: Final = frozenset({"received", "receiving"})
_OTHER_ADDRESS_TYPE: Final = re.compile(r"(?!whatsapp:)([a-z]{2,20}):")

_DETAIL_FIELDS: Final[Mapping[str, tuple[str, int]]] = {
    "ProfileName": ("profile_name", _MAX_NAME_LENGTH),
    "ProfileUsername": ("profile_username", _MAX_NAME_LENGTH),
    "Username": ("profile_username", _MAX_NAME_LENGTH),
    "WaId": ("wa_id", _MAX_NAME_LENGTH),
    "ExternalUserId": ("external_user_id", _MAX_NAME_LENGTH),
    "MessageType": ("message_type", 40),
    "ButtonType": ("button_type", 40),
    "OriginalRepliedMessageSid": ("quoted", 64),
    "MessagingServiceSid": ("messaging_service", 64),
    "FromCountry": ("from_country", 40),
}
_KNOWN_KINDS: Final = frozenset(
    {"", "text", "image", "audio", "video", "document", "sticker", "location", "button", "interactive"}
)
_FORM_FIELDS: Final = {"InteractiveData": "interactive_data", "FlowData": "flow_data"}
_REFERRAL_FIELDS: Final[Mapping[str, tuple[str, int]]] = {
    "ReferralSourceId": ("referral_source_id", _MAX_NAME_LENGTH),
    "ReferralSourceType": ("referral_source_type", 40),
    "ReferralSourceUrl": ("referral_source_url", 1000),
    "ReferralHeadline": ("referral_headline", 500),
    "ReferralBody": ("referral_body", 1000),
    "ReferralCtwaClid": ("referral_click_id", 500),
}


class Verifier:
    """Checks signatures (Twilio, "Webhooks security"). Every token of a rotation is accepted."""

    def __init__(self, *, tokens: Sequence[str], shared_keys: Mapping[str, str], public_url: str) -> None:
        self._by_token = tuple(RequestValidator(token) for token in tokens)
        self._by_key = {key: RequestValidator(secret) for key, secret in shared_keys.items()}
        self._public_url = PublicUrl(public_url)

    def verify(self, webhook: Webhook) -> None:
        """Accept a webhook signed by Twilio. Raises `WebhookRefused` otherwise, and no other error."""
        if len(webhook.body) > CAPABILITIES.max_webhook_bytes:
            raise WebhookTooLarge(
                f"the body has {len(webhook.body)} bytes; the limit is {CAPABILITIES.max_webhook_bytes}"
            )
        signature = webhook.headers.get("x-twilio-signature", "")
        if not signature:
            raise InvalidSignature("X-Twilio-Signature is missing")
        fields = _get_signed_fields(webhook)
        validators, algorithm = self._select_validators(
            webhook.headers.get("x-twilio-webhooks-signature-settings")
        )
        for url in self._public_url.candidates(webhook.url):
            for validator in validators:
                if signatures_match(validator.compute_signature(url, fields, algorithm), signature):
                    return
        computed = self._public_url.candidates(webhook.url)[0].partition("?")[0]
        raise InvalidSignature(
            f"X-Twilio-Signature does not match; it was computed for {computed}: check that this is the "
            "URL set at Twilio (PUBLIC_URL), and check TWILIO_AUTH_TOKEN"
        )

    def _select_validators(self, settings: str | None) -> tuple[Sequence[RequestValidator], str]:
        """Return the secret named by the header and its algorithm; the header can never disable the check."""
        if settings is None:
            return self._by_token, HMAC_SHA1
        options = dict(part.strip().split("=", 1) for part in settings.split(",") if "=" in part)
        validator = self._by_key.get(options.get("key", ""))
        algorithm = options.get("algorithm", "")
        if validator is None or algorithm not in (HMAC_SHA1, HMAC_SHA256):
            raise InvalidSignature(
                "the signing key is not in TWILIO_SHARED_KEYS, or the algorithm is unknown"
            )
        return (validator,), algorithm


def parse(webhook: Webhook, account: str) -> list[Event]:
    """Read a verified webhook of our account (Twilio, "Request to your incoming message webhook URL")."""
    match _detect_format(webhook):
        case "json":
            return [Ignored(reason="json event")]
        case "query":
            return [
                _parse_event(
                    _parse_fields(parse_request_target(webhook.url).partition("?")[2].encode()), account
                )
            ]
        case _:
            return [_parse_event(_parse_fields(webhook.body), account)]


def _detect_format(webhook: Webhook) -> str:
    """Return where the fields are: "form" (the body), "query" (sent by GET) or "json" (an event stream)."""
    if webhook.method == "GET":
        return "query"
    if webhook.method != "POST":
        raise MalformedWebhook("the method is not POST or GET")
    content_type = webhook.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type == FORM_CONTENT_TYPE or (not content_type and not webhook.body):
        return "form"
    if content_type == "application/json" or content_type.endswith("+json"):
        return "json"
    raise MalformedWebhook("the content type is neither form data nor JSON")


def _parse_fields(raw: bytes) -> FormData:
    return parse_form(
        raw, max_bytes=CAPABILITIES.max_webhook_bytes, max_fields=CAPABILITIES.max_webhook_fields
    )


def _get_signed_fields(webhook: Webhook) -> FormData:
    """Return the fields that the signature covers besides the URL.

    Of a JSON body it covers only a hash in the query, so that hash is checked too: without it a captured
    signature would cover any forged body.
    """
    match _detect_format(webhook):
        case "form":
            return _parse_fields(webhook.body)
        case "json":
            hashes = parse_query_values(webhook.url, "bodySHA256", max_fields=CAPABILITIES.max_webhook_fields)
            if not hashes or not matches_sha256(webhook.body, hashes[-1]):
                raise InvalidSignature(
                    "bodySHA256 does not match the JSON body; check that no proxy changes the body"
                )
    return FormData()


def _parse_event(form: FormData, account: str) -> Event:
    if not form.first_value("AccountSid"):
        return Ignored(reason="no account")
    if form.first_value("AccountSid") != account:
        return Ignored(reason=OTHER_ACCOUNT)
    sid = _get_identifier(form, "MessageSid", "SmsSid", "SmsMessageSid")
    if not sid:
        return Ignored(reason="no message id")
    status = form.first_value("MessageStatus") or ("" if "Body" in form else form.first_value("SmsStatus"))
    if status and status not in _INBOUND_STATUSES:
        return _build_status_event(form, sid, status)
    address = Address(
        channel=NAME,
        account=account,
        ours=_get_identifier(form, "To"),
        theirs=_get_identifier(form, "From"),
    )
    if not all(each.removeprefix(WHATSAPP_PREFIX) for each in (address.ours, address.theirs)):
        return Ignored(reason="no address")
    if prefix := _OTHER_ADDRESS_TYPE.match(address.theirs) or _OTHER_ADDRESS_TYPE.match(address.ours):
        return Ignored(
            reason=f"{prefix[1]} address" if prefix[1] in ("rcs", "messenger") else "other address"
        )
    if not is_whatsapp(address.theirs) and (keyword := _get_opt_out_keyword(form)):
        return _build_control_event(keyword, sid, address)
    return _build_turn_event(form, sid, address)


def _get_identifier(form: FormData, *fields: str, limit: int = _MAX_NAME_LENGTH) -> str:
    """Return an identifier, never truncated: a truncated one would be another one."""
    identifier = form.first_value(*fields).strip()
    return identifier if len(identifier) <= limit and identifier.isprintable() else ""


def _build_status_event(form: FormData, sid: str, status_name: str) -> Event:
    status = STATUSES.get(status_name)
    if status is None:
        return Ignored(reason="unknown status")
    if status is not DeliveryStatus.FAILED:
        return StatusChanged(channel=NAME, provider_id=sid, status=status)
    code = sanitize(form.first_value("ErrorCode"), 20)
    return StatusChanged(
        channel=NAME,
        provider_id=sid,
        status=status,
        error_code=code,
        failure=classify_error_code(code).failure,
        retry_after=default_retry_seconds(code),
        error_text=redact_phone_numbers(
            form.first_value("ErrorMessage", "ChannelStatusMessage") or status_name
        ),
    )


def _get_opt_out_keyword(form: FormData) -> str:
    """Return STOP, START or HELP if Twilio handles the message as such, else the empty string.

    Advanced Opt-Out has custom keywords and reports them in OptOutType, which outranks the text.
    """
    keyword = form.first_value("OptOutType").strip().upper()
    if keyword in ("STOP", "START", "HELP"):
        return keyword
    has_media = form.first_value("NumMedia").strip("0 ")
    return "" if has_media else KEYWORDS.get(fold_keyword(form.first_value("Body")), "")


def _build_control_event(keyword: str, sid: str, address: Address) -> Event:
    if keyword == "HELP":
        return Ignored(reason="help keyword")
    action = ControlAction.OPT_OUT if keyword == "STOP" else ControlAction.OPT_IN
    return ControlReceived(id=sid, session=build_session_id(address), address=address, act=action)


def _build_turn_event(form: FormData, sid: str, address: Address) -> Event:
    aliases = build_aliases(form, address)
    kind = sanitize(form.first_value("MessageType"), 40).lower()
    text = sanitize(form.first_value("Body", "ButtonText", "ListTitle"), _MAX_TEXT_LENGTH)
    turn = Turn(
        id=sid,
        session=aliases[0] if aliases else build_session_id(address),
        address=address,
        text="" if kind == "reaction" else text,
        payload=_get_identifier(form, "ButtonPayload", "ListId", limit=1000),
        attachments=tuple(_parse_attachments(form)),
        location=_parse_location(form),
        kind=kind,
        reaction=Reaction(emoji=text[:40]) if kind == "reaction" else None,
        quoted=_parse_quoted(form),
        form=_parse_form_data(form),
        referral=_parse_referral(form),
        profile_name=sanitize(form.first_value("ProfileName"), _MAX_NAME_LENGTH),
        details=_build_details(form),
    )
    if not turn.has_content and turn.reaction is None:
        has_form = form.first_value(*_FORM_FIELDS)  # one that cannot be read, or is too long
        if not is_whatsapp(address.theirs) or (kind in _KNOWN_KINDS and not has_form):
            return Ignored(reason="empty message")
        turn = turn.model_copy(update={"kind": UNSUPPORTED_KIND})
    is_yes = not is_whatsapp(address.theirs) and fold_keyword(text) == OPT_IN_ANSWER
    return TurnReceived(turn=turn, aliases=aliases, request_confirmed=is_yes)


def _parse_quoted(form: FormData) -> QuotedMessage | None:
    sid = _get_identifier(form, "OriginalRepliedMessageSid", limit=64)
    return QuotedMessage(id=sid) if sid else None


def _parse_form_data(form: FormData) -> FormValues | None:
    """Return the values of a completed WhatsApp flow or of another interactive answer."""
    return parse_form_values(form.first_value("FlowData")) or parse_form_values(
        form.first_value("InteractiveData")
    )


def _parse_referral(form: FormData) -> Referral | None:
    """Return the advert. ReferralNumMedia is present on ordinary messages too, so it means nothing."""
    if not form.first_value("ReferralSourceId"):
        return None
    values = {
        name.removeprefix("referral_"): sanitize(form.first_value(field), limit)
        for field, (name, limit) in _REFERRAL_FIELDS.items()
    }
    return Referral(**values)


def _parse_attachments(form: FormData) -> Iterable[Attachment]:
    count = form.first_value("NumMedia")
    if not (count.isascii() and count.isdigit() and len(count) < 4):
        return
    for number in range(min(int(count), _MAX_MEDIA)):
        url = sanitize(form.first_value(f"MediaUrl{number}"), 2000)
        content_type = sanitize(form.first_value(f"MediaContentType{number}"), 100)
        if url.startswith(("https://", "http://")):
            yield Attachment(url=url, content_type=content_type) if content_type else Attachment(url=url)


def _parse_location(form: FormData) -> Location | None:
    """Return the shared location; 0 is a valid coordinate, values outside the globe are none."""
    try:
        latitude, longitude = float(form.first_value("Latitude")), float(form.first_value("Longitude"))
    except ValueError:
        return None
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):
        return None
    return Location(
        latitude=latitude,
        longitude=longitude,
        label=sanitize(form.first_value("Label"), _MAX_NAME_LENGTH),
        address=sanitize(form.first_value("Address"), 500),
    )


def _build_details(form: FormData) -> dict[str, str]:
    """Return known facts; a form is kept whole or not at all."""
    fields = (
        {**_DETAIL_FIELDS, **_REFERRAL_FIELDS} if form.first_value("ReferralSourceId") else _DETAIL_FIELDS
    )
    details = {
        name: sanitize(form.first_value(field), limit)
        for field, (name, limit) in fields.items()
        if form.first_value(field)
    }
    for field, name in _FORM_FIELDS.items():
        if 0 < len(form.first_value(field)) <= MAX_FORM_LENGTH:
            details[name] = sanitize(form.first_value(field), MAX_FORM_LENGTH)
    if "true" in (form.first_value("Forwarded"), form.first_value("FrequentlyForwarded")):
        details["forwarded"] = "true"
    return details
