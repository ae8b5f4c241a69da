"""What Meta sends us: proven to be Meta's, then every item of it read."""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Iterator, Sequence
from typing import Final

from channels._kit.inbound.json import Object, child, children, name_of, read_object, word
from channels._kit.inbound.phone_numbers import one_spelling
from channels._kit.inbound.public_url import query_values
from channels._kit.inbound.signatures import same
from channels._kit.text import without_numbers
from channels.whatsapp.capabilities import ALARMS, CAPABILITIES, LONGEST_KEY, NAME, OTHER_FIELDS, STATUSES
from channels.whatsapp.identities import Line, phone_of, receiver, sender, user_id_of
from channels.whatsapp.message_content import Reader
from core.errors import BadSignature, Forbidden, MalformedWebhook, WebhookTooLarge
from core.model.event import ControlReceived, DeliveryStatus, Event, Ignored, StatusChanged
from core.model.owner import Act
from core.ports.channel import Webhook

log = logging.getLogger("turngate.whatsapp")

_HEADER: Final = "x-hub-signature-256"
_SAMPLE_NUMBER: Final = "123456123"


class Verifier:
    """Checks signatures and handshakes. Every secret of a rotation is good."""

    def __init__(self, *, secrets: Sequence[str], tokens: Sequence[str]) -> None:
        self._secrets = tuple(secret.encode() for secret in secrets)
        self._tokens = tuple(tokens)

    def verify(self, webhook: Webhook) -> None:
        """Pass what Meta signed, or its handshake. Raises `Refused` otherwise, never anything else."""
        if len(webhook.body) > CAPABILITIES.max_webhook_bytes:
            raise WebhookTooLarge(f"{len(webhook.body)} bytes")
        if webhook.method == "GET":
            self._shake_hands(webhook)
        elif webhook.method == "POST":
            self._check(webhook)
        else:
            raise MalformedWebhook("Meta sends POST, and GET for its handshake")

    def _check(self, webhook: Webhook) -> None:
        """HMAC-SHA256 of the raw bytes: parsed and written anew they would differ (`\\/`, `\\u00e9`)."""
        given = webhook.headers.get(_HEADER, "")
        if not given:
            raise BadSignature("X-Hub-Signature-256 is missing")
        digests = [hmac.new(secret, webhook.body, hashlib.sha256).hexdigest() for secret in self._secrets]
        if not any([same(f"sha256={digest}", given) for digest in digests]):  # noqa: C419 # all of them, always
            raise BadSignature(
                "X-Hub-Signature-256 does not match; check that WHATSAPP_APP_SECRET is the app's secret "
                "(App settings, Basic), and that no proxy changes the body"
            )

    def _shake_hands(self, webhook: Webhook) -> None:
        mode, token = _queried(webhook, "hub.mode"), _queried(webhook, "hub.verify_token")
        if mode != "subscribe" or not any([same(known, token) for known in self._tokens]):  # noqa: C419
            raise Forbidden("the handshake does not know WHATSAPP_VERIFY_TOKEN")


def challenge(webhook: Webhook) -> bytes:
    """What a verified handshake is answered with."""
    return _queried(webhook, "hub.challenge").encode("utf-8", "replace")[:1000]


def _queried(webhook: Webhook, name: str) -> str:
    values = query_values(webhook.url, name, max_fields=CAPABILITIES.max_webhook_fields)
    return values[0] if values else ""


def parse(webhook: Webhook, reader: Reader) -> list[Event]:
    """Every message, echo and status of a verified batch; a bad item harms none of the others.

    What cannot be used is ignored rather than refused: Meta would bring it back for days.
    """
    if webhook.method == "GET":
        return []
    batch = read_object(webhook.body)
    if batch is None:
        return [Ignored(reason="not JSON")]
    if word(batch, "object") != "whatsapp_business_account":
        return [Ignored(reason="other object")]
    events = [
        event
        for entry in children(batch, "entry")
        for change in children(entry, "changes")
        for event in _change(change, name_of(entry, "id"), reader)
    ]
    return events or [Ignored(reason="empty batch")]


def _change(change: Object, account: str, reader: Reader) -> Iterator[Event]:
    field, value = word(change, "field"), child(change, "value")
    match field:
        case "messages" | "smb_message_echoes":
            yield from _messages(value, account, reader)
        case "user_id_update":
            yield from _new_ids(value, account)
        case _:
            if field in ALARMS:
                log.error("Meta reports %s; look at the WhatsApp Manager", field)
            yield Ignored(reason=field if field in OTHER_FIELDS else "other field")


def _messages(value: Object, account: str, reader: Reader) -> Iterator[Event]:
    ours = name_of(child(value, "metadata"), "phone_number_id", 64)
    for error in children(value, "errors"):
        code = name_of(error, "code", 20)
        log.error("Meta reports an error of the account: %s", code)
        yield Ignored(reason="account error")
    for status in children(value, "statuses"):
        yield _status(status)
    if not ours and (value.get("messages") or value.get("message_echoes")):
        yield Ignored(reason="no number")
        return
    if ours == _SAMPLE_NUMBER:
        yield Ignored(reason="sample of the dashboard")
        return
    line, contacts = Line(account or ours, ours), children(value, "contacts")
    for message in children(value, "messages"):
        yield _system(message, line) or reader.event(message, line, sender(message, contacts))
    for echo in children(value, "message_echoes"):
        yield _echo(echo, line, contacts)


def _echo(echo: Object, line: Line, contacts: list[Object]) -> Event:
    """A person answered from the business's own phone: they speak now (Meta, "smb_message_echoes")."""
    person, wamid = receiver(echo, contacts), name_of(echo, "id")
    if not person.theirs or not wamid:
        return Ignored(reason="echo without a person")
    aliases = person.aliases(line)
    return ControlReceived(
        id=wamid,
        session=aliases[0],
        address=person.address(line),
        act=Act.TAKE_OVER,
        actor="business phone",
        aliases=aliases,
    )


def _status(status: Object) -> Event:
    wamid, kind = name_of(status, "id"), STATUSES.get(word(status, "status"))
    if not wamid:
        return Ignored(reason="no message id")
    if kind is None:
        return Ignored(reason="unknown status")
    error = next(iter(children(status, "errors")), {})
    failed = kind is DeliveryStatus.FAILED
    text = word(child(error, "error_data"), "details") or word(error, "title") or word(error, "message")
    return StatusChanged(
        channel=NAME,
        provider_id=wamid,
        status=kind,
        error_code=name_of(error, "code", 20) if failed else "",
        error_text=without_numbers(text or "failed") if failed else "",
        reply_key=name_of(status, "biz_opaque_callback_data", LONGEST_KEY),
        details=_price(child(status, "pricing")),
    )


def _price(pricing: Object) -> dict[str, str]:
    found = {name: word(pricing, name, 60) for name in ("category", "type", "pricing_model")}
    return {f"price_{name}": value for name, value in found.items() if value}


def _system(message: Object, line: Line) -> Event | None:
    """A new number or id of a known person: both names lead to the one session from now on."""
    if word(message, "type") != "system":
        return None
    system = child(message, "system")
    known = [phone_of(message, "from"), user_id_of(message, "from_user_id")]
    match word(system, "type"):
        case "user_changed_number" | "customer_changed_number":
            new = phone_of(system, "wa_id") or phone_of(system, "new_wa_id")
            return Ignored(reason="changed number", aliases=_names(line, *known, new) if new else ())
        case "user_changed_user_id":
            new = user_id_of(system, "user_id")
            return Ignored(reason="changed user id", aliases=_names(line, *known, new) if new else ())
        case _:
            return Ignored(reason="system message")


def _new_ids(value: Object, account: str) -> Iterator[Event]:
    ours = name_of(child(value, "metadata"), "phone_number_id", 64)
    for update in children(value, "user_id_update"):
        pair = child(update, "user_id")
        old, new = user_id_of(pair, "previous"), user_id_of(pair, "current")
        known = bool(old and new and ours)
        line = Line(account, ours)
        yield Ignored(reason="changed user id", aliases=_names(line, old, new) if known else ())


def _names(line: Line, *names: str) -> tuple[str, ...]:
    spelled = [
        one_spelling(f"+{name.removeprefix('+')}") if name.strip("+").isdigit() else name for name in names
    ]
    return tuple(line.session(name) for name in spelled if name)
