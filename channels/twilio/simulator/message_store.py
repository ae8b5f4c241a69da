"""Messages that the simulated account has received and sent."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable
from datetime import UTC, datetime
from random import Random

from channels.twilio.simulator.records import Message, StatusChange
from channels.twilio.simulator.status_plan import StatusPlanner


class MessageStore:
    """Messages in order of acceptance; the oldest beyond `limit` are dropped."""

    def __init__(self, limit: int, random: Random, statuses: StatusPlanner) -> None:
        self._max_messages = limit
        self._random = random
        self._statuses = statuses
        self._count = 0
        self._by_sid: OrderedDict[str, Message] = OrderedDict()
        self._by_person: dict[str, deque[Message]] = {}

    def add(
        self,
        direction: str,
        sender: str,
        to: str,
        body: str,
        now: float,
        media: tuple[str, ...] = (),
        *,
        service: str = "",
        template_status: str = "",
    ) -> Message:
        """Create and store a message, with the statuses that it will have."""
        sid = f"{'MM' if media else 'SM'}{self._random.getrandbits(128):032x}"
        statuses = (
            (StatusChange(now, "received"),)
            if direction == "inbound"
            else self._statuses.plan(sender, to, now, service=service, template_status=template_status)
        )
        self._count += 1
        record = Message(
            sid=sid,
            sender=sender,
            to=to,
            body=body,
            direction=direction,
            status_changes=statuses,
            media=media,
            service=service or None,
            number=self._count,
        )
        self._by_sid[sid] = record
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
