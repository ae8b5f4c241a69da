"""Meta's Cloud API by its documents: takes our messages, calls our webhooks, repeats and fails."""

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
    Delivery,
    Fault,
    Faults,
    Line,
    Said,
    TwinRequest,
    TwinResponse,
    stored,
    uploaded,
)
from channels.whatsapp.simulator.records import (
    Identity,
    Json,
    Record,
    Records,
    Step,
    content,
    shown,
    signed,
)

_WINDOW_SECONDS: Final = 24 * 3600.0
_PAIR_BURST: Final = 45
_PAIR_SECONDS: Final = 6.0
_THROUGHPUT: Final = 80
_STEP_SECONDS: Final = 0.2
_NO_ANSWER_SECONDS: Final = 60.0
_REPEATED_FOR: Final = 7 * 24 * 3600.0
_FIRST_WAIT: Final = 5.0
_LONGEST_WAIT: Final = 6 * 3600.0
_USER_ID: Final = re.compile(r"[A-Z]{2}\.[A-Za-z0-9.]{1,132}")
_PRICING: Final = {
    "billable": False,
    "pricing_model": "PMP",
    "type": "free_customer_service",
    "category": "service",
}
_TEXTS: Final = {
    100: "Invalid parameter",
    131008: "Required parameter is missing",
    131009: "Parameter value is not valid",
    131047: "Re-engagement message",
    131051: "Unsupported message type",
}


class WhatsAppTwin:
    """One app with one number. The same `seed` gives the same ids; `identity` is what is told of people.

    Numbers are kept as people write them (+1…); Meta's digits stand only in what it sends.
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
        identity: Identity = Identity.BOTH,
        remembered: int = 100_000,
    ) -> None:
        self._secret = app_secret
        self._token = access_token
        self._webhook_url = webhook_url
        self.number = phone_number_id
        self._display = display_number
        self._account = account
        self.identity = identity
        self._chance = Random(seed)  # noqa: S311 # chance that can be played again, no secret
        self._faults = Faults()
        self._next_faults: deque[Fault] = deque()
        self._records = Records(remembered)
        self._heard: dict[str, float] = {}
        self._owed: dict[str, float] = {}
        self._second: deque[float] = deque()
        self._files: dict[str, str] = {}
        self._first_tries: dict[bytes, float] = {}

    def tell(self, faults: Faults) -> None:
        """Replace the faults."""
        self._faults = faults
        self._next_faults = deque(faults.next)

    def lines(self, now: float, *, person: str = "", after: int = 0) -> list[Line]:
        """The conversation with one person (or all), oldest first, numbers above `after` only."""
        return [record.line(now) for record in self._records.of(person) if record.number > after]

    def say(self, said: Said, now: float) -> tuple[str, list[Delivery]]:
        """A person writes: the id of the message and the webhook. Raises `KeyError` for another surface."""
        [wamid], deliveries = self.say_all([said], now)
        return wamid, deliveries

    def say_all(self, many: Sequence[Said], now: float) -> tuple[list[str], list[Delivery]]:
        """People write at once, which comes as one batch: a change for each of them."""
        made = [self._hear(said, now) for said in many]
        at = now + self._some(self._faults.webhooks_shuffled)
        first = self._webhook([change for _, change in made], at)
        deliveries = [first]
        if self._chance.random() < self._faults.webhooks_twice:
            later = now + self._some(max(self._faults.webhooks_shuffled, 1.0))
            deliveries.append(replace(first, at=later))
        return [wamid for wamid, _ in made], deliveries

    def answer_from_the_phone(self, person: str, text: str, now: float) -> list[Delivery]:
        """Somebody at the business answers from its own phone (Meta, "smb_message_echoes")."""
        echo = {
            "from": self._display,
            "to": person.lstrip("+"),
            "id": self._wamid(),
            "timestamp": str(int(now)),
            "type": "text",
            "text": {"body": text},
        }
        value = {**self._about(), "message_echoes": [echo]}
        return [self._webhook([{"field": "smb_message_echoes", "value": value}], now)]

    def handle(self, request: TwinRequest, now: float) -> tuple[TwinResponse, list[Delivery]]:
        """Answer a call of the Graph API."""
        path = request.url.partition("?")[0].split("/")[2:]
        expected = f"Bearer {self._token}".encode()
        if not hmac.compare_digest(expected, request.headers.get("authorization", "").encode()):
            return _error(401, 190, "Invalid OAuth access token"), []
        if request.method == "POST" and path == [self.number, "messages"]:
            return self._messages(request.body, now)
        if request.method == "POST" and path == [self.number, "media"]:
            return self._upload(request), []
        if request.method == "GET" and len(path) == 1 and path[0] in self._files:
            return self._file(path[0], request), []
        if request.method == "GET" and len(path) == 2 and path[0] == "bytes":
            if file := stored(self._files.get(path[1], "")):
                return TwinResponse(200, {"content-type": file[0]}, file[1]), []
            return _error(404, 100, "The address has expired"), []
        return _error(400, 100, "Unsupported request: the object does not exist"), []

    def delivered(
        self, delivery: Delivery, status: int | None, now: float, *, timed_out: bool = False
    ) -> list[Delivery]:
        """Anything but 200 is repeated, at once and then with growing gaps, for seven days."""
        if status == 200:
            self._first_tries.pop(delivery.body, None)
            return []
        first = self._first_tries.setdefault(delivery.body, now)
        wait = 0.0
        if delivery.attempt > 1:
            wait = min(_FIRST_WAIT * 2.0 ** min(delivery.attempt - 2, 20), _LONGEST_WAIT)
        if now + wait - first > _REPEATED_FOR:
            self._first_tries.pop(delivery.body, None)
            return []
        return [replace(delivery, at=now + wait, attempt=delivery.attempt + 1)]

    def _upload(self, request: TwinRequest) -> TwinResponse:
        """Keep a file that is to be sent (Meta, "Upload media")."""
        given = uploaded(request)
        if not {"messaging_product", "type", "file"} <= set(given):
            return _error(400, 131008, _TEXTS[131008])
        medium = f"8{self._chance.getrandbits(48):015}"
        kind, body = given["file"]
        self._files[medium] = f"data:{kind};base64,{b64encode(body).decode()}"
        return _answer(200, {"id": medium})

    def _file(self, medium: str, request: TwinRequest) -> TwinResponse:
        """Where a file is, and what Meta knows of it; the address wants the token too."""
        told: Json = {"messaging_product": "whatsapp", "id": medium, "url": self._files[medium]}
        if file := stored(self._files[medium]):
            version = request.url.split("/")[1]
            told |= {
                "url": f"http://{request.headers['host']}/{version}/bytes/{medium}",
                "mime_type": file[0],
                "sha256": hashlib.sha256(file[1]).hexdigest(),
                "file_size": len(file[1]),
            }
        return _answer(200, told)

    def _hear(self, said: Said, now: float) -> tuple[str, Json]:
        if said.surface != self.name:
            raise KeyError(said.surface)
        phone, user_id = said.person.lstrip("+"), user_id_of(said.person)
        self._heard[phone] = self._heard[user_id] = now
        tapped = self._records.offering(said.person, said.button) if said.button else None
        media = [f"7{self._chance.getrandbits(48):015}" for _ in said.media]
        self._files.update(zip(media, said.media, strict=True))
        named = (
            {"from": phone, "from_user_id": user_id}
            if self.identity is not Identity.PHONE
            else {"from": phone}
        )
        if self.identity is Identity.HIDDEN:
            del named["from"]
        wamid = self._wamid()
        message = {**named, "id": wamid, "timestamp": str(int(now)), **content(said, tapped, media)}
        self._records.keep(
            Record(
                self._records.next_number(), now, "in", wamid, self.number, said.person, said.text, said.media
            )
        )
        contact: Json = {"profile": {"name": said.name or "Ada"}}
        contact |= {"wa_id": phone} if "from" in named else {}
        contact |= {"user_id": user_id} if "from_user_id" in named else {}
        value = {**self._about(), "contacts": [contact], "messages": [message]}
        return wamid, {"field": "messages", "value": value}

    def _messages(self, raw: bytes, now: float) -> tuple[TwinResponse, list[Delivery]]:
        """Take a message, or refuse it as documented, or fail as told."""
        sent: Json = json.loads(raw)
        if sent.get("status") == "read":
            return _answer(200, {"success": True}), []
        fault = self._fault()
        if fault in _NOT_TAKEN:
            return _NOT_TAKEN[fault], []
        to = str(sent.get("to") or sent.get("recipient") or "").lstrip("+")
        code = refusal(sent) or self._limit(to, now)
        if code:
            return _error(400, code, _TEXTS.get(code, "Rate limit hit")), []
        wamid = self._wamid()
        dropped = (
            "to" in sent and not to.isdigit()
        )  # an id where a number belongs: taken, and never delivered
        follows = [] if dropped else self._take(sent, to, wamid, now)
        answer = _answer(200, {"messaging_product": "whatsapp", "messages": [{"id": wamid}]})
        match fault:
            case Fault.ERROR_AFTER:
                answer = _error(500, 131000, "Something went wrong")
            case Fault.TIMEOUT_AFTER:
                answer = replace(answer, delay=_NO_ANSWER_SECONDS)
            case Fault.DROP_AFTER:
                answer = replace(answer, drop=True)
            case _:
                answer = replace(answer, delay=self._faults.answer_delay)
        return answer, follows

    def _take(self, sent: Json, to: str, wamid: str, now: float) -> list[Delivery]:
        person = next((p for p in self._people() if user_id_of(p) == to), f"+{to}")
        text, media = shown(sent)
        life = self._life(sent, to, now)
        number = self._records.next_number()
        record = Record(number, now, "out", wamid, self.number, person, text, media, sent, life)
        self._records.keep(record)
        follows = []
        for step in life:
            at = step.at + self._faults.statuses_late + self._some(self._faults.statuses_shuffled)
            follows.append(self._status(record, step, to, at))
            if self._chance.random() < self._faults.statuses_twice:
                follows.append(replace(follows[-1], at=at + self._some(1.0)))
        return sorted(follows, key=lambda delivery: delivery.at)

    def _people(self) -> set[str]:
        return {record.person for record in self._records.of()}

    def _life(self, sent: Json, to: str, now: float) -> tuple[Step, ...]:
        """Outside the 24 hours a message is taken, and fails afterwards, unless it is a template."""
        if now - self._heard.get(to, -_WINDOW_SECONDS) >= _WINDOW_SECONDS and sent["type"] != "template":
            return (Step(now + self._some(_STEP_SECONDS), "failed", 131047),)
        words = ("sent",) if sent["type"] == "reaction" else ("sent", "delivered", "read")
        steps = [Step(now, "")]
        for word in words:
            steps.append(Step(steps[-1].at + self._some(_STEP_SECONDS), word))
        return tuple(steps[1:])

    def _status(self, record: Record, step: Step, to: str, at: float) -> Delivery:
        told: Json = {"id": record.wamid, "status": step.word, "timestamp": str(int(step.at))}
        told["recipient_id" if to.isdigit() else "recipient_user_id"] = to
        if record.sent and "biz_opaque_callback_data" in record.sent:
            told["biz_opaque_callback_data"] = record.sent["biz_opaque_callback_data"]
        if step.error_code:
            told["errors"] = [{"code": step.error_code, "title": _TEXTS[step.error_code]}]
        elif step.word == "sent":
            told["pricing"] = _PRICING
        return self._webhook([{"field": "messages", "value": {**self._about(), "statuses": [told]}}], at)

    def _limit(self, to: str, now: float) -> int:
        """Throughput, and the pair's debt of six seconds a message (Meta, "Pair rate limits")."""
        while self._second and self._second[0] <= now - 1:
            self._second.popleft()
        if len(self._second) >= _THROUGHPUT:
            return 130429
        owed = max(self._owed.get(to, now), now)
        if owed - now >= _PAIR_BURST * _PAIR_SECONDS:
            return 131056
        self._owed[to] = owed + _PAIR_SECONDS
        self._second.append(now)
        return 0

    def _fault(self) -> Fault:
        if self._next_faults:
            return self._next_faults.popleft()
        if self._faults.kinds and self._chance.random() < self._faults.chance:
            return self._chance.choice(self._faults.kinds)
        return Fault.NONE

    def _about(self) -> Json:
        metadata = {"display_phone_number": self._display, "phone_number_id": self.number}
        return {"messaging_product": "whatsapp", "metadata": metadata}

    def _webhook(self, changes: Sequence[Json], at: float) -> Delivery:
        return signed(self._webhook_url, self._account, changes, secret=self._secret, at=at)

    def _wamid(self) -> str:
        return f"wamid.{self._chance.getrandbits(160):040X}="

    def _some(self, most: float) -> float:
        return self._chance.random() * most if most > 0 else 0.0


def user_id_of(person: str) -> str:
    """The business-scoped id of a person, always the same for one number."""
    return f"US.1{person.lstrip('+'):0>20}"


def refusal(sent: Json) -> int:
    """The code of the first rule that a message breaks (Meta, "Messages"); 0 when it is fine."""
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
        return 0 if _is_interactive(value) else 131009
    if len(str(value.get("caption", ""))) > 1024 or (kind == "audio" and "caption" in value):
        return 131009
    return 0 if kind in _KINDS else 131051


_KINDS: Final = (
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


def _is_interactive(value: Json) -> bool:
    text, action = value.get("body", {}).get("text", ""), value.get("action", {})
    if not 0 < len(text) <= 1024:
        return False
    match value.get("type"):
        case "button":
            replies = [button["reply"] for button in action.get("buttons", [])]
            return 1 <= len(replies) <= 3 and _are_fine(replies, id_length=256, title_length=20)
        case "list":
            rows = [row for section in action.get("sections", []) for row in section["rows"]]
            described = all(len(row.get("description", "")) <= 72 for row in rows)
            fits = 1 <= len(rows) <= 10 and 0 < len(action.get("button", "")) <= 20
            return fits and described and _are_fine(rows, id_length=200, title_length=24)
        case "cta_url":
            link = action.get("parameters", {})
            return 0 < len(link.get("display_text", "")) <= 20 and str(link.get("url")).startswith("http")
    return False


def _are_fine(offered: Sequence[Json], *, id_length: int, title_length: int) -> bool:
    fits = all(0 < len(o["id"]) <= id_length and 0 < len(o["title"]) <= title_length for o in offered)
    apart = len({o["id"] for o in offered}) == len({o["title"] for o in offered}) == len(offered)
    return fits and apart


def _answer(status: int, body: object) -> TwinResponse:
    return TwinResponse(
        status=status, headers={"content-type": "application/json"}, body=json.dumps(body).encode()
    )


def _error(status: int, code: int, message: str) -> TwinResponse:
    error = {"message": f"(#{code}) {message}", "type": "OAuthException", "code": code, "fbtrace_id": "A"}
    return _answer(status, {"error": error})


_NOT_TAKEN: Final = {
    Fault.TOO_MANY: _error(400, 130429, "Rate limit hit"),
    Fault.SERVER_ERROR: _error(500, 131000, "Something went wrong"),
    Fault.UNAVAILABLE: _error(503, 131016, "Service unavailable"),
    Fault.DROP_BEFORE: TwinResponse(status=0, drop=True),
}
"""The faults that strike before a message is taken."""
