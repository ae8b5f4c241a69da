"""Simulated Twilio API: messages, signed webhooks, retries and faults."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Collection, Mapping
from dataclasses import replace
from random import Random
from typing import Final
from urllib.parse import parse_qs, parse_qsl

from channels._kit.rendering import count_segments
from channels._kit.simulator import (
    Exchange,
    FaultInjector,
    FaultSettings,
    FetchedFile,
    Operation,
    PublicUrls,
    SimulatorRequest,
    SimulatorResponse,
    TranscriptEntry,
    UserMessage,
    WebhookDelivery,
    WebhookResult,
)
from channels.twilio.simulator.account_resource import AccountResource
from channels.twilio.simulator.concurrency_limit import MAX_REQUESTS, ConcurrencyLimit
from channels.twilio.simulator.message_validation import (
    FormFields,
    check_file,
    get_first,
    validate_message,
)
from channels.twilio.simulator.opt_outs import CONFIRMATIONS, OptOutList
from channels.twilio.simulator.records import Message, MessageStore, StatusChange
from channels.twilio.simulator.resources.content import ContentStore, SentContent
from channels.twilio.simulator.resources.files import FILES_PATH, FileStore
from channels.twilio.simulator.resources.paging import build_page
from channels.twilio.simulator.responses import FAULT_RESPONSES, ApiError, json_response
from channels.twilio.simulator.sender_queue import SEGMENTS_PER_SECOND, SenderQueues
from channels.twilio.simulator.status_plan import StatusPlanner
from channels.twilio.simulator.webhook_sender import WebhookSender
from channels.twilio.simulator.webhooks import build_inbound_fields, build_user_id

_MAX_SMS_LENGTH: Final = 1600
DEFAULT_SERVICE: Final = f"MG{0:032x}"


class TwilioSimulator:
    """One Twilio account with an SMS number and a WhatsApp sender.

    `webhook_url` may carry connection overrides (`#rc=3&rp=all`). The same `seed` gives the same ids, so a
    gateway that remembers earlier messages needs another seed. `max_messages` bounds the stored messages.
    `services` are messaging services with their senders; a service without senders has all of the account's.
    With `advanced_opt_out` inbound keywords are reported as `OptOutType`. More than `max_concurrent_requests`
    of the API are refused with 20429, and messages of an SMS sender with 21611 when `queue_length` segments
    (by default four hours' worth) wait at it, of which `segments_per_second` leave.
    """

    name = "twilio"

    def __init__(
        self,
        *,
        account_sid: str,
        auth_token: str,
        webhook_url: str,
        seed: int,
        sms_number: str = "+15550100",
        whatsapp_number: str = "whatsapp:+15550101",
        fallback_url: str = "",
        max_messages: int = 100_000,
        services: Mapping[str, Collection[str]] | None = None,
        advanced_opt_out: bool = False,
        max_concurrent_requests: int = MAX_REQUESTS,
        segments_per_second: float = SEGMENTS_PER_SECOND,
        queue_length: int | None = None,
    ) -> None:
        self._account = account_sid
        self._token = auth_token
        self._webhook_urls = (webhook_url, fallback_url)
        self._business_numbers = {"sms": sms_number, "whatsapp": whatsapp_number}
        self._random = Random(seed)  # noqa: S311 # chance that can be played again, no secret
        self._numbers = {sms_number, whatsapp_number}
        self._services = dict(services or {DEFAULT_SERVICE: ()})
        self._advanced_opt_out = advanced_opt_out
        self._faults = FaultInjector(self._random, FAULT_RESPONSES)
        self._webhooks = WebhookSender(
            url=webhook_url,
            fallback_url=fallback_url,
            account=account_sid,
            token=auth_token,
            random=self._random,
            faults=self._faults,
        )
        self._fetching: dict[str, tuple[Message, str, int]] = {}
        self._messages = MessageStore(max_messages)
        self.contents = ContentStore(account_sid, Random(seed + 1))  # noqa: S311 # as above
        self._opt_outs = OptOutList()
        self.queues = SenderQueues(segments_per_second, queue_length)
        self.concurrency = ConcurrencyLimit(max_concurrent_requests)
        self._statuses = StatusPlanner(self._faults)
        self.url = "https://api.twilio.com"
        """The simulator's own URL, for the URLs of stored media."""
        self.shows_user_ids = self.hides_numbers = False
        """Show a WhatsApp contact's user ID beside the number, and in its place."""
        self._files = FileStore(self._random)
        self._base = f"/2010-04-01/Accounts/{account_sid}"
        self.account_resource = AccountResource(account_sid, webhook_url)

    def set_faults(self, faults: FaultSettings) -> None:
        """Replace the faults."""
        self._faults.configure(faults)

    def list_messages(self, now: float, *, person: str = "", after: int = 0) -> list[TranscriptEntry]:
        """Return the transcript of one contact or of all, oldest first, with numbers above `after`."""
        return [
            record.to_transcript_entry(now)
            for record in self._messages.list_for_person(person)
            if record.number > after
        ]

    def send_user_message(self, user_message: UserMessage, now: float) -> tuple[str, list[WebhookDelivery]]:
        """Send a contact's message: its sid, and the webhook, repeated and delayed by the fault settings.

        STOP, START and HELP are handled as Twilio does, and still posted. Raises `KeyError` for a surface
        that Twilio does not have.
        """
        business_number = user_message.ours or self._business_numbers[user_message.surface]
        self._numbers.add(business_number)
        on_whatsapp = business_number.startswith("whatsapp:")
        text = self._build_reaction(user_message, on_whatsapp=on_whatsapp)
        text = text or user_message.text or user_message.button
        # a longer SMS arrives as several messages
        size = max(len(text), 1) if on_whatsapp else _MAX_SMS_LENGTH
        pieces = [text[at : at + size] for at in range(0, len(text), size)] or [""]
        sids, deliveries = [], []
        for number, piece in enumerate(pieces):
            media = user_message.media if number == 0 else ()
            message = replace(user_message, text=piece, media=media)
            sid, follows = self._receive_message(message, business_number, now)
            sids.append(sid)
            deliveries += follows
        return sids[-1], deliveries

    def _build_reaction(self, message: UserMessage, *, on_whatsapp: bool) -> str:
        """Return the words of a reaction: on WhatsApp the emoji, by SMS the sentence that phones send."""
        if on_whatsapp or not message.reaction:
            return message.reaction
        reacted = self._messages.find_newest_sent(message.person)
        return f"Reacted {message.reaction} to “{reacted.body if reacted else ''}”"

    def _receive_message(
        self, message: UserMessage, business_number: str, now: float
    ) -> tuple[str, list[WebhookDelivery]]:
        on_whatsapp = business_number.startswith("whatsapp:")
        prefix = "whatsapp:" if on_whatsapp and not message.person.startswith("whatsapp:") else ""
        user_id = build_user_id(message.person) if on_whatsapp and self.shows_user_ids else ""
        answered = self._messages.find_newest_sent(f"{prefix}{message.person}") if message.reaction else None
        sender = f"{prefix}{message.person}" if not (user_id and self.hides_numbers) else user_id
        record = self._add_message("inbound", sender, business_number, message.text, now, message.media)
        files_url = f"{self.url}{self._base}/Messages/{record.sid}/Media/"
        record.media = tuple(self._files.add(url, files_url) for url in message.media)
        self._statuses.open_window(business_number, record.sender, now)
        fields = build_inbound_fields(
            message, record, self._account, answered=answered if on_whatsapp else None, user_id=user_id
        )
        if message.button and self._messages.has_list_with(record.person, message.button):
            names = {"ButtonPayload": "ListId", "ButtonText": "ListTitle"}
            fields = [(names.get(name, name), value) for name, value in fields]
        if not on_whatsapp and (kind := self._apply_keyword(record, now)) and self._advanced_opt_out:
            fields.append(("OptOutType", kind))
        return record.sid, self._webhooks.send_message(fields, now)

    def handle(self, request: SimulatorRequest, now: float) -> Exchange:
        """Handle a REST API request."""
        path, _, query = request.url.partition("?")
        if path.startswith(FILES_PATH) and (file := self._files.serve(path)):
            return file, []
        if not self._is_authentic(request):
            return ApiError(401, 20003, "Authenticate").to_response(), []
        if refusal := self.concurrency.refuse(now):
            return refusal, []
        operation = Operation.SEND if path == f"{self._base}/Messages.json" else None
        if request.method == "GET":
            operation = Operation.LOOK_UP
        response, deliveries = self._faults.apply(operation, lambda: self._route(request, path, query, now))
        return self.concurrency.count(response, now), deliveries

    def _route(self, request: SimulatorRequest, path: str, query: str, now: float) -> Exchange:
        if path.startswith("/v1/Content"):
            return self.contents.handle(request, path), []
        form = parse_qs(request.body.decode("utf-8", "replace"), keep_blank_values=True)
        if path == f"{self._base}/Messages.json" and request.method == "POST":
            return self._handle_create(form, now)
        if path == f"{self._base}/Messages.json" and request.method == "GET":
            return self._handle_list(path, dict(parse_qsl(query, keep_blank_values=True)), now), []
        if request.method == "GET" and (redirect := self._files.redirect(path, self.url)):
            return redirect, []
        if path.startswith(f"{self._base}/Messages/"):
            sid = path.removeprefix(f"{self._base}/Messages/").removesuffix(".json")
            if record := self._messages.find(sid):
                return self._handle_message_resource(request.method, record, form, now), []
        if path == "/v2/Indicators/Typing.json" and request.method == "POST":
            return self._handle_typing(form), []
        below = path.removeprefix(self._base)
        if answer := self.account_resource.handle(request.method, below, form, self._numbers):
            return answer, []
        return ApiError(404, 20404, f"The requested resource {path} was not found").to_response(), []

    def _handle_message_resource(
        self, method: str, record: Message, form: FormFields, now: float
    ) -> SimulatorResponse:
        """Fetch, redact or delete a message; only an empty body can be set (Twilio, "Update a message")."""
        if method == "DELETE":
            self._messages.remove(record)
            return SimulatorResponse(204)
        if method == "POST":
            if get_first(form, "Body"):
                return ApiError(400, 20009, "Only an empty body can be set").to_response()
            record.body = ""
        return json_response(200, record.to_json(self._base, self._account, now))

    def _handle_typing(self, form: FormFields) -> SimulatorResponse:
        """Show a typing indicator for a message that was received (Twilio, "Typing indicators")."""
        record = self._messages.find(get_first(form, "messageId"))
        if record is None or record.direction != "inbound" or get_first(form, "channel") != "whatsapp":
            return ApiError(400, 20001, "messageId and channel are required").to_response()
        return json_response(200, {"success": True})

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

    def handle_delivery_result(
        self, delivery: WebhookDelivery, result: WebhookResult, now: float
    ) -> list[WebhookDelivery]:
        """Retry by the connection overrides; then a message goes to the fallback URL, if there is one."""
        return self._webhooks.handle_delivery_result(delivery, result, now)

    def _is_authentic(self, request: SimulatorRequest) -> bool:
        expected = base64.b64encode(f"{self._account}:{self._token}".encode())
        return hmac.compare_digest(b"Basic " + expected, request.headers.get("authorization", "").encode())

    def _handle_create(self, form: FormFields, now: float) -> Exchange:
        """Accept a message, or refuse it as documented."""
        services = {sid: senders or self._numbers for sid, senders in self._services.items()}
        content = self._resolve_content(form)
        urls = PublicUrls((*self._webhook_urls, self.url))
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
        record = self._add_message(
            "outbound-api", sender, to, text, now, media, service=service, status=status
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
        return self.contents.resolve(sid, get_first(form, "ContentVariables"))

    def _select_sender(self, to: str) -> str:
        """Return the sender that a messaging service selects."""
        return self._business_numbers["whatsapp" if to.startswith("whatsapp:") else "sms"]

    def _handle_list(self, path: str, query: dict[str, str], now: float) -> SimulatorResponse:
        records = [
            record.to_json(self._base, self._account, now) for record in self._messages.list_filtered(query)
        ]
        return json_response(200, build_page(path, query, records))

    def _apply_keyword(self, record: Message, now: float) -> str:
        """Obey a keyword and confirm it; return its kind, empty if it is none."""
        kind = self._opt_outs.apply(record.body, (record.to, record.sender))
        if kind:
            self._add_message("outbound-reply", record.to, record.sender, CONFIRMATIONS[kind], now)
        return kind

    def _add_message(
        self,
        direction: str,
        sender: str,
        to: str,
        body: str,
        now: float,
        media: tuple[str, ...] = (),
        *,
        service: str = "",
        status: str = "",
    ) -> Message:
        received = (StatusChange(now, "received"),)
        return self._messages.add(
            Message(
                sid=f"{'MM' if media else 'SM'}{self._random.getrandbits(128):032x}",
                sender=sender,
                to=to,
                body=body,
                direction=direction,
                status_changes=received
                if direction == "inbound"
                else self._statuses.plan(sender, to, now, service=service, template_status=status),
                media=media,
                service=service or None,
            )
        )
