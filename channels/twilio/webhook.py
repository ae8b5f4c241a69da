"""Verification and parsing of Twilio's webhooks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from twilio.request_validator import (
    HMAC_SHA1,
    HMAC_SHA256,
    RequestValidator,
)

from channels._kit.inbound import (
    FORM_CONTENT_TYPE,
    FormData,
    PublicUrl,
    fold_keyword,
    matches_sha256,
    parse_form,
    parse_query_values,
    parse_request_target,
    signatures_match,
)
from channels._kit.text import redact_phone_numbers, sanitize
from channels.twilio.capabilities import (
    CAPABILITIES,
    KEYWORDS,
    NAME,
    STATUSES,
    WHATSAPP_PREFIX,
    classify_error_code,
    default_retry_seconds,
    is_whatsapp,
)
from channels.twilio.identities import build_aliases, build_session_id, read_address, read_identifier
from channels.twilio.message_content import build_turn_event
from core.errors import InvalidSignature, MalformedWebhook, WebhookTooLarge
from core.model import (
    OTHER_ACCOUNT,
    Address,
    ConsentRequest,
    ControlAction,
    ControlReceived,
    DeliveryStatus,
    Event,
    Ignored,
    StatusChanged,
    TurnReceived,
)
from core.ports import Webhook

_INBOUND_STATUSES: Final = frozenset({"received", "receiving"})
_NAMED_TYPES: Final = frozenset({"rcs", "messenger"})
_OTHER_ADDRESS_TYPE: Final = re.compile(r"(?!whatsapp:)([a-z]{2,20}):", re.IGNORECASE)


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


@lru_cache(maxsize=2)
def _parse_fields(raw: bytes) -> FormData:
    """Return the fields; verification and parsing read the same ones, one after the other."""
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
    sid = read_identifier(form, "MessageSid", "SmsSid", "SmsMessageSid")
    if not sid:
        return Ignored(reason="no message id")
    status = _read_status(form)
    if status and status not in _INBOUND_STATUSES:
        return _build_status_event(form, sid, status)
    address = Address(
        channel=NAME, account=account, ours=read_address(form, "To"), theirs=read_address(form, "From")
    )
    if not all(each.removeprefix(WHATSAPP_PREFIX) for each in (address.ours, address.theirs)):
        return Ignored(reason="no address")
    if prefix := _OTHER_ADDRESS_TYPE.match(address.theirs) or _OTHER_ADDRESS_TYPE.match(address.ours):
        return Ignored(
            reason=f"{prefix[1]} address".lower() if prefix[1].lower() in _NAMED_TYPES else "other address"
        )
    if keyword := _get_opt_out_keyword(form, is_sms=not is_whatsapp(address.theirs)):
        return _build_control_event(keyword, sid, address, build_aliases(form, address))
    event = build_turn_event(form, sid, address)
    if isinstance(event, TurnReceived) and not is_whatsapp(address.theirs):
        return event.model_copy(update={"request": _find_request(form)})
    return event


def _read_status(form: FormData) -> str:
    """Return the status that a callback reports; empty, or that of a received message, for a message.

    Older callbacks have only SmsStatus, and may repeat the body of the message that was sent.
    """
    old = form.first_value("SmsStatus").strip().lower()
    return form.first_value("MessageStatus").strip().lower() or (
        "" if "Body" in form and old not in STATUSES else old
    )


def _build_status_event(form: FormData, sid: str, status_name: str) -> Event:
    status = STATUSES.get(status_name)
    if status is None:
        return Ignored(reason="unknown status")
    if status is not DeliveryStatus.FAILED:
        return StatusChanged(channel=NAME, provider_id=sid, status=status)
    code = sanitize(form.first_value("ErrorCode"), 20).strip()
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


def _get_opt_out_keyword(form: FormData, *, is_sms: bool) -> str:
    """Return STOP, START or HELP if Twilio handles the message as such, else the empty string.

    Advanced Opt-Out has custom keywords and reports them in OptOutType, which outranks the text.
    """
    keyword = form.first_value("OptOutType").strip().upper()
    if keyword in ("STOP", "START", "HELP"):
        return keyword
    if not is_sms or _has_media(form):
        return ""
    text = form.first_value("Body").strip().lower()
    return KEYWORDS.get("optout" if text == "opt out" else text, "")


def _find_request(form: FormData) -> ConsentRequest | None:
    """Return what a keyword in another spelling ("Stop.") asks for, which Twilio does not know."""
    keyword = "" if _has_media(form) else KEYWORDS.get(fold_keyword(form.first_value("Body")), "")
    return {"STOP": ConsentRequest.OPT_OUT, "START": ConsentRequest.OPT_IN}.get(keyword)


def _has_media(form: FormData) -> bool:
    return bool(form.first_value("NumMedia").strip("0 "))


def _build_control_event(keyword: str, sid: str, address: Address, aliases: tuple[str, ...]) -> Event:
    if keyword == "HELP":
        return Ignored(reason="help keyword")
    action = ControlAction.OPT_OUT if keyword == "STOP" else ControlAction.OPT_IN
    session = aliases[0] if aliases else build_session_id(address)
    return ControlReceived(id=sid, session=session, address=address, act=action, aliases=aliases)
