"""Tickets and users of the simulator; every update is one audit, as at Zendesk."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape, unescape
from typing import Any, Final

Json = dict[str, Any]

BOT_ID, FIRST_AGENT_ID, SECOND_AGENT_ID = 8447000000009, 8447000000002, 8447000000003
AGENTS: Final = {BOT_ID: "Bot", FIRST_AGENT_ID: "Grace", SECOND_AGENT_ID: "Linus"}
DEFAULT_GROUP_ID, HAND_OFF_GROUP_ID = 1700000000001, 1700000000009
"""The default group of tickets, and the group for hand-offs."""
GROUPS: Final = {DEFAULT_GROUP_ID: "Support", HAND_OFF_GROUP_ID: "People"}

_FIRST_CUSTOMER_ID: Final = 8450000000001


@dataclass(slots=True)
class Ticket:
    """One ticket. Times are seconds since the epoch; the API shows whole seconds."""

    id: int
    requester: int
    subject: str
    created: float
    via: str = "web"
    status: str = "new"
    priority: str | None = None
    assignee_id: int | None = None
    group_id: int | None = DEFAULT_GROUP_ID
    tags: list[str] = field(default_factory=list)
    updated: float = 0.0
    external_id: str = ""
    follows: Ticket | None = None
    comments: list[Json] = field(default_factory=list)
    audits: list[Json] = field(default_factory=list)

    def to_json(self) -> Json:
        """Return the JSON of the API."""
        return {
            "id": self.id,
            "external_id": self.external_id or None,
            "status": self.status,
            "subject": self.subject,
            "priority": self.priority,
            "description": self.comments[0]["plain_body"] if self.comments else "",
            "requester_id": self.requester,
            "assignee_id": self.assignee_id,
            "group_id": self.group_id,
            "tags": list(self.tags),
            "created_at": format_time(self.created),
            "updated_at": format_time(self.updated),
            "via": {"channel": self.via, "source": self._source_json()},
        }

    def _source_json(self) -> Json:
        if self.follows is None:
            return {"from": {}, "to": {}, "rel": None}
        about = {"ticket_id": self.follows.id, "subject": self.follows.subject, "channel": self.follows.via}
        return {"from": about, "to": {}, "rel": "follow_up"}


class TicketStore:
    """All tickets of an account."""

    def __init__(self) -> None:
        self.tickets: dict[int, Ticket] = {}
        self._customers: dict[str, int] = {}
        self._numbers = 98765432100
        self._ticket_count = 0
        self._comments: list[tuple[Ticket, Json, float]] = []

    def next_id(self) -> int:
        """Return a new ID for anything but a ticket."""
        self._numbers += 1
        return self._numbers

    def get_customer_id(self, person: str) -> int:
        """Return the user ID of a name or address, creating it if needed."""
        return self._customers.setdefault(person, _FIRST_CUSTOMER_ID + len(self._customers))

    def get_person(self, user: int) -> str:
        """Return the name or address of a customer."""
        return next((person for person, user_id in self._customers.items() if user_id == user), str(user))

    def is_customer(self, user: int) -> bool:
        """Return whether a user has written a ticket."""
        return user in self._customers.values()

    def build_customer(self, user: int) -> Json:
        """Build the JSON of a customer; `time_zone` is Zendesk's own name of a zone ("Users")."""
        names = {"name": self.get_user_name(user), "email": self.get_person(user)}
        zone = {"time_zone": "Hawaii", "iana_time_zone": "Pacific/Honolulu"}
        return {"id": user, "role": "end-user", **names, **zone}

    def get_user_name(self, user: int) -> str:
        """Return a user's display name."""
        return AGENTS.get(user) or self.get_person(user).partition("@")[0].capitalize()

    def find_open_ticket(self, person: str) -> Ticket | None:
        """Return a customer's newest ticket that is not closed."""
        user = self._customers.get(person)
        tickets = [
            each for each in self.tickets.values() if each.requester == user and each.status != "closed"
        ]
        return tickets[-1] if tickets else None

    def find_closed_ticket(self, person: str) -> Ticket | None:
        """Return a customer's newest closed ticket."""
        user = self._customers.get(person)
        tickets = [
            each for each in self.tickets.values() if each.requester == user and each.status == "closed"
        ]
        return tickets[-1] if tickets else None

    def create_ticket(self, requester: int, subject: str, now: float, **fields: Any) -> Ticket:
        """Create a ticket without comments. A follow-up gets the tags of the ticket that it `follows`."""
        self._ticket_count += 1
        ticket = Ticket(5157 + self._ticket_count, requester, subject, now, updated=now, **fields)
        self.tickets[ticket.id] = ticket
        if ticket.follows:
            ticket.tags = list(ticket.follows.tags)
        return ticket

    def update_ticket(
        self,
        ticket: Ticket,
        author: int,
        now: float,
        comment: Json | None = None,
        changes: Mapping[str, Any] | None = None,
        custom: Json | None = None,
    ) -> Json:
        """Update a ticket and return the audit: first the comment, then the changed fields."""
        events: list[Json] = []
        metadata = {"system": {}, "custom": custom or {}}
        if comment is not None:
            text = comment.get("body") or _html_to_text(comment.get("html_body", ""))
            stored = {
                "id": self.next_id(),
                "type": "Comment",
                "author_id": author,
                "body": text,
                "plain_body": text,
                "html_body": comment.get("html_body") or f"<p>{escape(text)}</p>",
                "public": comment.get("public", True),
                "attachments": comment.get("attachments", []),
                "created_at": format_time(now),
                "metadata": metadata,
            }
            ticket.comments.append(stored)
            self._comments.append((ticket, stored, now))
            events.append(stored)
        for name, value in (changes or {}).items():
            before = getattr(ticket, name)
            if value != before:
                setattr(ticket, name, value)
                values = {"value": _to_json_value(value), "previous_value": _to_json_value(before)}
                events.append({"id": self.next_id(), "type": "Change", "field_name": name, **values})
        ticket.updated = now
        audit = {
            "id": self.next_id(),
            "ticket_id": ticket.id,
            "author_id": author,
            "created_at": format_time(now),
            "events": events,
            "metadata": metadata,
        }
        ticket.audits.append(audit)
        return audit

    def list_comments(self) -> Iterator[tuple[int, Ticket, Json, float]]:
        """Return the comments of all tickets with number and time, oldest first."""
        for number, (ticket, comment, at) in enumerate(self._comments, start=1):
            yield number, ticket, comment, at


def format_time(at: float) -> str:
    """Format a time as the API does."""
    return datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _to_json_value(value: Any) -> Any:
    return str(value) if isinstance(value, int) else list(value) if isinstance(value, list) else value


def _html_to_text(html: str) -> str:
    """Convert HTML to plain text as Zendesk does."""
    for tag, text in (("<br>", "\n"), ("</p>", "\n\n"), ("</li>", "\n"), ("</ol>", "\n"), ("</ul>", "\n")):
        html = html.replace(tag, text)
    return unescape(re.sub(r"<[^>]*>", "", html)).strip()
