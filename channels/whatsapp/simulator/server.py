"""Simulated Cloud API of Meta: messages, signed webhooks, retries and faults."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from base64 import b64encode
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Final

from channels._kit.simulator import (
    Fault,
    FaultSettings,
    SimulatorRequest,
    SimulatorResponse,
    TranscriptEntry,
    UserMessage,
    WebhookDelivery,
    parse_data_url,
    parse_multipart,
)
from channels.whatsapp.simulator.records import (
    IdentityMode,
    Json,
    Message,
    MessageStore,
    StatusChange,
    build_content,
    build_signed_delivery,
    get_text_and_media,
)

_SERVICE_WINDOW_SECONDS: Final = 24 * 3600.0
_PAIR_BURST: Final = 45
_PAIR_SECONDS: Final = 6.0
_MAX_MESSAGES_PER_SECOND: Final = 80
_STATUS_STEP_SECONDS: Final = 0.2
_HANG_SECONDS: Final = 60.0
_RETRY_PERIOD_SECONDS: Final = 7 * 24 * 3600.0
_FIRST_RETRY_SECONDS: Final = 5.0
_MAX_RETRY_SECONDS: Final = 6 * 3600.0
_USER_ID: Final = re.compile(r"[A-Z]{2}\.[A-Za-z0-9.]{1,132}")
_PRICING: Final = {
    "billable": False,
    "pricing_model": "PMP",
    "type": "free_customer_service",
    "category": "service",
}
_ERROR_TEXTS: Final = {
    100: "Invalid parameter",
    131008: "Required parameter is missing",
    131009: "Parameter value is not valid",
    131047: "Re-engagement message",
    131051: "Unsupported message type",
}


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
    ) -> None:
        self._secret = app_secret
        self._token = access_token
        self._webhook_url = webhook_url
        self.phone_number_id = phone_number_id
        self._display_number = display_number
        self._account = account
        self.identity = identity
        self._random = Random(seed)  # noqa: S311 # chance that can be played again, no secret
        self._faults = FaultSettings()
        self._next_faults: deque[Fault] = deque()
        self._message_store = MessageStore(max_messages)
        self._last_inbound_at: dict[str, float] = {}
        self._pair_limited_until: dict[str, float] = {}
        self._recent_sends: deque[float] = deque()
        self._files: dict[str, str] = {}
        self._first_attempts: dict[bytes, float] = {}

    def set_faults(self, faults: FaultSettings) -> None:
        """Replace the faults."""
        self._faults = faults
        self._next_faults = deque(faults.next)

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
        at = now + self._random_delay(self._faults.webhooks_shuffled)
        first = self._build_webhook([change for _, change in recorded], at)
        deliveries = [first]
        if self._random.random() < self._faults.webhooks_twice:
            later = now + self._random_delay(max(self._faults.webhooks_shuffled, 1.0))
            deliveries.append(replace(first, at=later))
        return [wamid for wamid, _ in recorded], deliveries

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

    def handle(
        self, request: SimulatorRequest, now: float
    ) -> tuple[SimulatorResponse, list[WebhookDelivery]]:
        """Handle a Graph API request."""
        path = request.url.partition("?")[0].split("/")[2:]
        expected = f"Bearer {self._token}".encode()
        if not hmac.compare_digest(expected, request.headers.get("authorization", "").encode()):
            return _error_response(401, 190, "Invalid OAuth access token"), []
        if request.method == "POST" and path == [self.phone_number_id, "messages"]:
            return self._handle_message(request.body, now)
        if request.method == "POST" and path == [self.phone_number_id, "media"]:
            return self._handle_upload(request), []
        if request.method == "GET" and len(path) == 1 and path[0] in self._files:
            return self._file_metadata_response(path[0], request), []
        if request.method == "GET" and len(path) == 2 and path[0] == "bytes":
            if file := parse_data_url(self._files.get(path[1], "")):
                return SimulatorResponse(200, {"content-type": file[0]}, file[1]), []
            return _error_response(404, 100, "The URL has expired"), []
        return _error_response(400, 100, "Unsupported request: the object does not exist"), []

    def handle_delivery_result(
        self, delivery: WebhookDelivery, status: int | None, now: float, *, timed_out: bool = False
    ) -> list[WebhookDelivery]:
        """Retry after any status but 200: at once, then with exponential backoff, for seven days."""
        if status == 200:
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

    def _handle_upload(self, request: SimulatorRequest) -> SimulatorResponse:
        """Store an uploaded file (Meta, "Upload media")."""
        fields = parse_multipart(request)
        if not {"messaging_product", "type", "file"} <= set(fields):
            return _error_response(400, 131008, _ERROR_TEXTS[131008])
        medium = f"8{self._random.getrandbits(48):015}"
        kind, body = fields["file"]
        self._files[medium] = f"data:{kind};base64,{b64encode(body).decode()}"
        return _json_response(200, {"id": medium})

    def _file_metadata_response(self, medium: str, request: SimulatorRequest) -> SimulatorResponse:
        """Return a file's URL and metadata; the URL requires the token too."""
        metadata: Json = {"messaging_product": "whatsapp", "id": medium, "url": self._files[medium]}
        if file := parse_data_url(self._files[medium]):
            version = request.url.split("/")[1]
            metadata |= {
                "url": f"http://{request.headers['host']}/{version}/bytes/{medium}",
                "mime_type": file[0],
                "sha256": hashlib.sha256(file[1]).hexdigest(),
                "file_size": len(file[1]),
            }
        return _json_response(200, metadata)

    def _record_user_message(self, user_message: UserMessage, now: float) -> tuple[str, Json]:
        if user_message.surface != self.name:
            raise KeyError(user_message.surface)
        phone, user_id = user_message.person.lstrip("+"), build_user_id(user_message.person)
        self._last_inbound_at[phone] = self._last_inbound_at[user_id] = now
        tapped = (
            self._message_store.find_offering(user_message.person, user_message.button)
            if user_message.button
            else None
        )
        media = [f"7{self._random.getrandbits(48):015}" for _ in user_message.media]
        self._files.update(zip(media, user_message.media, strict=True))
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
            **build_content(user_message, tapped, media),
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

    def _handle_message(self, raw: bytes, now: float) -> tuple[SimulatorResponse, list[WebhookDelivery]]:
        """Accept a message, refuse it as documented, or inject a fault."""
        sent: Json = json.loads(raw)
        if sent.get("status") == "read":
            return _json_response(200, {"success": True}), []
        fault = self._next_fault()
        if fault in _FAULT_RESPONSES:
            return _FAULT_RESPONSES[fault], []
        to = str(sent.get("to") or sent.get("recipient") or "").lstrip("+")
        code = validate_message(sent) or self._check_rate_limits(to, now)
        if code:
            return _error_response(400, code, _ERROR_TEXTS.get(code, "Rate limit hit")), []
        wamid = self._random_wamid()
        # a user ID in "to" is accepted and never delivered
        is_dropped = "to" in sent and not to.isdigit()
        follows = [] if is_dropped else self._accept_message(sent, to, wamid, now)
        response = _json_response(200, {"messaging_product": "whatsapp", "messages": [{"id": wamid}]})
        match fault:
            case Fault.ERROR_AFTER:
                response = _error_response(500, 131000, "Something went wrong")
            case Fault.TIMEOUT_AFTER:
                response = replace(response, delay=_HANG_SECONDS)
            case Fault.DROP_AFTER:
                response = replace(response, drop=True)
            case _:
                response = replace(response, delay=self._faults.answer_delay)
        return response, follows

    def _accept_message(self, sent: Json, to: str, wamid: str, now: float) -> list[WebhookDelivery]:
        person = next((p for p in self._list_people() if build_user_id(p) == to), f"+{to}")
        text, media = get_text_and_media(sent)
        changes = self._plan_status_changes(sent, to, now)
        number = self._message_store.next_number()
        record = Message(number, now, "out", wamid, self.phone_number_id, person, text, media, sent, changes)
        self._message_store.add(record)
        follows = []
        for change in changes:
            at = change.at + self._faults.statuses_late + self._random_delay(self._faults.statuses_shuffled)
            follows.append(self._build_status_webhook(record, change, to, at))
            if self._random.random() < self._faults.statuses_twice:
                follows.append(replace(follows[-1], at=at + self._random_delay(1.0)))
        return sorted(follows, key=lambda delivery: delivery.at)

    def _list_people(self) -> set[str]:
        return {record.person for record in self._message_store.list_for_person()}

    def _plan_status_changes(self, sent: Json, to: str, now: float) -> tuple[StatusChange, ...]:
        """Plan the statuses; outside the 24 hours any message but a template is accepted and fails later."""
        if (
            now - self._last_inbound_at.get(to, -_SERVICE_WINDOW_SECONDS) >= _SERVICE_WINDOW_SECONDS
            and sent["type"] != "template"
        ):
            return (StatusChange(now + self._random_delay(_STATUS_STEP_SECONDS), "failed", 131047),)
        statuses = ("sent",) if sent["type"] == "reaction" else ("sent", "delivered", "read")
        changes = [StatusChange(now, "")]
        for status in statuses:
            changes.append(StatusChange(changes[-1].at + self._random_delay(_STATUS_STEP_SECONDS), status))
        return tuple(changes[1:])

    def _build_status_webhook(
        self, record: Message, change: StatusChange, to: str, at: float
    ) -> WebhookDelivery:
        status: Json = {"id": record.wamid, "status": change.status, "timestamp": str(int(change.at))}
        status["recipient_id" if to.isdigit() else "recipient_user_id"] = to
        if record.request_body and "biz_opaque_callback_data" in record.request_body:
            status["biz_opaque_callback_data"] = record.request_body["biz_opaque_callback_data"]
        if change.error_code:
            status["errors"] = [{"code": change.error_code, "title": _ERROR_TEXTS[change.error_code]}]
        elif change.status == "sent":
            status["pricing"] = _PRICING
        return self._build_webhook(
            [{"field": "messages", "value": {**self._webhook_metadata(), "statuses": [status]}}], at
        )

    def _check_rate_limits(self, to: str, now: float) -> int:
        """Return the error code of an exceeded limit, 0 if none: throughput and pair rate limit.

        A pair of numbers may send one message per six seconds on average (Meta, "Pair rate limits").
        """
        while self._recent_sends and self._recent_sends[0] <= now - 1:
            self._recent_sends.popleft()
        if len(self._recent_sends) >= _MAX_MESSAGES_PER_SECOND:
            return 130429
        limited_until = max(self._pair_limited_until.get(to, now), now)
        if limited_until - now >= _PAIR_BURST * _PAIR_SECONDS:
            return 131056
        self._pair_limited_until[to] = limited_until + _PAIR_SECONDS
        self._recent_sends.append(now)
        return 0

    def _next_fault(self) -> Fault:
        if self._next_faults:
            return self._next_faults.popleft()
        if self._faults.kinds and self._random.random() < self._faults.chance:
            return self._random.choice(self._faults.kinds)
        return Fault.NONE

    def _webhook_metadata(self) -> Json:
        metadata = {"display_phone_number": self._display_number, "phone_number_id": self.phone_number_id}
        return {"messaging_product": "whatsapp", "metadata": metadata}

    def _build_webhook(self, changes: Sequence[Json], at: float) -> WebhookDelivery:
        return build_signed_delivery(self._webhook_url, self._account, changes, secret=self._secret, at=at)

    def _random_wamid(self) -> str:
        return f"wamid.{self._random.getrandbits(160):040X}="

    def _random_delay(self, maximum: float) -> float:
        return self._random.random() * maximum if maximum > 0 else 0.0


def build_user_id(person: str) -> str:
    """Return the business-scoped ID of a contact, derived from the number."""
    return f"US.1{person.lstrip('+'):0>20}"


def validate_message(sent: Json) -> int:
    """Return the error code of an invalid message (Meta, "Messages"), 0 if it is valid."""
    to, kind = sent.get("to"), sent.get("type")
    if sent.get("messaging_product") != "whatsapp" or not (to or sent.get("recipient")):
        return 131008
    if to is None and not _USER_ID.fullmatch(str(sent["recipient"])):
        return 131009
    if len(str(sent.get("biz_opaque_callback_data", ""))) > 512:
        return 131009
    value = sent.get(str(kind))
    if not isinstance(value, dict):
        return 131051 if kind not in ("text", "interactive") else 131008
    if kind == "text":
        return 0 if 0 < len(str(value.get("body", ""))) <= 4096 else 100
    if kind == "interactive":
        return 0 if _is_valid_interactive(value) else 131009
    if len(str(value.get("caption", ""))) > 1024 or (kind == "audio" and "caption" in value):
        return 131009
    return 0 if kind in _MESSAGE_TYPES else 131051


_MESSAGE_TYPES: Final = (
    "image",
    "video",
    "audio",
    "document",
    "sticker",
    "reaction",
    "template",
    "location",
    "contacts",
)


def _is_valid_interactive(value: Json) -> bool:
    text, action = value.get("body", {}).get("text", ""), value.get("action", {})
    if not 0 < len(text) <= 1024 or not _is_valid_header(value):
        return False
    match value.get("type"):
        case "button":
            replies = [button["reply"] for button in action.get("buttons", [])]
            return 1 <= len(replies) <= 3 and _are_valid_options(replies, id_length=256, title_length=20)
        case "list":
            rows = [row for section in action.get("sections", []) for row in section["rows"]]
            are_descriptions_valid = all(len(row.get("description", "")) <= 72 for row in rows)
            fits = 1 <= len(rows) <= 10 and 0 < len(action.get("button", "")) <= 20
            return (
                fits and are_descriptions_valid and _are_valid_options(rows, id_length=200, title_length=24)
            )
        case "cta_url":
            link = action.get("parameters", {})
            return 0 < len(link.get("display_text", "")) <= 20 and str(link.get("url")).startswith("http")
        case "location_request_message":
            return bool(action == {"name": "send_location"})
    return False


def _is_valid_header(value: Json) -> bool:
    """Return whether an interactive message's header is valid: text or a file, above a list text only."""
    if (header := value.get("header")) is None:
        return True
    kind = header.get("type")
    if kind == "text":
        return 0 < len(header.get("text", "")) <= 60
    if value.get("type") not in ("button", "cta_url") or kind not in ("image", "video", "document"):
        return False
    return bool(header.get(kind, {}).get("link") or header.get(kind, {}).get("id"))


def _are_valid_options(options: Sequence[Json], *, id_length: int, title_length: int) -> bool:
    fits = all(0 < len(o["id"]) <= id_length and 0 < len(o["title"]) <= title_length for o in options)
    are_distinct = len({o["id"] for o in options}) == len({o["title"] for o in options}) == len(options)
    return fits and are_distinct


def _json_response(status: int, body: object) -> SimulatorResponse:
    return SimulatorResponse(
        status=status, headers={"content-type": "application/json"}, body=json.dumps(body).encode()
    )


def _error_response(status: int, code: int, message: str) -> SimulatorResponse:
    error = {"message": f"(#{code}) {message}", "type": "OAuthException", "code": code, "fbtrace_id": "A"}
    return _json_response(status, {"error": error})


_FAULT_RESPONSES: Final = {
    Fault.TOO_MANY: _error_response(400, 130429, "Rate limit hit"),
    Fault.SERVER_ERROR: _error_response(500, 131000, "Something went wrong"),
    Fault.UNAVAILABLE: _error_response(503, 131016, "Service unavailable"),
    Fault.DROP_BEFORE: SimulatorResponse(status=0, drop=True),
}
"""Faults that occur before a message is accepted."""
