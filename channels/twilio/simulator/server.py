"""Simulated Twilio API: messages, signed webhooks, retries and faults."""

from __future__ import annotations

import base64
import hmac
import json
import re
from collections import deque
from dataclasses import dataclass, replace
from random import Random
from typing import Final
from urllib.parse import parse_qs, parse_qsl, urlencode

from channels._kit.simulator import (
    Fault,
    FaultSettings,
    SimulatorRequest,
    SimulatorResponse,
    TranscriptEntry,
    UserMessage,
    WebhookDelivery,
    parse_data_url,
)
from channels.twilio.simulator.content import ContentStore, SentContent
from channels.twilio.simulator.records import Message, MessageStore, StatusChange
from channels.twilio.simulator.webhooks import (
    ConnectionOverrides,
    WebhookFields,
    build_inbound_fields,
    build_signed_delivery,
    build_status_fields,
    classify_result,
)

_STOP_KEYWORDS: Final = {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"}
_START_KEYWORDS: Final = {"START", "UNSTOP"}
_CONFIRMATIONS: Final = {
    "STOP": "You have successfully been unsubscribed. You will not receive any more messages from this "
    "number. Reply START to resubscribe.",
    "START": "You have successfully been re-subscribed to messages from this number. Reply HELP for help. "
    "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
    "HELP": "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
}
_SERVICE_WINDOW_SECONDS: Final = 24 * 3600
_STATUS_STEP_SECONDS: Final = 0.2
_HANG_SECONDS: Final = 60.0
_VALID_ADDRESS: Final = re.compile(r"(whatsapp:)?\+[1-9]\d{6,14}|whatsapp:[A-Z]{2}\.[A-Za-z0-9]{1,128}")
_JSON_HEADERS: Final = {"content-type": "application/json;charset=utf-8"}

FormFields = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class _ApiError:
    """An error of the API."""

    http: int
    code: int
    message: str

    def to_response(self) -> SimulatorResponse:
        info_url = f"https://www.twilio.com/docs/errors/{self.code}"
        return _json_response(
            self.http,
            {"code": self.code, "message": self.message, "more_info": info_url, "status": self.http},
        )


class TwilioSimulator:
    """One Twilio account with an SMS number and a WhatsApp sender.

    `webhook_url` may carry connection overrides (`#rc=3&rp=all`). The same `seed` gives the same ids, so a
    gateway that remembers earlier messages needs another seed. `max_messages` bounds the stored messages.
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
    ) -> None:
        self._account = account_sid
        self._token = auth_token
        self._webhook_url = webhook_url
        self._fallback_url = fallback_url
        self._business_numbers = {"sms": sms_number, "whatsapp": whatsapp_number}
        self._random = Random(seed)  # noqa: S311 # chance that can be played again, no secret
        self._faults = FaultSettings()
        self._next_faults: deque[Fault] = deque()
        self._messages = MessageStore(max_messages)
        self._contents = ContentStore(account_sid, Random(seed + 1))  # noqa: S311 # as above
        self._opted_out: set[tuple[str, str]] = set()
        self._last_inbound_at: dict[tuple[str, str], float] = {}
        self.url = "https://api.twilio.com"
        """The simulator's own URL, for the URLs of stored media."""
        self._files: dict[str, str] = {}
        self._base = f"/2010-04-01/Accounts/{account_sid}"

    def set_faults(self, faults: FaultSettings) -> None:
        """Replace the faults."""
        self._faults = faults
        self._next_faults = deque(faults.next)

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
        on_whatsapp = business_number.startswith("whatsapp:")
        prefix = "whatsapp:" if on_whatsapp and not user_message.person.startswith("whatsapp:") else ""
        record = self._add_message(
            "inbound",
            f"{prefix}{user_message.person}",
            business_number,
            user_message.text or user_message.button,
            now,
            user_message.media,
        )
        record.media = tuple(self._store_file(url, record.sid) for url in user_message.media)
        self._last_inbound_at[(business_number, record.sender)] = now
        if not on_whatsapp:
            self._apply_keyword(record, now)
        fields = build_inbound_fields(user_message, record, self._account)
        if user_message.button and self._messages.has_list_with(record.person, user_message.button):
            names = {"ButtonPayload": "ListId", "ButtonText": "ListTitle"}
            fields = [(names.get(name, name), value) for name, value in fields]
        first = self._build_webhook(
            self._webhook_url, fields, now + self._random_delay(self._faults.webhooks_shuffled)
        )
        if self._random.random() >= self._faults.webhooks_twice:
            return record.sid, [first]
        repeated = replace(first, at=now + self._random_delay(max(self._faults.webhooks_shuffled, 1.0)))
        return record.sid, [first, repeated]

    def handle(
        self, request: SimulatorRequest, now: float
    ) -> tuple[SimulatorResponse, list[WebhookDelivery]]:
        """Handle a REST API request."""
        path, _, query = request.url.partition("?")
        if path.startswith("/_cdn/") and (
            file := parse_data_url(self._files.get(path.removeprefix("/_cdn/"), ""))
        ):
            return SimulatorResponse(200, {"content-type": file[0]}, file[1]), []
        if not self._is_authentic(request):
            return _ApiError(401, 20003, "Authenticate").to_response(), []
        if path.startswith("/v1/Content"):
            return self._handle_content(request, path), []
        if path == f"{self._base}/Messages.json" and request.method == "POST":
            return self._handle_create(
                parse_qs(request.body.decode("utf-8", "replace"), keep_blank_values=True), now
            )
        if path == f"{self._base}/Messages.json" and request.method == "GET":
            return self._handle_list(path, dict(parse_qsl(query, keep_blank_values=True)), now), []
        if (sid := path.rpartition("/Media/")[2]) in self._files and request.method == "GET":
            return SimulatorResponse(307, {"location": f"{self.url}/_cdn/{sid}"}), []
        if path.startswith(f"{self._base}/Messages/") and request.method == "GET":
            sid = path.removeprefix(f"{self._base}/Messages/").removesuffix(".json")
            if record := self._messages.find(sid):
                return _json_response(200, record.to_json(self._base, self._account, now)), []
        if path == "/v2/Indicators/Typing.json" and request.method == "POST":
            return _json_response(200, {"success": True}), []
        return _ApiError(404, 20404, f"The requested resource {path} was not found").to_response(), []

    def handle_delivery_result(
        self, delivery: WebhookDelivery, status: int | None, now: float, *, timed_out: bool = False
    ) -> list[WebhookDelivery]:
        """Retry by the connection overrides; after that a message goes to the fallback URL, if there is one.

        The overrides are those of the webhook's URL, for status callbacks too.
        """
        reason = classify_result(status, timed_out=timed_out)
        if reason is None:
            return []
        delay = ConnectionOverrides.parse(self._webhook_url).retry_delay(delivery.attempt, reason)
        if delay is not None:
            return [replace(delivery, at=now + delay, attempt=delivery.attempt + 1)]
        fields = parse_qsl(delivery.body.decode(), keep_blank_values=True)
        names = {name for name, _ in fields}
        if not self._fallback_url or names & {"MessageStatus", "ErrorUrl"}:
            return []
        code = "11205" if status is None else "11200"
        return [
            self._build_webhook(
                self._fallback_url, [*fields, ("ErrorCode", code), ("ErrorUrl", delivery.url)], now
            )
        ]

    def _handle_content(self, request: SimulatorRequest, path: str) -> SimulatorResponse:
        """Create, list, fetch or delete contents (Twilio, "Content API")."""
        sid = path.removeprefix("/v1/Content").strip("/")
        if not sid and request.method == "POST":
            content = self._contents.create(request.body)
            return (
                _json_response(201, content)
                if content
                else _ApiError(400, 20001, "Invalid content").to_response()
            )
        if not sid and request.method == "GET":
            query = dict(parse_qsl(request.url.partition("?")[2]))
            return _json_response(
                200,
                self._contents.list_page(
                    _parse_number(query, "Page", 0), _parse_number(query, "PageSize", 50)
                ),
            )
        if request.method == "GET" and (found := self._contents.find(sid)):
            return _json_response(200, found)
        if request.method == "DELETE" and self._contents.delete(sid):
            return SimulatorResponse(status=204)
        return _ApiError(404, 20404, f"The requested resource {path} was not found").to_response()

    def _store_file(self, url: str, message: str) -> str:
        """Store a `data:` file and return its media URL, which redirects to the file; other URLs stay."""
        if parse_data_url(url) is None:
            return url
        sid = f"ME{self._random.getrandbits(128):032x}"
        self._files[sid] = url
        return f"{self.url}{self._base}/Messages/{message}/Media/{sid}"

    def _is_authentic(self, request: SimulatorRequest) -> bool:
        expected = base64.b64encode(f"{self._account}:{self._token}".encode())
        return hmac.compare_digest(b"Basic " + expected, request.headers.get("authorization", "").encode())

    def _handle_create(self, form: FormFields, now: float) -> tuple[SimulatorResponse, list[WebhookDelivery]]:
        """Accept a message, refuse it as documented, or inject a fault."""
        fault = self._next_fault()
        if fault in _FAULT_RESPONSES:
            return _FAULT_RESPONSES[fault], []
        if error := self._validate_message(form):
            return error.to_response(), []
        service, to = _get_first(form, "MessagingServiceSid"), _get_first(form, "To")
        sender = _get_first(form, "From") or self._select_sender(to)
        media = tuple(form.get("MediaUrl", ()))
        content = self._resolve_content(form)
        text = content.text if isinstance(content, SentContent) else _get_first(form, "Body")
        record = self._add_message("outbound-api", sender, to, text, now, media, service=service)
        if isinstance(content, SentContent):
            record.choices, record.is_list = content.choices, content.is_list
        response = _json_response(201, record.to_json(self._base, self._account, now))
        callback = _get_first(form, "StatusCallback")
        follows = self._build_status_callbacks(record, callback) if callback else []
        match fault:
            case Fault.ERROR_AFTER:
                response = _ApiError(500, 20500, "Internal Server Error").to_response()
            case Fault.TIMEOUT_AFTER:
                response = replace(response, delay=_HANG_SECONDS)
            case Fault.DROP_AFTER:
                response = replace(response, drop=True)
            case _:
                response = replace(response, delay=self._faults.answer_delay)
        return response, follows

    def _next_fault(self) -> Fault:
        if self._next_faults:
            return self._next_faults.popleft()
        if self._faults.kinds and self._random.random() < self._faults.chance:
            return self._random.choice(self._faults.kinds)
        return Fault.NONE

    def _validate_message(self, form: FormFields) -> _ApiError | None:
        """Return the documented error of an invalid message (Twilio, "Error and warning dictionary")."""
        to, sender, body = _get_first(form, "To"), _get_first(form, "From"), _get_first(form, "Body")
        media, on_whatsapp = form.get("MediaUrl", []), to.startswith("whatsapp:")
        if not to:
            return _ApiError(400, 21604, "A 'To' phone number is required.")
        if not _VALID_ADDRESS.fullmatch(to):
            return _ApiError(400, 21211, f"The 'To' number {to} is not a valid phone number.")
        if not sender and not _get_first(form, "MessagingServiceSid"):
            return _ApiError(400, 21603, "A 'From' phone number is required.")
        if sender and sender.startswith("whatsapp:") != on_whatsapp:
            return _ApiError(400, 63007, "Twilio could not find a Channel with the specified From address")
        if sender == to:
            return _ApiError(400, 63031, "Message cannot have the same To and From")
        if not body and not media and not _get_first(form, "ContentSid"):
            return _ApiError(400, 21602, "Message body is required.")
        if isinstance(code := self._resolve_content(form), int):
            return _ApiError(400, code, "The ContentSid or the ContentVariables parameter is invalid")
        if code is not None and (body or media):
            return _ApiError(400, 21620, "A ContentSid takes neither Body nor MediaUrl")
        if len(body.encode("utf-16-le")) > 2 * 1600:
            return _ApiError(400, 21617, "The concatenated message body exceeds the 1600 character limit.")
        if len(media) > (1 if on_whatsapp else 10):
            return _ApiError(400, 21623, "Number of media files exceeds allowed limit.")
        if (sender or self._select_sender(to), to) in self._opted_out:
            return _ApiError(400, 21610, "Attempt to send to unsubscribed recipient")
        return None

    def _resolve_content(self, form: FormFields) -> SentContent | int | None:
        """Return the content that is to be sent, the code of its error, or `None` for another message."""
        if not (sid := _get_first(form, "ContentSid")):
            return None
        return self._contents.resolve(sid, _get_first(form, "ContentVariables"))

    def _select_sender(self, to: str) -> str:
        """Return the sender that a messaging service selects."""
        return self._business_numbers["whatsapp" if to.startswith("whatsapp:") else "sms"]

    def _handle_list(self, path: str, query: dict[str, str], now: float) -> SimulatorResponse:
        matching = self._messages.list_filtered(query)
        size = min(max(_parse_number(query, "PageSize", 50), 1), 1000)
        page = _parse_number(query, "Page", 0)
        page_messages = matching[page * size : (page + 1) * size]
        following = urlencode({**query, "Page": page + 1}) if len(matching) > (page + 1) * size else ""
        body = {
            "messages": [record.to_json(self._base, self._account, now) for record in page_messages],
            "page": page,
            "page_size": size,
            "next_page_uri": f"{path}?{following}" if following else None,
        }
        return _json_response(200, body)

    def _build_status_callbacks(self, record: Message, url: str) -> list[WebhookDelivery]:
        """Build the status callbacks, delayed, repeated and shuffled by the fault settings.

        There is none for the first status.
        """
        follows = []
        for change in record.status_changes[1:]:
            at = change.at + self._faults.statuses_late + self._random_delay(self._faults.statuses_shuffled)
            follows.append(self._build_webhook(url, build_status_fields(record, change, self._account), at))
            if self._random.random() < self._faults.statuses_twice:
                follows.append(replace(follows[-1], at=at + self._random_delay(1.0)))
        return sorted(follows, key=lambda delivery: delivery.at)

    def _plan_status_changes(
        self, direction: str, sender: str, to: str, now: float, service: str
    ) -> tuple[StatusChange, ...]:
        """Plan the statuses of a new message; outside WhatsApp's 24 hours it is accepted and fails later."""
        if direction == "inbound":
            return (StatusChange(now, "received"),)
        last_inbound_at = self._last_inbound_at.get((sender, to), 0.0)
        changes = [StatusChange(now, "accepted" if service else "queued")]
        if to.startswith("whatsapp:") and now - last_inbound_at > _SERVICE_WINDOW_SECONDS:
            return (*changes, StatusChange(now + self._random_delay(_STATUS_STEP_SECONDS), "failed", 63016))
        for status in ("sent", "delivered", "read")[: 3 if to.startswith("whatsapp:") else 2]:
            changes.append(StatusChange(changes[-1].at + self._random_delay(_STATUS_STEP_SECONDS), status))
        return tuple(changes)

    def _apply_keyword(self, record: Message, now: float) -> None:
        """Opt a pair of numbers out or in, and confirm (Twilio, "Advanced Opt-Out")."""
        text, pair = record.body.strip().upper(), (record.to, record.sender)
        kind = "STOP" if text in _STOP_KEYWORDS else "START" if text in _START_KEYWORDS else text
        if kind not in _CONFIRMATIONS:
            return
        if kind == "STOP":
            self._opted_out.add(pair)
        elif kind == "START":
            self._opted_out.discard(pair)
        self._add_message("outbound-reply", record.to, record.sender, _CONFIRMATIONS[kind], now)

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
    ) -> Message:
        return self._messages.add(
            Message(
                sid=f"{'MM' if media else 'SM'}{self._random.getrandbits(128):032x}",
                sender=sender,
                to=to,
                body=body,
                direction=direction,
                status_changes=self._plan_status_changes(direction, sender, to, now, service),
                media=media,
                service=service or None,
            )
        )

    def _build_webhook(self, url: str, fields: WebhookFields, at: float) -> WebhookDelivery:
        idempotency = f"{self._random.getrandbits(128):032x}"
        return build_signed_delivery(url, fields, token=self._token, at=at, idempotency=idempotency)

    def _random_delay(self, maximum: float) -> float:
        return self._random.random() * maximum if maximum > 0 else 0.0


def _json_response(status: int, body: object) -> SimulatorResponse:
    return SimulatorResponse(status=status, headers=_JSON_HEADERS, body=json.dumps(body).encode())


_FAULT_RESPONSES: Final = {
    Fault.TOO_MANY: _ApiError(429, 20429, "Too Many Requests").to_response(),
    Fault.SERVER_ERROR: _ApiError(500, 20500, "Internal Server Error").to_response(),
    Fault.UNAVAILABLE: _ApiError(503, 20503, "Service Unavailable").to_response(),
    Fault.DROP_BEFORE: SimulatorResponse(status=0, drop=True),
}
"""Faults that occur before a message is accepted."""


def _get_first(form: FormFields, name: str) -> str:
    return form.get(name, [""])[0]


def _parse_number(query: dict[str, str], name: str, default: int) -> int:
    value = query.get(name, "")
    return int(value) if value.isascii() and value.isdigit() else default
