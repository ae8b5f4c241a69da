"""Messages resource: sends, lists, redacts and deletes messages (Twilio, "Messages resource")."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from urllib.parse import parse_qs, parse_qsl

from channels._kit.rendering import count_segments
from channels._kit.simulator import (
    Exchange,
    FetchedFile,
    PublicUrls,
    SimulatorRequest,
    SimulatorResponse,
    WebhookDelivery,
)
from channels.twilio.simulator.message_store import MessageStore
from channels.twilio.simulator.opt_outs import OptOutList
from channels.twilio.simulator.records import Message, StatusChange
from channels.twilio.simulator.resources.content import ContentStore, SentContent
from channels.twilio.simulator.resources.message_validation import (
    FormFields,
    check_file,
    get_first,
    validate_message,
)
from channels.twilio.simulator.resources.paging import build_page
from channels.twilio.simulator.responses import ApiError, json_response
from channels.twilio.simulator.sender_queue import SenderQueues
from channels.twilio.simulator.webhook_sender import WebhookSender


class MessagesResource:
    """Messages of an account. `senders` are those that a service selects, by surface, of its `numbers`."""

    def __init__(
        self,
        *,
        account: str,
        base: str,
        senders: Mapping[str, str],
        numbers: Collection[str],
        services: Mapping[str, Collection[str]],
        messages: MessageStore,
        contents: ContentStore,
        opt_outs: OptOutList,
        queues: SenderQueues,
        webhooks: WebhookSender,
    ) -> None:
        self._account = account
        self._base = base
        self._senders = senders
        self._numbers = numbers
        self._services = services
        self._messages = messages
        self._contents = contents
        self._opt_outs = opt_outs
        self.queues = queues
        self._webhooks = webhooks
        self._fetching: dict[str, tuple[Message, str, int]] = {}

    def handle(self, request: SimulatorRequest, path: str, now: float, urls: PublicUrls) -> Exchange | None:
        """Handle a request for this resource; `None` for another one."""
        form = parse_qs(request.body.decode("utf-8", "replace"), keep_blank_values=True)
        if path == f"{self._base}/Messages.json" and request.method == "POST":
            return self._create(form, now, urls)
        if path == f"{self._base}/Messages.json" and request.method == "GET":
            query = dict(parse_qsl(request.url.partition("?")[2], keep_blank_values=True))
            found = self._messages.list_filtered(query)
            records = [record.to_json(self._base, self._account, now) for record in found]
            return json_response(200, build_page(path, query, records)), []
        if path.startswith(f"{self._base}/Messages/"):
            sid = path.removeprefix(f"{self._base}/Messages/").removesuffix(".json")
            if record := self._messages.find(sid):
                return self._handle_one(request.method, record, form, now), []
        return None

    def handle_fetched_file(
        self, delivery: WebhookDelivery, file: FetchedFile | None, now: float
    ) -> list[WebhookDelivery]:
        """Check one file of a message by type and size; the last one decides the message's final status."""
        record, callback, waiting = self._fetching.pop(record_sid := delivery.headers["message"])
        if code := check_file(file, on_whatsapp=record.to.startswith("whatsapp:")):
            status = "failed" if record.to.startswith("whatsapp:") else "undelivered"
            record.status_changes = (record.status_changes[0], StatusChange(now, status, code))
        if waiting > 1:
            self._fetching[record_sid] = record, callback, waiting - 1
            return []
        return self._webhooks.send_statuses(record, callback) if callback else []

    def _create(self, form: FormFields, now: float, urls: PublicUrls) -> Exchange:
        """Accept a message, or refuse it as documented."""
        services = {sid: senders or self._numbers for sid, senders in self._services.items()}
        content = self._resolve_content(form)
        if error := validate_message(form, self._numbers, services, content, urls):
            return error.to_response(), []
        service, to = get_first(form, "MessagingServiceSid"), get_first(form, "To")
        sender = get_first(form, "From") or self._select_sender(to)
        if (sender, to) in self._opt_outs:
            return ApiError(400, 21610, "Attempt to send to unsubscribed recipient").to_response(), []
        media, body = tuple(form.get("MediaUrl", ())), get_first(form, "Body")
        text = content.text if isinstance(content, SentContent) else body
        status = content.status if isinstance(content, SentContent) else ""
        if not self._has_room(sender, text, len(media), now):
            reason = f"This 'From' number {sender} has exceeded the maximum number of queued messages"
            return ApiError(429, 21611, reason).to_response(), []
        record = self._messages.add(
            "outbound-api", sender, to, text, now, media, service=service, template_status=status
        )
        if isinstance(content, SentContent):
            record.choices, record.is_list = content.choices, content.is_list
        response = json_response(201, record.to_json(self._base, self._account, now))
        callback = get_first(form, "StatusCallback")
        if media:
            self._fetching[record.sid] = record, callback, len(media)
            about = {"message": record.sid}
            return response, [WebhookDelivery(now, "GET", url, about, fetches_file=True) for url in media]
        return response, self._webhooks.send_statuses(record, callback) if callback else []

    def _has_room(self, sender: str, text: str, files: int, now: float) -> bool:
        """Queue a message at its number; return `False` if the queue is full. WhatsApp has none."""
        if sender.startswith("whatsapp:"):
            return True
        return self.queues.add(sender, 1 if files else count_segments(text).count, now)

    def _resolve_content(self, form: FormFields) -> SentContent | int | None:
        """Return the content to send, the code of its error, or `None` for a message without one."""
        if not (sid := get_first(form, "ContentSid")):
            return None
        return self._contents.resolve(sid, get_first(form, "ContentVariables"))

    def _select_sender(self, to: str) -> str:
        """Return the sender that a messaging service selects."""
        return self._senders["whatsapp" if to.startswith("whatsapp:") else "sms"]

    def _handle_one(self, method: str, record: Message, form: FormFields, now: float) -> SimulatorResponse:
        """Fetch, redact or delete a message; only an empty body can be set (Twilio, "Update a message")."""
        if method == "DELETE":
            self._messages.remove(record)
            return SimulatorResponse(204)
        if method == "POST":
            if get_first(form, "Body"):
                return ApiError(400, 20009, "Only an empty body can be set").to_response()
            record.body = ""
        return json_response(200, record.to_json(self._base, self._account, now))
