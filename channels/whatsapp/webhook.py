"""Verification and parsing of Meta's webhooks."""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Iterator, Sequence
from typing import Final

from channels._kit.inbound import (
    JsonObject,
    get_identifier,
    get_object,
    get_object_list,
    get_text,
    parse_object,
    parse_query_values,
    signatures_match,
)
from channels.whatsapp.capabilities import (
    ALARM_FIELDS,
    CAPABILITIES,
    IGNORED_FIELDS,
)
from channels.whatsapp.contact_changes import parse_new_ids, parse_preferences, parse_system_message
from channels.whatsapp.identities import (
    BusinessNumber,
    parse_receiver,
    parse_sender,
)
from channels.whatsapp.message_content import MessageParser, parse_timestamp
from channels.whatsapp.message_kinds import find_ignored_echo_reason
from channels.whatsapp.statuses import parse_status
from channels.whatsapp.templates import TEMPLATE_FIELDS, parse_template_change
from core.errors import Forbidden, InvalidSignature, MalformedWebhook, WebhookTooLarge
from core.model import (
    OTHER_ACCOUNT,
    ControlAction,
    ControlReceived,
    Event,
    Ignored,
)
from core.ports import Webhook

log = logging.getLogger("turngate.whatsapp")

_SIGNATURE_HEADER: Final = "x-hub-signature-256"
_SAMPLE_NUMBER: Final = "123456123"


class Verifier:
    """Checks signatures and handshakes. Every secret of a rotation is accepted."""

    def __init__(self, *, secrets: Sequence[str], tokens: Sequence[str]) -> None:
        self._secrets = tuple(secret.encode() for secret in secrets)
        self._tokens = tuple(tokens)

    def verify(self, webhook: Webhook) -> None:
        """Accept a webhook signed by Meta, or its handshake.

        Raises `WebhookRefused` otherwise, and no other error.
        """
        if len(webhook.body) > CAPABILITIES.max_webhook_bytes:
            raise WebhookTooLarge(
                f"the body has {len(webhook.body)} bytes; the limit is {CAPABILITIES.max_webhook_bytes}"
            )
        if webhook.method == "GET":
            self._verify_handshake(webhook)
        elif webhook.method == "POST":
            self._verify_signature(webhook)
        else:
            raise MalformedWebhook("the method is not POST or GET (which is the handshake)")

    def _verify_signature(self, webhook: Webhook) -> None:
        r"""Verify HMAC-SHA256 of the raw bytes; re-serialized JSON would differ (`\/`, `\u00e9`)."""
        signature = webhook.headers.get(_SIGNATURE_HEADER, "")
        if not signature:
            raise InvalidSignature("X-Hub-Signature-256 is missing")
        digests = [hmac.new(secret, webhook.body, hashlib.sha256).hexdigest() for secret in self._secrets]
        if not any([signatures_match(f"sha256={digest}", signature) for digest in digests]):  # noqa: C419 # all of them, always
            raise InvalidSignature(
                "X-Hub-Signature-256 does not match; check that WHATSAPP_APP_SECRET is the app's secret "
                "(App settings, Basic), and that no proxy changes the body"
            )

    def _verify_handshake(self, webhook: Webhook) -> None:
        mode, token = _get_query_value(webhook, "hub.mode"), _get_query_value(webhook, "hub.verify_token")
        if mode != "subscribe" or not any([signatures_match(expected, token) for expected in self._tokens]):  # noqa: C419
            raise Forbidden("the verify token of the handshake does not match; check WHATSAPP_VERIFY_TOKEN")


def get_challenge(webhook: Webhook) -> bytes:
    """Return the response body of a verified handshake."""
    return _get_query_value(webhook, "hub.challenge").encode("utf-8", "replace")[:1000]


def _get_query_value(webhook: Webhook, name: str) -> str:
    values = parse_query_values(webhook.url, name, max_fields=CAPABILITIES.max_webhook_fields)
    return values[0] if values else ""


def parse(
    webhook: Webhook,
    parser: MessageParser,
    numbers: frozenset[str] = frozenset(),
    business_account: str = "",
) -> list[Event]:
    """Return every message, echo and status of a verified batch; a malformed item does not affect the others.

    With `numbers` only those of these phone numbers. Changes of templates are those of `business_account`.

    Unusable items are ignored rather than refused: Meta would retry them for days.
    """
    if webhook.method == "GET":
        return []
    batch = parse_object(webhook.body)
    if batch is None:
        return [Ignored(reason="not JSON")]
    if get_text(batch, "object") != "whatsapp_business_account":
        return [Ignored(reason="other object")]
    events = [
        event
        for entry in get_object_list(batch, "entry")
        for change in get_object_list(entry, "changes")
        for event in _parse_change(change, get_identifier(entry, "id"), parser, numbers, business_account)
    ]
    return events or [Ignored(reason="empty batch")]


def _parse_change(
    change: JsonObject,
    account: str,
    parser: MessageParser,
    numbers: frozenset[str],
    business_account: str,
) -> Iterator[Event]:
    field, value = get_text(change, "field"), get_object(change, "value")
    number = get_identifier(get_object(value, "metadata"), "phone_number_id", 64)
    match field:
        case _ if numbers and number and number not in numbers:
            yield Ignored(reason=OTHER_ACCOUNT)
        case "messages" | "smb_message_echoes":
            yield from _parse_messages(value, account, parser)
        case _ if field in TEMPLATE_FIELDS and account and account == business_account:
            yield parse_template_change(field, value) or Ignored(reason=field)
        case "user_id_update":
            yield from parse_new_ids(value, account)
        case "user_preferences":
            yield from parse_preferences(value, account)
        case _:
            if field in ALARM_FIELDS:
                log.error("Meta sent %s; check the account in the WhatsApp Manager", field)
            yield Ignored(reason=field if field in IGNORED_FIELDS else "other field")


def _parse_messages(value: JsonObject, account: str, parser: MessageParser) -> Iterator[Event]:
    phone_number_id = get_identifier(get_object(value, "metadata"), "phone_number_id", 64)
    for error in get_object_list(value, "errors"):
        code = get_identifier(error, "code", 20)
        log.error("Meta sent an account error: %s; check the account in the WhatsApp Manager", code)
        yield Ignored(reason="account error")
    for status in get_object_list(value, "statuses"):
        yield parse_status(status)
    if not phone_number_id and (value.get("messages") or value.get("message_echoes")):
        yield Ignored(reason="no number")
        return
    if phone_number_id == _SAMPLE_NUMBER:
        yield Ignored(reason="sample of the dashboard")
        return
    business_number, contacts = (
        BusinessNumber(account or phone_number_id, phone_number_id),
        get_object_list(value, "contacts"),
    )
    for message in get_object_list(value, "messages"):
        yield parse_system_message(message, business_number) or parser.parse(
            message, business_number, parse_sender(message, contacts)
        )
    for echo in get_object_list(value, "message_echoes"):
        yield _parse_echo(echo, business_number, contacts)


def _parse_echo(echo: JsonObject, business_number: BusinessNumber, contacts: list[JsonObject]) -> Event:
    """Parse a reply from the business's own phone: a person takes over (Meta, "smb_message_echoes").

    Edits, deletions and reactions there are not messages to the contact.
    """
    if reason := find_ignored_echo_reason(echo):
        return Ignored(reason=reason)
    contact, wamid = parse_receiver(echo, contacts), get_identifier(echo, "id")
    if not contact.recipient or not wamid:
        return Ignored(reason="echo without a person")
    aliases = contact.build_aliases(business_number)
    return ControlReceived(
        id=wamid,
        session=aliases[0],
        address=contact.build_address(business_number),
        act=ControlAction.TAKE_OVER,
        actor="business phone",
        at=parse_timestamp(echo),
        aliases=aliases,
    )
