"""A ticket as it is at this moment, and whether the bot may write to the customer there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from channels._kit.agent_commands import command
from channels._kit.inbound.json import Object, child, children, name_of, word
from channels.zendesk.capabilities import KEY
from channels.zendesk.event_factory import Desk
from core.model.owner import Act


@dataclass(frozen=True, slots=True)
class Seen:
    """What was read. `own` are the bot's comments, the newest first.

    `is_doubtful`: a person has written, or has the ticket, and only its history tells who came last.
    """

    status: str
    stamp: str
    tags: tuple[str, ...]
    assignee: str
    staff: frozenset[str]
    own: tuple[Object, ...]
    is_doubtful: bool


def seen(ticket: Object, page: Object, desk: Desk) -> Seen:
    """A ticket with the newest page of its comments."""
    comments = sorted(children(page, "comments"), key=when, reverse=True)
    users = [user for user in children(page, "users") if word(user, "role") in ("agent", "admin")]
    staff = frozenset(name_of(user, "id") for user in users) - {name_of(ticket, "requester_id"), desk.bot, ""}
    tags, assignee = ticket.get("tags"), name_of(ticket, "assignee_id")
    own = [each for each in comments if name_of(each, "author_id") == desk.bot]
    return Seen(
        status=word(ticket, "status", 20),
        stamp=word(ticket, "updated_at", 40),
        tags=tuple(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else (),
        assignee=assignee,
        staff=staff,
        own=tuple(own),
        is_doubtful=desk.is_person(assignee) or _last_author(comments, staff, desk) in staff,
    )


def followed(answer: Object) -> str:
    """The closed ticket from which this one goes on (Zendesk, "Creating a follow-up ticket"); mostly none."""
    source = child(child(answer, "ticket"), "via", "source")
    return name_of(child(source, "from"), "ticket_id", 20) if word(source, "rel", 40) == "follow_up" else ""


def is_held(found: Seen, audits: Sequence[Object], desk: Desk) -> bool:
    """Whether a person speaks, by the newest act that decides it (Zendesk, "Ticket audit events").

    An agent's comment or the assignment to a person holds the ticket; a note `/bot on` or the assignment to
    the bot frees it, and so does the bot's own comment: it was checked as this one is.
    """
    for audit in sorted(audits, key=when, reverse=True):
        for event in reversed(children(audit, "events")):
            author = name_of(event, "author_id") or name_of(audit, "author_id")
            if event.get("field_name") == "assignee_id" and name_of(event, "value"):
                return desk.is_person(name_of(event, "value"))
            if word(event, "type") != "Comment":
                continue
            if event.get("public") is True and (author == desk.bot or author in found.staff):
                return author != desk.bot
            act = command(word(event, "body", 200)) if author in found.staff else None
            if act in (Act.GIVE_BACK, Act.TAKE_OVER):
                return act is Act.TAKE_OVER
    return desk.is_person(found.assignee)


def key_of(comment: Object) -> str:
    """Our key of the reply that a comment is; an empty one where there is none."""
    return word(child(comment, "metadata", "custom"), KEY, 500)


def _last_author(comments: Sequence[Object], staff: frozenset[str], desk: Desk) -> str:
    """Who of desk and bot wrote to the customer last, or spoke to the bot in a note."""
    authors = [
        name_of(each, "author_id")
        for each in comments
        if each.get("public") is True or command(word(each, "plain_body", 200) or word(each, "body", 200))
    ]
    return next((author for author in authors if author in staff or author == desk.bot), "")


def moment(text: str) -> datetime | None:
    """A time of Zendesk's, which are all in UTC."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def when(made: Object) -> tuple[datetime, int]:
    """A time and a number to sort by."""
    number = name_of(made, "id", 20)
    at = moment(word(made, "created_at", 40)) or datetime.fromtimestamp(0, UTC)
    return at, int(number) if number.isdigit() else 0
