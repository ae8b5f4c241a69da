"""Messages of the business: accepted, refused as documented, or marked as read (Meta, "Messages")."""

from __future__ import annotations

import re
from typing import Final

from channels._kit.simulator import Exchange, FetchedFile, PublicUrls, SimulatorResponse, WebhookDelivery
from channels.whatsapp.simulator.media_store import MediaStore, is_acceptable
from channels.whatsapp.simulator.message_validation import RefusedMessage, validate_message
from channels.whatsapp.simulator.rate_limits import SendLimiter
from channels.whatsapp.simulator.records import (
    Json,
    Message,
    MessageStore,
    StatusChange,
    build_user_id,
    get_media_object,
    get_text_and_media,
)
from channels.whatsapp.simulator.responses import ERROR_TITLES, error_response, json_response
from channels.whatsapp.simulator.statuses import StatusPlanner
from channels.whatsapp.simulator.templates.store import TemplateStore
from channels.whatsapp.simulator.templates.validation import validate_template
from channels.whatsapp.simulator.webhooks import WebhookSender

_PUNCTUATION: Final = re.compile(r"[+ ()\-]")
"""Characters of a written number that Meta ignores."""


class MessagesResource:
    """Messages that one number sends. `urls` decides which links Meta could fetch."""

    def __init__(
        self,
        *,
        phone_number_id: str,
        urls: PublicUrls,
        messages: MessageStore,
        templates: TemplateStore,
        media: MediaStore,
        statuses: StatusPlanner,
        webhooks: WebhookSender,
    ) -> None:
        self._phone_number_id = phone_number_id
        self._urls = urls
        self._messages = messages
        self._templates = templates
        self._media = media
        self._statuses = statuses
        self._webhooks = webhooks
        self._limiter = SendLimiter()
        self._fetching: dict[str, tuple[Message, str]] = {}

    def handle(self, sent: Json, now: float) -> Exchange:
        """Accept a message, or refuse it as documented."""
        if "status" in sent:
            return self._handle_read(sent), []
        try:
            validate_message(sent, self._media.__contains__)
            if sent.get("type") == "template":
                validate_template(sent["template"], self._templates, self._media.__contains__)
        except RefusedMessage as error:
            return error_response(400, error.code, ERROR_TITLES[error.code], error.details), []
        written = str(sent.get("to") or sent.get("recipient"))
        to = _PUNCTUATION.sub("", written) if "to" in sent else written
        if code := self._limiter.check(to, now):
            return error_response(400, code, ERROR_TITLES[code]), []
        wamid = self._messages.new_wamid()
        # a user ID in "to" is accepted and never delivered
        is_dropped = "to" in sent and not to.isdigit()
        follows = [] if is_dropped else self._accept_message(sent, to, wamid, now)
        contact = {"input": written, "wa_id": to} if to.isdigit() else {"input": written, "user_id": to}
        messages = [{"id": wamid}]
        return json_response(
            200, {"messaging_product": "whatsapp", "contacts": [contact], "messages": messages}
        ), follows

    def handle_fetched_file(
        self, delivery: WebhookDelivery, file: FetchedFile | None, now: float
    ) -> list[WebhookDelivery]:
        """Check the file of a link by type and size: an unacceptable one fails the message (131053)."""
        record, to = self._fetching.pop(delivery.headers["message"])
        kind, _ = get_media_object(record.request_body or {})
        if not is_acceptable(kind, file):
            record.status_changes[:] = [StatusChange(now, "failed", 131053)]
        return self._webhooks.send_statuses(record, to)

    def _handle_read(self, sent: Json) -> SimulatorResponse:
        """Mark a message as read, perhaps with a typing indicator (Meta, "Typing indicators")."""
        identifier = str(sent.get("message_id", ""))
        if sent.get("messaging_product") != "whatsapp" or sent["status"] != "read" or not identifier:
            return error_response(400, 131008, ERROR_TITLES[131008], "status read needs a message_id")
        if self._messages.find(identifier) is None:
            return error_response(400, 131009, ERROR_TITLES[131009], f"no message with the id {identifier}")
        return json_response(200, {"success": True})

    def _accept_message(self, sent: Json, to: str, wamid: str, now: float) -> list[WebhookDelivery]:
        person = next((p for p in self._list_people() if build_user_id(p) == to), f"+{to}")
        text, media = get_text_and_media(sent)
        number = self._messages.next_number()
        record = Message(number, now, "out", wamid, self._phone_number_id, person, text, media, sent)
        record.status_changes[:] = self._statuses.plan(sent, to, now)
        self._messages.add(record)
        _, medium = get_media_object(sent)
        if "link" in medium:
            if not self._urls.is_reachable(medium["link"]):
                record.status_changes[:] = [StatusChange(now, "failed", 131053)]
                return self._webhooks.send_statuses(record, to)
            self._fetching[wamid] = record, to
            return [WebhookDelivery(now, "GET", medium["link"], {"message": wamid}, fetches_file=True)]
        return self._webhooks.send_statuses(record, to)

    def _list_people(self) -> set[str]:
        return {record.person for record in self._messages.list_for_person()}
