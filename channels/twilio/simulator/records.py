"""The twin's memory: every message both ways, as Twilio's Messages resource shows it."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any

from channels._kit.simulator import Line


@dataclass(frozen=True, slots=True)
class Step:
    """A state that a message reaches at a time."""

    at: float
    status: str
    error_code: int | None = None


@dataclass(slots=True)
class Record:
    """A message in either direction. `life` are the states it goes through, the first one first."""

    sid: str
    sender: str
    to: str
    body: str
    direction: str
    life: tuple[Step, ...]
    media: tuple[str, ...] = ()
    service: str | None = None
    number: int = 0

    @property
    def created(self) -> float:
        """When Twilio took it, in seconds since the epoch."""
        return self.life[0].at

    @property
    def person(self) -> str:
        """The end that is not ours."""
        return self.sender if self.direction == "inbound" else self.to

    def now_at(self, now: float) -> Step:
        """The state reached by `now`."""
        return [step for step in self.life if step.at <= now or step is self.life[0]][-1]

    def resource(self, base: str, account: str, now: float) -> dict[str, Any]:
        """The JSON of the REST API."""
        step = self.now_at(now)
        waits = step.status in ("queued", "accepted")
        return {
            "sid": self.sid,
            "account_sid": account,
            "from": self.sender,
            "to": self.to,
            "body": self.body,
            "direction": self.direction,
            "status": step.status,
            "num_media": str(len(self.media)),
            "num_segments": "0" if self.service and waits else "1",
            "messaging_service_sid": self.service,
            "error_code": step.error_code,
            "error_message": None,
            "date_created": formatdate(self.created),
            "date_sent": None if waits else formatdate(self.created),
            "api_version": "2010-04-01",
            "uri": f"{base}/Messages/{self.sid}.json",
        }

    def line(self, now: float) -> Line:
        """The form that tests and the console read."""
        inbound = self.direction == "inbound"
        return Line(
            number=self.number,
            at=self.created,
            direction="in" if inbound else "out",
            id=self.sid,
            ours=self.to if inbound else self.sender,
            person=self.person,
            text=self.body,
            media=self.media,
            status=self.now_at(now).status,
        )


class Records:
    """Messages in the order they were taken; the oldest are forgotten beyond `most`."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._count = 0
        self._by_sid: OrderedDict[str, Record] = OrderedDict()
        self._by_person: dict[str, deque[Record]] = {}

    def keep(self, record: Record) -> Record:
        """Number a message and remember it."""
        self._count += 1
        record.number = self._count
        self._by_sid[record.sid] = record
        self._by_person.setdefault(record.person, deque()).append(record)
        if len(self._by_sid) > self._most:
            _, oldest = self._by_sid.popitem(last=False)
            theirs = self._by_person[oldest.person]
            theirs.popleft()
            if not theirs:
                del self._by_person[oldest.person]
        return record

    def find(self, sid: str) -> Record | None:
        """One message."""
        return self._by_sid.get(sid)

    def of(self, person: str = "") -> Iterable[Record]:
        """The messages with one person, or with all, oldest first."""
        return self._by_person.get(person, ()) if person else self._by_sid.values()

    def listed(self, query: dict[str, str]) -> list[Record]:
        """What the list of the REST API shows: newest first, filtered."""
        people = [end for end in (query.get("To"), query.get("From")) if end in self._by_person]
        if not people and (query.get("To") or query.get("From")):
            return []
        return [record for record in reversed([*self.of(*people[:1])]) if _is_asked_for(record, query)]


def _is_asked_for(record: Record, query: dict[str, str]) -> bool:
    """The filters; dates are days in UTC, and `DateSent>` means that day or later."""
    day = datetime.fromtimestamp(record.created, UTC).date().isoformat()
    return (
        record.to == query.get("To", record.to)
        and record.sender == query.get("From", record.sender)
        and query.get("DateSent>", day)[:10] <= day <= query.get("DateSent<", day)[:10]
        and query.get("DateSent", day)[:10] == day
    )
