"""Simulated Twilio API: messages, signed webhooks, retries and faults."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Collection, Mapping
from dataclasses import replace
from random import Random
from typing import Final
from urllib.parse import parse_qs

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
from channels.twilio.simulator.concurrency_limit import MAX_REQUESTS, ConcurrencyLimit
from channels.twilio.simulator.message_store import MessageStore
from channels.twilio.simulator.opt_outs import CONFIRMATIONS, OptOutList
from channels.twilio.simulator.records import Message
from channels.twilio.simulator.resources.account import AccountResource
from channels.twilio.simulator.resources.content import ContentStore
from channels.twilio.simulator.resources.files import FILES_PATH, FileStore
from channels.twilio.simulator.resources.message_validation import FormFields, get_first
from channels.twilio.simulator.resources.messages import MessagesResource
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
        self._statuses = StatusPlanner(self._faults)
        self._messages = MessageStore(max_messages, self._random, self._statuses)
        self.contents = ContentStore(account_sid, Random(seed + 1))  # noqa: S311 # as above
        self._opt_outs = OptOutList()
        self.concurrency = ConcurrencyLimit(max_concurrent_requests)
        self.url = "https://api.twilio.com"
        """The simulator's own URL, for the URLs of stored media."""
        self.shows_user_ids = self.hides_numbers = False
        """Show a WhatsApp contact's user ID beside the number, and in its place."""
        self._files = FileStore(self._random)
        self._base = f"/2010-04-01/Accounts/{account_sid}"
        self.account_resource = AccountResource(account_sid, webhook_url)
        self.messages_resource = MessagesResource(
            account=account_sid,
            base=self._base,
            senders=self._business_numbers,
            numbers=self._numbers,
            services=services or {DEFAULT_SERVICE: ()},
            messages=self._messages,
            contents=self.contents,
            opt_outs=self._opt_outs,
            queues=SenderQueues(segments_per_second, queue_length),
            webhooks=self._webhooks,
        )

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
        record = self._messages.add("inbound", sender, business_number, message.text, now, message.media)
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
        path = request.url.partition("?")[0]
        if path.startswith(FILES_PATH) and (file := self._files.serve(path)):
            return file, []
        if not self._is_authentic(request):
            return ApiError(401, 20003, "Authenticate").to_response(), []
        if refusal := self.concurrency.refuse(now):
            return refusal, []
        operation = Operation.SEND if path == f"{self._base}/Messages.json" else None
        if request.method == "GET":
            operation = Operation.LOOK_UP
        response, deliveries = self._faults.apply(operation, lambda: self._route(request, path, now))
        return self.concurrency.count(response, now), deliveries

    def _route(self, request: SimulatorRequest, path: str, now: float) -> Exchange:
        if path.startswith("/v1/Content"):
            return self.contents.handle(request, path), []
        urls = PublicUrls((*self._webhook_urls, self.url))
        if answer := self.messages_resource.handle(request, path, now, urls):
            return answer
        if request.method == "GET" and (redirect := self._files.redirect(path, self.url)):
            return redirect, []
        form = parse_qs(request.body.decode("utf-8", "replace"), keep_blank_values=True)
        if path == "/v2/Indicators/Typing.json" and request.method == "POST":
            return self._handle_typing(form), []
        below = path.removeprefix(self._base)
        if account := self.account_resource.handle(request.method, below, form, self._numbers):
            return account, []
        return ApiError(404, 20404, f"The requested resource {path} was not found").to_response(), []

    def _handle_typing(self, form: FormFields) -> SimulatorResponse:
        """Show a typing indicator for a message that was received (Twilio, "Typing indicators")."""
        record = self._messages.find(get_first(form, "messageId"))
        if record is None or record.direction != "inbound" or get_first(form, "channel") != "whatsapp":
            return ApiError(400, 20001, "messageId and channel are required").to_response()
        return json_response(200, {"success": True})

    def handle_delivery_result(
        self, delivery: WebhookDelivery, result: WebhookResult, now: float
    ) -> list[WebhookDelivery]:
        """Retry by the connection overrides; then a message goes to the fallback URL, if there is one."""
        return self._webhooks.handle_delivery_result(delivery, result, now)

    def handle_fetched_file(
        self, delivery: WebhookDelivery, file: FetchedFile | None, now: float
    ) -> list[WebhookDelivery]:
        """Check one file of a message by type and size; the last one decides the message's final status."""
        return self.messages_resource.handle_fetched_file(delivery, file, now)

    def _is_authentic(self, request: SimulatorRequest) -> bool:
        expected = base64.b64encode(f"{self._account}:{self._token}".encode())
        return hmac.compare_digest(b"Basic " + expected, request.headers.get("authorization", "").encode())

    def _apply_keyword(self, record: Message, now: float) -> str:
        """Obey a keyword and confirm it; return its kind, empty if it is none."""
        kind = self._opt_outs.apply(record.body, (record.to, record.sender))
        if kind:
            self._messages.add("outbound-reply", record.to, record.sender, CONFIRMATIONS[kind], now)
        return kind
