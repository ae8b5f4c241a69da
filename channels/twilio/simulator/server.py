"""Twilio as its documents describe it: takes our messages, calls our webhooks, signs, retries and fails."""

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

from channels._kit.simulator import Delivery, Fault, Faults, Line, Said, TwinRequest, TwinResponse, stored
from channels.twilio.simulator.records import Record, Records, Step
from channels.twilio.simulator.webhooks import (
    Connection,
    Fields,
    inbound_fields,
    reason_of,
    signed,
    status_fields,
)

_STOP: Final = {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"}
_START: Final = {"START", "UNSTOP"}
_CONFIRMATIONS: Final = {
    "STOP": "You have successfully been unsubscribed. You will not receive any more messages from this "
    "number. Reply START to resubscribe.",
    "START": "You have successfully been re-subscribed to messages from this number. Reply HELP for help. "
    "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
    "HELP": "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
}
_WINDOW_SECONDS: Final = 24 * 3600
_STEP_SECONDS: Final = 0.2
_NO_ANSWER_SECONDS: Final = 60.0
_WHOLE_ADDRESS: Final = re.compile(r"(whatsapp:)?\+[1-9]\d{6,14}|whatsapp:[A-Z]{2}\.[A-Za-z0-9]{1,128}")
_JSON: Final = {"content-type": "application/json;charset=utf-8"}

Form = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class _Refusal:
    """An error of the API."""

    http: int
    code: int
    message: str

    def answer(self) -> TwinResponse:
        more = f"https://www.twilio.com/docs/errors/{self.code}"
        return _answer(
            self.http,
            {"code": self.code, "message": self.message, "more_info": more, "status": self.http},
        )


class TwilioTwin:
    """One Twilio account with an SMS number and a WhatsApp sender.

    `webhook_url` may carry connection overrides (`#rc=3&rp=all`). The same `seed` gives the same ids, so a
    gateway that remembers earlier messages needs a twin with another seed. `remembered` bounds the messages
    that are kept.
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
        remembered: int = 100_000,
    ) -> None:
        self._account = account_sid
        self._token = auth_token
        self._webhook_url = webhook_url
        self._fallback_url = fallback_url
        self._ours = {"sms": sms_number, "whatsapp": whatsapp_number}
        self._chance = Random(seed)  # noqa: S311 # chance that can be played again, no secret
        self._faults = Faults()
        self._next_faults: deque[Fault] = deque()
        self._records = Records(remembered)
        self._opted_out: set[tuple[str, str]] = set()
        self._heard: dict[tuple[str, str], float] = {}
        self.url = "https://api.twilio.com"
        """Where this twin is, for the addresses of the files that it keeps."""
        self._files: dict[str, str] = {}
        self._base = f"/2010-04-01/Accounts/{account_sid}"

    def tell(self, faults: Faults) -> None:
        """Replace the faults."""
        self._faults = faults
        self._next_faults = deque(faults.next)

    def lines(self, now: float, *, person: str = "", after: int = 0) -> list[Line]:
        """The conversation with one person (or all), oldest first, numbers above `after` only."""
        return [record.line(now) for record in self._records.of(person) if record.number > after]

    def say(self, said: Said, now: float) -> tuple[str, list[Delivery]]:
        """A person writes to us; the sid, and the webhook, doubled and shuffled as told.

        STOP, START and HELP are handled as Twilio does, and still posted. Raises `KeyError` for a surface
        that Twilio does not have.
        """
        ours = said.ours or self._ours[said.surface]
        on_whatsapp = ours.startswith("whatsapp:")
        prefix = "whatsapp:" if on_whatsapp and not said.person.startswith("whatsapp:") else ""
        record = self._keep(
            "inbound", f"{prefix}{said.person}", ours, said.text or said.button, now, said.media
        )
        record.media = tuple(self._file(url, record.sid) for url in said.media)
        self._heard[(ours, record.sender)] = now
        if not on_whatsapp:
            self._obey_keyword(record, now)
        fields = inbound_fields(said, record, self._account)
        first = self._webhook(self._webhook_url, fields, now + self._some(self._faults.webhooks_shuffled))
        if self._chance.random() >= self._faults.webhooks_twice:
            return record.sid, [first]
        again = replace(first, at=now + self._some(max(self._faults.webhooks_shuffled, 1.0)))
        return record.sid, [first, again]

    def handle(self, request: TwinRequest, now: float) -> tuple[TwinResponse, list[Delivery]]:
        """Answer a call of the REST API."""
        path, _, query = request.url.partition("?")
        if path.startswith("/_cdn/") and (file := stored(self._files.get(path.removeprefix("/_cdn/"), ""))):
            return TwinResponse(200, {"content-type": file[0]}, file[1]), []
        if not self._is_authentic(request):
            return _Refusal(401, 20003, "Authenticate").answer(), []
        if path == f"{self._base}/Messages.json" and request.method == "POST":
            return self._create(
                parse_qs(request.body.decode("utf-8", "replace"), keep_blank_values=True), now
            )
        if path == f"{self._base}/Messages.json" and request.method == "GET":
            return self._list(path, dict(parse_qsl(query, keep_blank_values=True)), now), []
        if (sid := path.rpartition("/Media/")[2]) in self._files and request.method == "GET":
            return TwinResponse(307, {"location": f"{self.url}/_cdn/{sid}"}), []
        if path.startswith(f"{self._base}/Messages/") and request.method == "GET":
            sid = path.removeprefix(f"{self._base}/Messages/").removesuffix(".json")
            if record := self._records.find(sid):
                return _answer(200, record.resource(self._base, self._account, now)), []
        if path == "/v2/Indicators/Typing.json" and request.method == "POST":
            return _answer(200, {"success": True}), []
        return _Refusal(404, 20404, f"The requested resource {path} was not found").answer(), []

    def delivered(
        self, delivery: Delivery, status: int | None, now: float, *, timed_out: bool = False
    ) -> list[Delivery]:
        """Retry by the connection overrides; after that a message goes to the fallback URL, if there is one.

        The overrides are those of the webhook's URL, for status callbacks too.
        """
        reason = reason_of(status, timed_out)
        if reason is None:
            return []
        wait = Connection.of(self._webhook_url).wait(delivery.attempt, reason)
        if wait is not None:
            return [replace(delivery, at=now + wait, attempt=delivery.attempt + 1)]
        fields = parse_qsl(delivery.body.decode(), keep_blank_values=True)
        names = {name for name, _ in fields}
        if not self._fallback_url or names & {"MessageStatus", "ErrorUrl"}:
            return []
        code = "11205" if status is None else "11200"
        return [
            self._webhook(self._fallback_url, [*fields, ("ErrorCode", code), ("ErrorUrl", delivery.url)], now)
        ]

    def _file(self, url: str, message: str) -> str:
        """The address of a file of a message; Twilio keeps what was sent, and redirects to where it lies."""
        if stored(url) is None:
            return url
        sid = f"ME{self._chance.getrandbits(128):032x}"
        self._files[sid] = url
        return f"{self.url}{self._base}/Messages/{message}/Media/{sid}"

    def _is_authentic(self, request: TwinRequest) -> bool:
        expected = base64.b64encode(f"{self._account}:{self._token}".encode())
        return hmac.compare_digest(b"Basic " + expected, request.headers.get("authorization", "").encode())

    def _create(self, form: Form, now: float) -> tuple[TwinResponse, list[Delivery]]:
        """Take a message, or refuse it as documented, or fail as told."""
        fault = self._fault()
        if fault in _NOT_TAKEN:
            return _NOT_TAKEN[fault], []
        if refusal := self._refusal(form):
            return refusal.answer(), []
        service, to = _one(form, "MessagingServiceSid"), _one(form, "To")
        sender = _one(form, "From") or self._pool(to)
        media = tuple(form.get("MediaUrl", ()))
        record = self._keep("outbound-api", sender, to, _one(form, "Body"), now, media, service=service)
        answer = _answer(201, record.resource(self._base, self._account, now))
        callback = _one(form, "StatusCallback")
        follows = self._callbacks(record, callback) if callback else []
        match fault:
            case Fault.ERROR_AFTER:
                answer = _Refusal(500, 20500, "Internal Server Error").answer()
            case Fault.TIMEOUT_AFTER:
                answer = replace(answer, delay=_NO_ANSWER_SECONDS)
            case Fault.DROP_AFTER:
                answer = replace(answer, drop=True)
            case _:
                answer = replace(answer, delay=self._faults.answer_delay)
        return answer, follows

    def _fault(self) -> Fault:
        if self._next_faults:
            return self._next_faults.popleft()
        if self._faults.kinds and self._chance.random() < self._faults.chance:
            return self._chance.choice(self._faults.kinds)
        return Fault.NONE

    def _refusal(self, form: Form) -> _Refusal | None:
        """The documented reasons not to take a message (Twilio, "Error and warning dictionary")."""
        to, sender, body = _one(form, "To"), _one(form, "From"), _one(form, "Body")
        media, on_whatsapp = form.get("MediaUrl", []), to.startswith("whatsapp:")
        if not to:
            return _Refusal(400, 21604, "A 'To' phone number is required.")
        if not _WHOLE_ADDRESS.fullmatch(to):
            return _Refusal(400, 21211, f"The 'To' number {to} is not a valid phone number.")
        if not sender and not _one(form, "MessagingServiceSid"):
            return _Refusal(400, 21603, "A 'From' phone number is required.")
        if sender and sender.startswith("whatsapp:") != on_whatsapp:
            return _Refusal(400, 63007, "Twilio could not find a Channel with the specified From address")
        if sender == to:
            return _Refusal(400, 63031, "Message cannot have the same To and From")
        if not body and not media and not _one(form, "ContentSid"):
            return _Refusal(400, 21602, "Message body is required.")
        if len(body.encode("utf-16-le")) > 2 * 1600:
            return _Refusal(400, 21617, "The concatenated message body exceeds the 1600 character limit.")
        if len(media) > (1 if on_whatsapp else 10):
            return _Refusal(400, 21623, "Number of media files exceeds allowed limit.")
        if (sender or self._pool(to), to) in self._opted_out:
            return _Refusal(400, 21610, "Attempt to send to unsubscribed recipient")
        return None

    def _pool(self, to: str) -> str:
        """The sender that the messaging service picks."""
        return self._ours["whatsapp" if to.startswith("whatsapp:") else "sms"]

    def _list(self, path: str, query: dict[str, str], now: float) -> TwinResponse:
        found = self._records.listed(query)
        size = min(max(_number(query, "PageSize", 50), 1), 1000)
        page = _number(query, "Page", 0)
        shown = found[page * size : (page + 1) * size]
        following = urlencode({**query, "Page": page + 1}) if len(found) > (page + 1) * size else ""
        body = {
            "messages": [record.resource(self._base, self._account, now) for record in shown],
            "page": page,
            "page_size": size,
            "next_page_uri": f"{path}?{following}" if following else None,
        }
        return _answer(200, body)

    def _callbacks(self, record: Record, url: str) -> list[Delivery]:
        """A message's callbacks, late, twice and out of order as told; there is none for its first state."""
        follows = []
        for step in record.life[1:]:
            at = step.at + self._faults.statuses_late + self._some(self._faults.statuses_shuffled)
            follows.append(self._webhook(url, status_fields(record, step, self._account), at))
            if self._chance.random() < self._faults.statuses_twice:
                follows.append(replace(follows[-1], at=at + self._some(1.0)))
        return sorted(follows, key=lambda delivery: delivery.at)

    def _life(self, direction: str, sender: str, to: str, now: float, service: str) -> tuple[Step, ...]:
        """The states of a new message; outside WhatsApp's 24 hours it is taken and fails afterwards."""
        if direction == "inbound":
            return (Step(now, "received"),)
        heard = self._heard.get((sender, to), 0.0)
        steps = [Step(now, "accepted" if service else "queued")]
        if to.startswith("whatsapp:") and now - heard > _WINDOW_SECONDS:
            return (*steps, Step(now + self._some(_STEP_SECONDS), "failed", 63016))
        for word in ("sent", "delivered", "read")[: 3 if to.startswith("whatsapp:") else 2]:
            steps.append(Step(steps[-1].at + self._some(_STEP_SECONDS), word))
        return tuple(steps)

    def _obey_keyword(self, record: Record, now: float) -> None:
        """Block or free the pair, and confirm, as Twilio does by itself (Twilio, "Advanced Opt-Out")."""
        word, pair = record.body.strip().upper(), (record.to, record.sender)
        kind = "STOP" if word in _STOP else "START" if word in _START else word
        if kind not in _CONFIRMATIONS:
            return
        if kind == "STOP":
            self._opted_out.add(pair)
        elif kind == "START":
            self._opted_out.discard(pair)
        self._keep("outbound-reply", record.to, record.sender, _CONFIRMATIONS[kind], now)

    def _keep(
        self,
        direction: str,
        sender: str,
        to: str,
        body: str,
        now: float,
        media: tuple[str, ...] = (),
        *,
        service: str = "",
    ) -> Record:
        return self._records.keep(
            Record(
                sid=f"{'MM' if media else 'SM'}{self._chance.getrandbits(128):032x}",
                sender=sender,
                to=to,
                body=body,
                direction=direction,
                life=self._life(direction, sender, to, now, service),
                media=media,
                service=service or None,
            )
        )

    def _webhook(self, url: str, fields: Fields, at: float) -> Delivery:
        idempotency = f"{self._chance.getrandbits(128):032x}"
        return signed(url, fields, token=self._token, at=at, idempotency=idempotency)

    def _some(self, most: float) -> float:
        return self._chance.random() * most if most > 0 else 0.0


def _answer(status: int, body: object) -> TwinResponse:
    return TwinResponse(status=status, headers=_JSON, body=json.dumps(body).encode())


_NOT_TAKEN: Final = {
    Fault.TOO_MANY: _Refusal(429, 20429, "Too Many Requests").answer(),
    Fault.SERVER_ERROR: _Refusal(500, 20500, "Internal Server Error").answer(),
    Fault.UNAVAILABLE: _Refusal(503, 20503, "Service Unavailable").answer(),
    Fault.DROP_BEFORE: TwinResponse(status=0, drop=True),
}
"""The faults that strike before a message is taken."""


def _one(form: Form, name: str) -> str:
    return form.get(name, [""])[0]


def _number(query: dict[str, str], name: str, default: int) -> int:
    value = query.get(name, "")
    return int(value) if value.isascii() and value.isdigit() else default
