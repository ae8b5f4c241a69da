"""Simulated Cloud API of Meta: messages, signed webhooks, retries and faults."""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
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
    TranscriptEntry,
    UserMessage,
    WebhookDelivery,
    WebhookResult,
    parse_json_object,
)
from channels.whatsapp.simulator.app_resource import AppResource
from channels.whatsapp.simulator.media_store import MediaStore
from channels.whatsapp.simulator.messages_resource import MessagesResource
from channels.whatsapp.simulator.records import (
    IdentityMode,
    Json,
    Message,
    MessageStore,
    build_contact,
    build_content,
    build_user_id,
)
from channels.whatsapp.simulator.responses import FAULT_RESPONSES, error_response, json_response
from channels.whatsapp.simulator.statuses import StatusPlanner
from channels.whatsapp.simulator.templates.message_template import MessageTemplate
from channels.whatsapp.simulator.templates.samples import default_templates
from channels.whatsapp.simulator.templates.store import TemplateStore
from channels.whatsapp.simulator.webhooks import WebhookSender

_VERSION: Final = re.compile(r"v[1-9]\d?\.0")


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
        self._token = access_token
        self.app_resource = AppResource(app_secret, webhook_url)
        self.phone_number_id = phone_number_id
        self._display_number = display_number
        self._account = account
        self.identity = identity
        self._random = Random(seed)  # noqa: S311 # chance that can be played again, no secret
        self._faults = FaultInjector(self._random, FAULT_RESPONSES)
        self.templates = TemplateStore(default_templates() if templates is None else templates)
        self._message_store = MessageStore(max_messages, self._random)
        self._statuses = StatusPlanner(self._faults)
        self._media = MediaStore(self._random)
        self._webhooks = WebhookSender(
            url=webhook_url,
            secret=app_secret,
            account=account,
            metadata={"display_phone_number": display_number, "phone_number_id": phone_number_id},
            faults=self._faults,
        )
        self._messages = MessagesResource(
            phone_number_id=phone_number_id,
            urls=PublicUrls([webhook_url]),
            messages=self._message_store,
            templates=self.templates,
            media=self._media,
            statuses=self._statuses,
            webhooks=self._webhooks,
        )

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
        return [wamid for wamid, _ in recorded], self._webhooks.send([change for _, change in recorded], now)

    def reply_from_phone(self, person: str, text: str, now: float) -> list[WebhookDelivery]:
        """Send a message from the business's own phone (Meta, "smb_message_echoes")."""
        echo = {
            "from": self._display_number,
            "to": person.lstrip("+"),
            "id": self._message_store.new_wamid(),
            "timestamp": str(int(now)),
            "type": "text",
            "text": {"body": text},
        }
        change = self._webhooks.build_change("smb_message_echoes", message_echoes=[echo])
        return [self._webhooks.build([change], now)]

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
        return [each for change in changes for each in self._webhooks.send([change], now)]

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
                return self._messages.handle(parse_json_object(request), now)
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
        return self._webhooks.handle_delivery_result(delivery, result, now)

    def handle_fetched_file(
        self, delivery: WebhookDelivery, file: FetchedFile | None, now: float
    ) -> list[WebhookDelivery]:
        """Check the file of a link by type and size: an unacceptable one fails the message (131053)."""
        return self._messages.handle_fetched_file(delivery, file, now)

    def _record_user_message(self, user_message: UserMessage, now: float) -> tuple[str, Json]:
        if user_message.surface != self.name:
            raise KeyError(user_message.surface)
        person = user_message.person
        self._statuses.open_window((person.lstrip("+"), build_user_id(person)), now)
        answered = None
        if user_message.button:
            answered = self._message_store.find_offering(person, user_message.button)
        elif user_message.reaction:
            answered = self._message_store.find_newest_sent(person)
        media = self._media.add(user_message.media)
        sender, contact = build_contact(person, user_message.name, self.identity)
        wamid = self._message_store.new_wamid()
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
                person,
                user_message.text,
                user_message.media,
            )
        )
        return wamid, self._webhooks.build_change("messages", contacts=[contact], messages=[message])


def _get_operation(request: SimulatorRequest, path: Sequence[str]) -> Operation | None:
    """Return what a call does, for the faults; read receipts are sends, as they share their path."""
    if request.method == "GET":
        return Operation.LOOK_UP
    return {"messages": Operation.SEND, "media": Operation.UPLOAD}.get(path[-1]) if path else None
