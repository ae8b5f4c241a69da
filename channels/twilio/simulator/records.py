"""Messages of the simulator, as Twilio's Messages resource shows them."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any

from channels._kit.rendering import count_segments
from channels._kit.simulator import TranscriptEntry
from channels.twilio.simulator.responses import ERROR_TEXTS


@dataclass(frozen=True, slots=True)
class StatusChange:
    """A state that a message reaches at a time."""

    at: float
    status: str
    error_code: int | None = None


@dataclass(slots=True)
class Message:
    """A message in either direction. `status_changes` are in order of time."""

    sid: str
    sender: str
    to: str
    body: str
    direction: str
    status_changes: tuple[StatusChange, ...]
    media: tuple[str, ...] = ()
    service: str | None = None
    number: int = 0
    choices: tuple[tuple[str, str], ...] = ()
    is_list: bool = False

    @property
    def created_at(self) -> float:
        """Time of acceptance in seconds since the epoch."""
        return self.status_changes[0].at

    @property
    def person(self) -> str:
        """The contact's number."""
        return self.sender if self.direction == "inbound" else self.to

    def status_at(self, now: float) -> StatusChange:
        """Return the status reached by `now`."""
        return [
            change for change in self.status_changes if change.at <= now or change is self.status_changes[0]
        ][-1]

    def to_json(self, base: str, account: str, now: float) -> dict[str, Any]:
        """Return the JSON of the REST API."""
        change = self.status_at(now)
        is_waiting = change.status in ("queued", "accepted")
        return {
            "sid": self.sid,
            "account_sid": account,
            "from": self.sender,
            "to": self.to,
            "body": self.body,
            "direction": self.direction,
            "status": change.status,
            "num_media": str(len(self.media)),
            "num_segments": "0" if self.service and is_waiting else self._count_segments(),
            "price": None,
            "price_unit": "USD",
            "messaging_service_sid": self.service,
            "error_code": change.error_code,
            "error_message": ERROR_TEXTS.get(change.error_code) if change.error_code else None,
            "date_created": formatdate(self.created_at),
            "date_updated": formatdate(change.at),
            "date_sent": None if is_waiting else formatdate(self.created_at),
            "api_version": "2010-04-01",
            "uri": f"{base}/Messages/{self.sid}.json",
            "subresource_uris": {"media": f"{base}/Messages/{self.sid}/Media.json"},
        }

    def _count_segments(self) -> str:
        is_sms = not self.media and not self.to.startswith("whatsapp:")
        return str(count_segments(self.body).count) if is_sms else "1"

    def to_transcript_entry(self, now: float) -> TranscriptEntry:
        """Return the transcript entry for tests and the console."""
        inbound = self.direction == "inbound"
        return TranscriptEntry(
            number=self.number,
            at=self.created_at,
            direction="in" if inbound else "out",
            id=self.sid,
            ours=self.to if inbound else self.sender,
            person=self.person,
            text=self.body,
            media=self.media,
            status=self.status_at(now).status,
            choices=self.choices,
        )


class MessageStore:
    """Messages in order of acceptance; the oldest beyond `limit` are dropped."""

    def __init__(self, limit: int) -> None:
        self._max_messages = limit
        self._count = 0
        self._by_sid: OrderedDict[str, Message] = OrderedDict()
        self._by_person: dict[str, deque[Message]] = {}

    def add(self, record: Message) -> Message:
        """Number and store a message."""
        self._count += 1
        record.number = self._count
        self._by_sid[record.sid] = record
        self._by_person.setdefault(record.person, deque()).append(record)
        if len(self._by_sid) > self._max_messages:
            _, oldest = self._by_sid.popitem(last=False)
            messages = self._by_person[oldest.person]
            messages.popleft()
            if not messages:
                del self._by_person[oldest.person]
        return record

    def remove(self, record: Message) -> None:
        """Delete a message."""
        del self._by_sid[record.sid]
        self._by_person[record.person].remove(record)

    def find(self, sid: str) -> Message | None:
        """Return a message by its SID."""
        return self._by_sid.get(sid)

    def find_newest_sent(self, person: str) -> Message | None:
        """Return the newest message to a contact."""
        sent = (each for each in reversed(self._by_person.get(person, ())) if each.direction != "inbound")
        return next(sent, None)

    def has_list_with(self, person: str, payload: str) -> bool:
        """Return whether the newest message that offers a choice to a contact shows it in a list."""
        offering = (
            record.is_list
            for record in reversed(self._by_person.get(person, ()))
            if payload in (identifier for identifier, _ in record.choices)
        )
        return next(offering, False)

    def list_for_person(self, person: str = "") -> Iterable[Message]:
        """Return the messages of one contact or of all, oldest first."""
        return self._by_person.get(person, ()) if person else self._by_sid.values()

    def list_filtered(self, query: dict[str, str]) -> list[Message]:
        """Return the messages that match a list request, newest first."""
        contacts = [end for end in (query.get("To"), query.get("From")) if end in self._by_person]
        if not contacts and (query.get("To") or query.get("From")):
            return []
        return [
            record
            for record in reversed([*self.list_for_person(*contacts[:1])])
            if _matches_filters(record, query)
        ]


def _matches_filters(record: Message, query: dict[str, str]) -> bool:
    """Return whether a message matches; dates are days in UTC, `DateSent>` means that day or later."""
    day = datetime.fromtimestamp(record.created_at, UTC).date().isoformat()
    return (
        record.to == query.get("To", record.to)
        and record.sender == query.get("From", record.sender)
        and query.get("DateSent>", day)[:10] <= day <= query.get("DateSent<", day)[:10]
        and query.get("DateSent", day)[:10] == day
    )
