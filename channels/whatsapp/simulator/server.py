"""Simulated Cloud API of Meta: messages, signed webhooks, retries and faults."""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Final

from channels._kit.simulator import (
    Exchange,
    FaultInjector,
    FaultSettings,
    FetchedFile,
    MalformedRequest,
    Operation,
    PublicUrls,
    SimulatorRequest,
    SimulatorResponse,
    TranscriptEntry,
    UserMessage,
    WebhookDelivery,
    WebhookResult,
    parse_json_object,
)
from channels.whatsapp.simulator.app_resource import AppResource
from channels.whatsapp.simulator.media_store import MediaStore, is_acceptable
from channels.whatsapp.simulator.message_validation import RefusedMessage, validate_message
from channels.whatsapp.simulator.rate_limits import SendLimiter
from channels.whatsapp.simulator.records import (
    IdentityMode,
    Json,
    Message,
    MessageStore,
    StatusChange,
    build_content,
    build_signed_delivery,
    get_media_object,
    get_text_and_media,
)
from channels.whatsapp.simulator.responses import (
    ERROR_TITLES,
    FAULT_RESPONSES,
    error_response,
    json_response,
)
from channels.whatsapp.simulator.statuses import build_status_value
from channels.whatsapp.simulator.template_validation import validate_template
from channels.whatsapp.simulator.templates import MessageTemplate, TemplateStore, default_templates

_SERVICE_WINDOW_SECONDS: Final = 24 * 3600.0
_STATUS_STEP_SECONDS: Final = 0.2
_RETRY_PERIOD_SECONDS: Final = 7 * 24 * 3600.0
_FIRST_RETRY_SECONDS: Final = 5.0
_MAX_RETRY_SECONDS: Final = 6 * 3600.0
_VERSION: Final = re.compile(r"v[1-9]\d?\.0")
_PUNCTUATION: Final = re.compile(r"[+ ()\-]")
"""Characters of a written number that Meta ignores."""
_LATE_FAILURES: Final = ("131026", "131049")


class WhatsAppSimulator:
    """One app with one number. The same `seed` gives the same ids; `identity` selects the identifiers sent.

    Numbers are stored in E.164 (+1…); Meta's digits only appear in what it sends.
    """

    name = "whatsapp"

    def __init__(
        self,
        *,
        app_secret: str,
        access_token: str,
        webhook_url: str,
        seed: int,
        phone_number_id: str = "800000000000001",
        display_number: str = "15550102",
        account: str = "900000000000001",
        identity: IdentityMode = IdentityMode.BOTH,
        max_messages: int = 100_000,
        templates: Sequence[MessageTemplate] | None = None,
    ) -> None:
        self._secret = app_secret
        self._token = access_token
        self._webhook_url = webhook_url
        self._urls = PublicUrls([webhook_url])
        self.app_resource = AppResource(app_secret, webhook_url)
        self.phone_number_id = phone_number_id
        self._display_number = display_number
        self._account = account
        self.identity = identity
        self._random = Random(seed)  # noqa: S311 # chance that can be played again, no secret
        self._faults = FaultInjector(self._random, FAULT_RESPONSES)
        self.templates = TemplateStore(default_templates() if templates is None else templates)
        self._message_store = MessageStore(max_messages)
        self._last_inbound_at: dict[str, float] = {}
        self._limiter = SendLimiter()
        self._media = MediaStore(self._random)
        self._fetching: dict[str, tuple[Message, str]] = {}
        self._first_attempts: dict[bytes, float] = {}

    def set_faults(self, faults: FaultSettings) -> None:
        """Replace the faults."""
        self._faults.configure(faults)

    def list_messages(self, now: float, *, person: str = "", after: int = 0) -> list[TranscriptEntry]:
        """Return the transcript of one contact or of all, oldest first, with numbers above `after`."""
        return [
            record.to_transcript_entry(now)
            for record in self._message_store.list_for_person(person)
            if record.number > after
        ]

    def send_user_message(self, user_message: UserMessage, now: float) -> tuple[str, list[WebhookDelivery]]:
        """Send a contact's message: its id and the webhook. Raises `KeyError` for another surface."""
        [wamid], deliveries = self.send_user_messages([user_message], now)
        return wamid, deliveries

    def send_user_messages(
        self, messages: Sequence[UserMessage], now: float
    ) -> tuple[list[str], list[WebhookDelivery]]:
        """Send messages of several contacts as one batch, one change for each."""
        recorded = [self._record_user_message(message, now) for message in messages]
        webhook = self._build_webhook([change for _, change in recorded], now)
        return [wamid for wamid, _ in recorded], self._faults.spread_webhook(webhook)

    def reply_from_phone(self, person: str, text: str, now: float) -> list[WebhookDelivery]:
        """Send a message from the business's own phone (Meta, "smb_message_echoes")."""
        echo = {
            "from": self._display_number,
            "to": person.lstrip("+"),
            "id": self._random_wamid(),
            "timestamp": str(int(now)),
            "type": "text",
            "text": {"body": text},
        }
        value = {**self._webhook_metadata(), "message_echoes": [echo]}
        return [self._build_webhook([{"field": "smb_message_echoes", "value": value}], now)]

    def change_template(
        self,
        name: str,
        language: str,
        now: float,
        *,
        status: str = "",
        quality: str = "",
        category: str = "",
        reason: str = "NONE",
    ) -> list[WebhookDelivery]:
        """Change status, quality or category of a template, and report each by a webhook of its own."""
        changes = self.templates.change(
            name, language, status=status, quality=quality, category=category, reason=reason
        )
        return [
            each
            for change in changes
            for each in self._faults.spread_webhook(self._build_webhook([change], now))
        ]

    def handle(self, request: SimulatorRequest, now: float) -> Exchange:
        """Handle a Graph API request."""
        version, *path = request.url.partition("?")[0].split("/")[1:]
        if not _VERSION.fullmatch(version):
            return error_response(400, 2500, f"Unknown path components: /{version}"), []
        token = self.app_resource.token if path[-1:] == ["subscriptions"] else self._token
        expected = f"Bearer {token}".encode()
        if not hmac.compare_digest(expected, request.headers.get("authorization", "").encode()):
            return error_response(401, 190, "Invalid OAuth access token"), []
        try:
            return self._faults.apply(_get_operation(request, path), lambda: self._route(request, path, now))
        except MalformedRequest as error:
            return error_response(400, 100, "Invalid parameter", str(error)), []

    def _route(self, request: SimulatorRequest, path: Sequence[str], now: float) -> Exchange:
        match request.method, path:
            case "POST", [number, "messages"] if number == self.phone_number_id:
                return self._handle_message(parse_json_object(request), now)
            case "POST", [number, "media"] if number == self.phone_number_id:
                return self._media.handle_upload(request), []
            case "GET", [account, "message_templates"] if account == self._account:
                return self.templates.list_page(request.url.partition("?")[2]), []
            case "GET", [number] if number == self.phone_number_id:
                about = {"id": number, "display_phone_number": self._display_number}
                return json_response(200, {**about, "verified_name": "Shop", "quality_rating": "GREEN"}), []
            case "GET", [medium] if medium in self._media:
                return self._media.describe(medium, request), []
            case "DELETE", [medium] if medium in self._media:
                return self._media.delete(medium), []
            case "GET", ["bytes", medium]:
                return self._media.download(medium), []
        if answer := self.app_resource.handle(request, path):
            return answer, []
        return error_response(400, 100, "Unsupported request: the object does not exist"), []

    def handle_delivery_result(
        self, delivery: WebhookDelivery, result: WebhookResult, now: float
    ) -> list[WebhookDelivery]:
        """Retry after any status but 200: at once, then with exponential backoff, for seven days."""
        if result.status == 200:
            self._first_attempts.pop(delivery.body, None)
            return []
        first = self._first_attempts.setdefault(delivery.body, now)
        delay = 0.0
        if delivery.attempt > 1:
            delay = min(_FIRST_RETRY_SECONDS * 2.0 ** min(delivery.attempt - 2, 20), _MAX_RETRY_SECONDS)
        if now + delay - first > _RETRY_PERIOD_SECONDS:
            self._first_attempts.pop(delivery.body, None)
            return []
        return [replace(delivery, at=now + delay, attempt=delivery.attempt + 1)]

    def handle_fetched_file(
        self, delivery: WebhookDelivery, file: FetchedFile | None, now: float
    ) -> list[WebhookDelivery]:
        """Judge the file of a link by type and size: one that is not taken fails the message (131053)."""
        record, to = self._fetching.pop(delivery.headers["message"])
        kind, _ = get_media_object(record.request_body or {})
        if not is_acceptable(kind, file):
            record.status_changes[:] = [StatusChange(now, "failed", 131053)]
        return self._build_status_webhooks(record, to)

    def _record_user_message(self, user_message: UserMessage, now: float) -> tuple[str, Json]:
        if user_message.surface != self.name:
            raise KeyError(user_message.surface)
        phone, user_id = user_message.person.lstrip("+"), build_user_id(user_message.person)
        self._last_inbound_at[phone] = self._last_inbound_at[user_id] = now
        answered = None
        if user_message.button:
            answered = self._message_store.find_offering(user_message.person, user_message.button)
        elif user_message.reaction:
            answered = self._message_store.find_newest_sent(user_message.person)
        media = self._media.add(user_message.media)
        sender = (
            {"from": phone, "from_user_id": user_id}
            if self.identity is not IdentityMode.PHONE
            else {"from": phone}
        )
        if self.identity is IdentityMode.HIDDEN:
            del sender["from"]
        wamid = self._random_wamid()
        message = {
            **sender,
            "id": wamid,
            "timestamp": str(int(now)),
            **build_content(user_message, answered, media),
        }
        self._message_store.add(
            Message(
                self._message_store.next_number(),
                now,
                "in",
                wamid,
                self.phone_number_id,
                user_message.person,
                user_message.text,
                user_message.media,
            )
        )
        contact: Json = {"profile": {"name": user_message.name or "Ada"}}
        contact |= {"wa_id": phone} if "from" in sender else {}
        contact |= {"user_id": user_id} if "from_user_id" in sender else {}
        value = {**self._webhook_metadata(), "contacts": [contact], "messages": [message]}
        return wamid, {"field": "messages", "value": value}

    def _handle_message(self, sent: Json, now: float) -> Exchange:
        """Accept a message, or refuse it as documented."""
        if "status" in sent:
            return self._handle_read(sent), []
        try:
            validate_message(sent, self._media.__contains__)
            if sent.get("type") == "template":
                validate_template(sent["template"], self.templates, self._media.__contains__)
        except RefusedMessage as error:
            return error_response(400, error.code, ERROR_TITLES[error.code], error.details), []
        written = str(sent.get("to") or sent.get("recipient"))
        to = _PUNCTUATION.sub("", written) if "to" in sent else written
        if code := self._limiter.check(to, now):
            return error_response(400, code, ERROR_TITLES[code]), []
        wamid = self._random_wamid()
        # a user ID in "to" is accepted and never delivered
        is_dropped = "to" in sent and not to.isdigit()
        follows = [] if is_dropped else self._accept_message(sent, to, wamid, now)
        contact = {"input": written, "wa_id": to} if to.isdigit() else {"input": written, "user_id": to}
        messages = [{"id": wamid}]
        return json_response(
            200, {"messaging_product": "whatsapp", "contacts": [contact], "messages": messages}
        ), follows

    def _handle_read(self, sent: Json) -> SimulatorResponse:
        """Mark a message as read, perhaps with a typing indicator (Meta, "Typing indicators")."""
        identifier = str(sent.get("message_id", ""))
        if sent.get("messaging_product") != "whatsapp" or sent["status"] != "read" or not identifier:
            return error_response(400, 131008, ERROR_TITLES[131008], "status read needs a message_id")
        if self._message_store.find(identifier) is None:
            return error_response(400, 131009, ERROR_TITLES[131009], f"no message with the id {identifier}")
        return json_response(200, {"success": True})

    def _accept_message(self, sent: Json, to: str, wamid: str, now: float) -> list[WebhookDelivery]:
        person = next((p for p in self._list_people() if build_user_id(p) == to), f"+{to}")
        text, media = get_text_and_media(sent)
        number = self._message_store.next_number()
        record = Message(number, now, "out", wamid, self.phone_number_id, person, text, media, sent)
        record.status_changes[:] = self._plan_status_changes(sent, to, now)
        self._message_store.add(record)
        _, medium = get_media_object(sent)
        if "link" in medium:
            if not self._urls.is_reachable(medium["link"]):
                record.status_changes[:] = [StatusChange(now, "failed", 131053)]
                return self._build_status_webhooks(record, to)
            self._fetching[wamid] = record, to
            return [WebhookDelivery(now, "GET", medium["link"], {"message": wamid}, fetches_file=True)]
        return self._build_status_webhooks(record, to)

    def _build_status_webhooks(self, record: Message, to: str) -> list[WebhookDelivery]:
        follows = [
            each
            for change in record.status_changes
            for each in self._faults.spread_status(self._build_status_webhook(record, change, to))
        ]
        return sorted(follows, key=lambda delivery: delivery.at)

    def _list_people(self) -> set[str]:
        return {record.person for record in self._message_store.list_for_person()}

    def _plan_status_changes(self, sent: Json, to: str, now: float) -> list[StatusChange]:
        """Plan the statuses; outside the 24 hours any message but a template is accepted and fails later."""
        kind, step = sent.get("type", "text"), self._faults.random_delay
        last_inbound_at = self._last_inbound_at.get(to, -_SERVICE_WINDOW_SECONDS)
        if now - last_inbound_at >= _SERVICE_WINDOW_SECONDS and kind != "template":
            return [StatusChange(now + step(_STATUS_STEP_SECONDS), "failed", 131047)]
        if code := self._faults.draw_late_failure(_LATE_FAILURES):
            return [StatusChange(now + step(_STATUS_STEP_SECONDS), "failed", int(code))]
        statuses = ("sent",) if kind == "reaction" else ("sent", "delivered", "read")
        changes = [StatusChange(now, "")]
        for status in statuses:
            changes.append(StatusChange(changes[-1].at + step(_STATUS_STEP_SECONDS), status))
        return changes[1:]

    def _build_status_webhook(self, record: Message, change: StatusChange, to: str) -> WebhookDelivery:
        value = {**self._webhook_metadata(), **build_status_value(record, change, to)}
        return self._build_webhook([{"field": "messages", "value": value}], change.at)

    def _webhook_metadata(self) -> Json:
        metadata = {"display_phone_number": self._display_number, "phone_number_id": self.phone_number_id}
        return {"messaging_product": "whatsapp", "metadata": metadata}

    def _build_webhook(self, changes: Sequence[Json], at: float) -> WebhookDelivery:
        return build_signed_delivery(self._webhook_url, self._account, changes, secret=self._secret, at=at)

    def _random_wamid(self) -> str:
        return f"wamid.{self._random.getrandbits(160):040X}="


def build_user_id(person: str) -> str:
    """Return the business-scoped ID of a contact, derived from the number."""
    return f"US.1{person.lstrip('+'):0>20}"


def _get_operation(request: SimulatorRequest, path: Sequence[str]) -> Operation | None:
    """Return what a call does, for the faults; read receipts are sends, as they share their path."""
    if request.method == "GET":
        return Operation.LOOK_UP
    return {"messages": Operation.SEND, "media": Operation.UPLOAD}.get(path[-1]) if path else None
