"""Twilio as its documents describe it: takes our messages, calls our webhooks, signs, retries, fails."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections import OrderedDict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import formatdate
from random import Random
from typing import Any, Final
from urllib.parse import parse_qs, parse_qsl, quote, urlencode, urlsplit, urlunsplit

from channels._kit.twin import Delivery, Fault, Faults, Line, Said, TwinRequest, TwinResponse

_STOP: Final = {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"}
_START: Final = {"START", "UNSTOP"}
_OWN_ANSWERS: Final = {
    "STOP": "You have successfully been unsubscribed. You will not receive any more messages from this "
    "number. Reply START to resubscribe.",
    "START": "You have successfully been re-subscribed to messages from this number. Reply HELP for help. "
    "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
    "HELP": "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
}
_WINDOW_SECONDS: Final = 24 * 3600
_LATE_ANSWER_SECONDS: Final = 60.0
_ADDRESS: Final = re.compile(
    r"\+[1-9]\d{6,14}|whatsapp:\+[1-9]\d{6,14}|whatsapp:[A-Z]{2}\.[A-Za-z0-9]{1,128}"
)
_RETRYABLE: Final = {"4xx", "5xx", "ct", "rt"}


@dataclass(slots=True)
class _Record:
    """A message in either direction, as the Messages resource shows it."""

    number: int
    sid: str
    sent: str
    to: str
    body: str
    direction: str
    status: str
    created: float
    media: tuple[str, ...] = ()
    error_code: int | None = None
    service: str | None = None


@dataclass(frozen=True, slots=True)
class _Refusal:
    """An error of the API."""

    http: int
    code: int
    message: str


@dataclass(slots=True)
class _Connection:
    """How webhooks are retried (Twilio, "Webhook connection overrides"): the fragment of the URL."""

    retries: int = 1
    reasons: frozenset[str] = frozenset({"ct"})
    timeout: float = 15.0

    @classmethod
    def read(cls, url: str) -> _Connection:
        told = parse_qs(urlsplit(url).fragment)
        reasons = frozenset(told.get("rp", ["ct"])[0].split(","))
        return cls(
            retries=min(max(int(told.get("rc", ["1"])[0]), 0), 5),
            reasons=frozenset(_RETRYABLE) if "all" in reasons else reasons,
            timeout=min(max(int(told.get("rt", ["15000"])[0]), 100), 15000) / 1000,
        )


class TwilioTwin:
    """One Twilio account with an SMS number and a WhatsApp sender.

    `webhook_url` may carry connection overrides (`#rc=3&rp=all`). The same `seed` gives the same ids, so a
    gateway that remembers earlier messages needs a twin with another seed.
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
        self._remembered = remembered
        self._chance = Random(seed)  # noqa: S311 # a game of chance that can be played again, no secret
        self._faults = Faults()
        self._next_faults: deque[Fault] = deque()
        self._records: OrderedDict[str, _Record] = OrderedDict()
        self._by_person: dict[str, deque[_Record]] = {}
        self._count = 0
        self._opted_out: set[tuple[str, str]] = set()
        self._heard: dict[tuple[str, str], float] = {}
        self._base = f"/2010-04-01/Accounts/{account_sid}"

    # What a test or a console does.

    def tell(self, faults: Faults) -> None:
        """Replace the faults."""
        self._faults = faults
        self._next_faults = deque(faults.next)

    def say(self, said: Said, now: float) -> tuple[str, list[Delivery]]:
        """A person writes to us. STOP and START are handled as Twilio does, and still posted to us."""
        ours = said.ours or self._ours[said.surface]
        person = said.person
        if said.surface == "whatsapp" and not person.startswith("whatsapp:"):
            person = f"whatsapp:{person}"
        record = self._keep(
            _Record(
                number=0,
                sid=self._sid("MM" if said.media else "SM"),
                sent=person,
                to=ours,
                body=said.text or said.button,
                direction="inbound",
                status="received",
                created=now,
                media=said.media,
            )
        )
        self._heard[(ours, person)] = now
        if said.surface == "sms":
            self._keyword(record, now)
        return record.sid, self._inbound(said, record, now)

    def lines(self, person: str = "", after: int = 0) -> list[Line]:
        """The conversation with one person (or all), oldest first, numbers above `after` only."""
        records: Iterable[_Record] = self._records.values()
        if person:
            records = self._by_person.get(person, ())
        return [_line(record) for record in records if record.number > after]

    # What our code calls over HTTP.

    def handle(self, request: TwinRequest, now: float) -> tuple[TwinResponse, list[Delivery]]:
        """Answer a call of the REST API."""
        path, _, query = request.url.partition("?")
        if not self._is_authentic(request):
            return _refused(_Refusal(401, 20003, "Authenticate")), []
        if path == f"{self._base}/Messages.json" and request.method == "POST":
            return self._create(request, now)
        if path == f"{self._base}/Messages.json" and request.method == "GET":
            return self._list(path, dict(parse_qsl(query, keep_blank_values=True))), []
        if path.startswith(f"{self._base}/Messages/") and request.method == "GET":
            record = self._records.get(path.removeprefix(f"{self._base}/Messages/").removesuffix(".json"))
            if record is not None:
                return _answered(200, self._resource(record)), []
        if path == "/v2/Indicators/Typing.json" and request.method == "POST":
            return _answered(200, {"success": True}), []
        return _refused(_Refusal(404, 20404, f"The requested resource {path} was not found")), []

    def delivered(
        self, delivery: Delivery, status: int | None, now: float, *, timed_out: bool = False
    ) -> list[Delivery]:
        """Retry by the connection overrides, then turn to the fallback URL if there is one."""
        failure = _failure(status, timed_out)
        if failure is None:
            return []
        connection = _Connection.read(self._webhook_url)
        if delivery.attempt <= connection.retries and failure in connection.reasons:
            return [replace(delivery, at=now, attempt=delivery.attempt + 1)]
        if not self._fallback_url or b"MessageStatus=" in delivery.body or b"ErrorUrl=" in delivery.body:
            return []
        fields = parse_qsl(delivery.body.decode(), keep_blank_values=True)
        code = "11205" if status is None else "11200"
        fields += [("ErrorCode", code), ("ErrorUrl", delivery.url)]
        return [self._signed(self._fallback_url, fields, now)]

    def _is_authentic(self, request: TwinRequest) -> bool:
        expected = base64.b64encode(f"{self._account}:{self._token}".encode()).decode()
        return hmac.compare_digest(
            f"Basic {expected}".encode(), request.headers.get("authorization", "").encode()
        )

    def _create(self, request: TwinRequest, now: float) -> tuple[TwinResponse, list[Delivery]]:
        """Take a message, or refuse it as documented, or fail as told."""
        fault = self._fault()
        if fault in _BEFORE:
            return _BEFORE[fault], []
        form = parse_qs(request.body.decode(), keep_blank_values=True)
        refusal = self._refusal(form)
        if refusal is not None:
            return _refused(refusal), []
        media = tuple(form.get("MediaUrl", ()))
        service = _one(form, "MessagingServiceSid")
        record = self._keep(
            _Record(
                number=0,
                sid=self._sid("MM" if media else "SM"),
                sent=_one(form, "From") or self._pool(_one(form, "To")),
                to=_one(form, "To"),
                body=_one(form, "Body"),
                direction="outbound-api",
                status="accepted" if service else "queued",
                created=now,
                media=media,
                service=service or None,
            )
        )
        answer = _answered(201, self._resource(record))
        callback = _one(form, "StatusCallback")
        follows = self._statuses(record, callback, now) if callback else []
        match fault:
            case Fault.ERROR_AFTER:
                answer = _refused(_Refusal(500, 20500, "Internal Server Error"))
            case Fault.TIMEOUT_AFTER:
                answer = replace(answer, delay=_LATE_ANSWER_SECONDS)
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

    def _refusal(self, form: dict[str, list[str]]) -> _Refusal | None:
        """The documented reasons not to take a message (Twilio, "Error and warning dictionary")."""
        to, sender, body = _one(form, "To"), _one(form, "From"), _one(form, "Body")
        media, template = form.get("MediaUrl", []), _one(form, "ContentSid")
        if not to:
            return _Refusal(400, 21604, "A 'To' phone number is required.")
        if not _ADDRESS.fullmatch(to):
            return _Refusal(400, 21211, f"The 'To' number {to} is not a valid phone number.")
        if not sender and not _one(form, "MessagingServiceSid"):
            return _Refusal(400, 21603, "A 'From' phone number is required.")
        if sender and sender.startswith("whatsapp:") != to.startswith("whatsapp:"):
            return _Refusal(400, 63007, "Twilio could not find a Channel with the specified From address")
        if sender == to:
            return _Refusal(400, 63031, "Message cannot have the same To and From")
        if not body and not media and not template:
            return _Refusal(400, 21602, "Message body is required.")
        if len(body.encode("utf-16-le")) // 2 > 1600:
            return _Refusal(400, 21617, "The concatenated message body exceeds the 1600 character limit.")
        if len(media) > (1 if to.startswith("whatsapp:") else 10):
            return _Refusal(400, 21623, "Number of media files exceeds allowed limit.")
        if (sender or self._pool(to), to) in self._opted_out:
            return _Refusal(400, 21610, "Attempt to send to unsubscribed recipient")
        return None

    def _pool(self, to: str) -> str:
        """The sender that the messaging service picks."""
        return self._ours["whatsapp" if to.startswith("whatsapp:") else "sms"]

    def _list(self, path: str, query: dict[str, str]) -> TwinResponse:
        """Messages, newest first, in pages (Twilio, "Messages list resource")."""
        found: Iterable[_Record] = self._records.values()
        if person := query.get("To") or query.get("From"):
            found = self._by_person.get(person, ())
        wanted = [record for record in reversed(list(found)) if _is_asked_for(record, query)]
        size = min(max(_number(query.get("PageSize"), 50), 1), 1000)
        page = max(_number(query.get("Page"), 0), 0)
        shown = wanted[page * size : (page + 1) * size]
        more = len(wanted) > (page + 1) * size
        following = urlencode({**query, "Page": str(page + 1)}) if more else ""
        return _answered(
            200,
            {
                "messages": [self._resource(record) for record in shown],
                "page": page,
                "page_size": size,
                "next_page_uri": f"{path}?{following}" if following else None,
                "uri": f"{path}?{urlencode(query)}",
            },
        )

    def _resource(self, record: _Record) -> dict[str, Any]:
        return {
            "sid": record.sid,
            "account_sid": self._account,
            "from": record.sent,
            "to": record.to,
            "body": record.body,
            "direction": record.direction,
            "status": record.status,
            "num_media": str(len(record.media)),
            "num_segments": "1",
            "messaging_service_sid": record.service,
            "error_code": record.error_code,
            "error_message": None,
            "date_created": formatdate(record.created),
            "date_sent": formatdate(record.created) if record.status != "queued" else None,
            "api_version": "2010-04-01",
            "uri": f"{self._base}/Messages/{record.sid}.json",
        }

    # What Twilio sends to us.

    def _inbound(self, said: Said, record: _Record, now: float) -> list[Delivery]:
        """The incoming message webhook with all its fields, duplicated and shuffled as told."""
        fields = [
            ("ToCountry", "US"),
            ("SmsMessageSid", record.sid),
            ("NumMedia", str(len(record.media))),
            ("FromZip", ""),
            ("SmsSid", record.sid),
            ("FromCity", ""),
            ("SmsStatus", "received"),
            ("Body", record.body),
            ("FromCountry", "US"),
            ("To", record.to),
            ("NumSegments", "1"),
            ("MessageSid", record.sid),
            ("AccountSid", self._account),
            ("From", record.sent),
            ("ApiVersion", "2010-04-01"),
        ]
        for number, url in enumerate(record.media):
            fields += [(f"MediaUrl{number}", url), (f"MediaContentType{number}", said.media_type)]
        if said.place is not None:
            fields += [("Latitude", repr(said.place[0])), ("Longitude", repr(said.place[1]))]
        if said.surface == "whatsapp":
            fields += self._whatsapp_fields(said, record)
        first = self._signed(self._webhook_url, fields, now + self._jitter(self._faults.webhooks_shuffled))
        if self._chance.random() >= self._faults.webhooks_twice:
            return [first]
        return [first, replace(first, at=now + self._jitter(max(self._faults.webhooks_shuffled, 1.0)))]

    def _whatsapp_fields(self, said: Said, record: _Record) -> list[tuple[str, str]]:
        fields = [
            ("ProfileName", said.name or "Ada"),
            ("MessageType", "button" if said.button else "text"),
            ("Forwarded", "false"),
            ("FrequentlyForwarded", "false"),
            ("ReferralNumMedia", "0"),
        ]
        if record.sent.startswith("whatsapp:+"):
            fields.append(("WaId", record.sent.removeprefix("whatsapp:+")))
        if said.button:
            fields += [("ButtonPayload", said.button), ("ButtonText", said.text or said.button)]
        return fields

    def _statuses(self, record: _Record, callback: str, now: float) -> list[Delivery]:
        """The callbacks of a message's life; none for its first state (Twilio, "Track outbound status")."""
        late = self._faults.statuses_late
        at, follows = now + late, []
        for word, error in self._life(record, now):
            at += self._jitter(0.2)
            fields = self._status_fields(record, word, error)
            shuffled = at + self._jitter(self._faults.statuses_shuffled)
            follows.append(self._signed(callback, fields, shuffled))
            if self._chance.random() < self._faults.statuses_twice:
                follows.append(replace(follows[-1], at=shuffled + self._jitter(1.0)))
            record.status, record.error_code = word, error
        return sorted(follows, key=lambda delivery: delivery.at)

    def _life(self, record: _Record, now: float) -> Sequence[tuple[str, int | None]]:
        if not record.to.startswith("whatsapp:"):
            return (("sent", None), ("delivered", None))
        heard = self._heard.get((record.sent, record.to))
        if heard is None or now - heard > _WINDOW_SECONDS:
            return (("failed", 63016),)
        return (("sent", None), ("delivered", None), ("read", None))

    def _status_fields(self, record: _Record, word: str, error: int | None) -> list[tuple[str, str]]:
        fields = [
            ("SmsSid", record.sid),
            ("SmsStatus", word),
            ("MessageStatus", word),
            ("To", record.to),
            ("MessageSid", record.sid),
            ("AccountSid", self._account),
            ("From", record.sent),
            ("ApiVersion", "2010-04-01"),
        ]
        if error is not None:
            fields.append(("ErrorCode", str(error)))
        if record.to.startswith("whatsapp:"):
            event = "UNDELIVERED" if error is not None else word.upper()
            fields += [("ChannelPrefix", "whatsapp"), ("EventType", event)]
        return fields

    def _keyword(self, record: _Record, now: float) -> None:
        """Twilio's own handling of STOP, START and HELP: block or free the pair, and confirm."""
        word, pair = record.body.strip().upper(), (record.to, record.sent)
        kind = "STOP" if word in _STOP else "START" if word in _START else word
        if kind not in _OWN_ANSWERS:
            return
        if kind == "STOP":
            self._opted_out.add(pair)
        elif kind == "START":
            self._opted_out.discard(pair)
        self._keep(
            _Record(
                number=0,
                sid=self._sid("SM"),
                sent=record.to,
                to=record.sent,
                body=_OWN_ANSWERS[kind],
                direction="outbound-reply",
                status="delivered",
                created=now,
            )
        )

    def _signed(self, url: str, fields: list[tuple[str, str]], at: float) -> Delivery:
        """A form POST with its signature: HMAC-SHA1 over the URL and the sorted fields."""
        target = urlsplit(url)
        plain = urlunsplit(target._replace(fragment="", netloc=target.netloc.rpartition("@")[2]))
        text = plain + "".join(name + value for name, value in sorted(set(fields)))
        digest = hmac.new(self._token.encode(), text.encode(), hashlib.sha1).digest()
        headers = {
            "content-type": "application/x-www-form-urlencoded; charset=UTF-8",
            "x-twilio-signature": base64.b64encode(digest).decode(),
            "i-twilio-idempotency-token": f"{self._chance.getrandbits(128):032x}",
            "user-agent": "TwilioProxy/1.1",
        }
        body = urlencode(fields, quote_via=quote).encode()
        return Delivery(
            at=at,
            method="POST",
            url=plain,
            headers=headers,
            body=body,
            timeout=_Connection.read(self._webhook_url).timeout,
        )

    # The memory.

    def _keep(self, record: _Record) -> _Record:
        """Number a message and remember it; the oldest are forgotten beyond the bound."""
        self._count += 1
        record.number = self._count
        self._records[record.sid] = record
        person = record.sent if record.direction == "inbound" else record.to
        self._by_person.setdefault(person, deque()).append(record)
        if len(self._records) > self._remembered:
            _, oldest = self._records.popitem(last=False)
            person = oldest.sent if oldest.direction == "inbound" else oldest.to
            self._by_person[person].popleft()
        return record

    def _sid(self, prefix: str) -> str:
        return f"{prefix}{self._chance.getrandbits(128):032x}"

    def _jitter(self, most: float) -> float:
        return self._chance.random() * most if most > 0 else 0.0


_JSON: Final = {"content-type": "application/json;charset=utf-8"}


def _answered(status: int, body: object) -> TwinResponse:
    return TwinResponse(status=status, headers=_JSON, body=json.dumps(body).encode())


def _refused(refusal: _Refusal) -> TwinResponse:
    more = f"https://www.twilio.com/docs/errors/{refusal.code}"
    body = {"code": refusal.code, "message": refusal.message, "more_info": more, "status": refusal.http}
    return _answered(refusal.http, body)


_BEFORE: Final = {
    Fault.TOO_MANY: _refused(_Refusal(429, 20429, "Too Many Requests")),
    Fault.SERVER_ERROR: _refused(_Refusal(500, 20500, "Internal Server Error")),
    Fault.UNAVAILABLE: _refused(_Refusal(503, 20503, "Service Unavailable")),
    Fault.DROP_BEFORE: TwinResponse(status=0, drop=True),
}
"""The faults that come before a message is accepted."""


def _failure(status: int | None, timed_out: bool) -> str | None:
    """The word of the retry policy for how a webhook ended; `None` when it ended well."""
    if timed_out:
        return "rt"
    if status is None:
        return "ct"
    return f"{status // 100}xx" if status >= 400 else None


def _one(form: dict[str, list[str]], name: str) -> str:
    return form.get(name, [""])[0]


def _number(value: str | None, default: int) -> int:
    return int(value) if value is not None and value.isascii() and value.isdigit() else default


def _is_asked_for(record: _Record, query: dict[str, str]) -> bool:
    """The filters of the list; dates are days in UTC."""
    day = datetime.fromtimestamp(record.created, UTC).date().isoformat()
    return (
        record.to == query.get("To", record.to)
        and record.sent == query.get("From", record.sent)
        and query.get("DateSent>", day)[:10] <= day <= query.get("DateSent<", day)[:10]
        and query.get("DateSent", day)[:10] == day
    )


def _line(record: _Record) -> Line:
    inbound = record.direction == "inbound"
    return Line(
        number=record.number,
        at=record.created,
        direction="in" if inbound else "out",
        id=record.sid,
        ours=record.to if inbound else record.sent,
        person=record.sent if inbound else record.to,
        text=record.body,
        media=record.media,
        status=record.status,
    )
