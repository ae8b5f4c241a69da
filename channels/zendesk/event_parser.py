"""One event of a ticket, in Zendesk's own envelope (Zendesk, "Ticket events") or in that of our triggers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from channels._kit.agent_commands import command
from channels._kit.inbound.json import Object, child, name_of, word
from channels._kit.text import fold
from channels.zendesk.attachments import attachments
from channels.zendesk.capabilities import HANDED_OFF, MESSAGING, OFF
from channels.zendesk.event_factory import SYSTEM, Comment, Desk, Ticket
from core.errors import MalformedWebhook
from core.model.event import Event, Ignored
from core.model.owner import Act
from core.model.turn import Attachment

LONGEST_TEXT: Final = 64_000
_TICKET: Final = "zen:event-type:ticket."
_SAME_COMMENT_SECONDS: Final = 60.0
_ENDS: Final = frozenset({"soft_deleted", "permanently_deleted", "marked_as_spam"})

_CHANGES: Final = ("agent_assignment_changed", "group_assignment_changed", "status_changed", "tags_changed")
SUBSCRIPTIONS: Final = tuple(
    f"{_TICKET}{name}" for name in ("created", "comment_added", *_CHANGES, "merged", *sorted(_ENDS))
)
"""What the webhook has to be subscribed to."""


def read(envelope: Object, desk: Desk) -> Iterator[Event]:
    """The one event of an envelope. Raises `MalformedWebhook` when it names two tickets."""
    kind, number = word(envelope, "type", 120), name_of(child(envelope, "detail"), "id", 20)
    if not kind.startswith(_TICKET):
        yield Ignored(reason="no ticket event")
        return
    subject = word(envelope, "subject", 60)
    if subject and subject != f"zen:ticket:{number}":
        raise MalformedWebhook("the subject and the detail are of two tickets")
    ticket, event_id = desk.ticket(number), "_".join(word(envelope, "id", 201).split())
    if ticket is None or not 0 < len(event_id) <= 200:  # a part of an id would be another one
        yield Ignored(reason="no id")
    elif "_".join(_via(child(envelope, "detail")).casefold().split()) in MESSAGING:
        yield Ignored(reason="a messaging ticket")
    else:
        yield from _Reader(envelope, desk, ticket, event_id).told(kind.removeprefix(_TICKET))


class _Reader:
    """One event of one ticket, on its way to ours."""

    def __init__(self, envelope: Object, desk: Desk, ticket: Ticket, event_id: str) -> None:
        self._desk = desk
        self._ticket = ticket
        self._id = event_id
        self._detail = child(envelope, "detail")
        self._event = child(envelope, "event")
        self._is_own = "zendesk_event_version" in envelope
        self._time = word(envelope, "time", 40)
        self._actor = name_of(self._detail, "actor_id", 20)
        self._requester = name_of(self._detail, "requester_id", 20)

    def told(self, kind: str) -> Iterator[Event]:
        match kind:
            case "created":
                yield from self._created()
            case "comment_added":
                yield from self._comment(child(self._event, "comment"))
            case "agent_assignment_changed":
                yield self._assigned(
                    name_of(self._event, "current", 20), name_of(self._event, "previous", 20)
                )
            case "group_assignment_changed":
                yield self._regrouped(name_of(self._event, "current", 20))
            case "status_changed":
                yield self._status(self._word("current"), self._word("previous"))
            case "tags_changed":
                yield self._tags(_words(self._event, "tags_added"), _words(self._event, "tags_removed"))
            case "merged" if word(self._detail, "status").casefold() != "closed":
                yield Ignored(reason="another ticket was merged into this one")
            case "merged":
                yield self._act(Act.CLOSE)
            case _ if kind in _ENDS:
                yield self._act(Act.CLOSE)
            case _:
                yield Ignored(reason=f"ticket.{kind}"[:60] if kind.isascii() else "unknown event")

    def _word(self, name: str) -> str:
        return word(self._event, name, 20).casefold()

    def _act(self, act: Act, actor: str = "") -> Event:
        return self._ticket.act(act, self._id, actor or self._actor, _moment(self._time) or 0.0)

    def _created(self) -> Iterator[Event]:
        """The description is the first comment; nobody but who wrote it is asked for an answer."""
        submitter = name_of(self._detail, "submitter_id", 20) or self._requester
        if self._desk.bot in (submitter, self._actor):
            yield Ignored(reason="our own ticket")
        elif submitter != self._requester or self._detail.get("is_public") is False:
            yield Ignored(reason="a ticket that an agent made")
        else:
            yield from self._customer(self._ticket.description(), self._first_text(), {})

    def _first_text(self) -> str:
        """Subject and text; the subject is often made of the text's beginning, or the text is empty."""
        subject, text = word(self._detail, "subject", 500), word(self._detail, "description", LONGEST_TEXT)
        start = fold(subject).rstrip("….").rstrip()
        return text if fold(text).startswith(start) else f"{subject}\n\n{text}".strip()

    def _comment(self, comment: Object) -> Iterator[Event]:
        author = child(comment, "author")
        who, name = name_of(author, "id", 20), word(author, "name", 100)
        number, text = name_of(comment, "id", 30), _text(word(comment, "body", LONGEST_TEXT))
        staff = _is_staff(author)
        if not number or not who or who == SYSTEM:
            yield Ignored(reason="no author")
        elif self._desk.bot in (who, self._actor):
            yield Ignored(reason="our own comment")
        elif comment.get("is_public") is False:
            act = command(text) if staff else None
            yield self._act(act, name) if act else Ignored(reason="internal note")
        elif staff and who != self._requester:
            yield self._act(Act.TAKE_OVER, name)
        elif self._is_description(text):
            yield from self._customer(self._ticket.description(), self._first_text(), author)
        else:
            files = attachments(word(comment, "attachments", 20_000))
            yield from self._customer(number, text, author, files)

    def _is_description(self, text: str) -> bool:
        """Whether this is the first comment, which `ticket.created` told already."""
        if fold(text) != fold(word(self._detail, "description", LONGEST_TEXT)):
            return False
        created, now = _moment(word(self._detail, "created_at", 40)), _moment(self._time)
        return created is not None and now is not None and (now - created) < _SAME_COMMENT_SECONDS

    def _customer(
        self, number: str, text: str, author: Object, files: tuple[Attachment, ...] = ()
    ) -> Iterator[Event]:
        if OFF in _words(self._detail, "tags"):
            yield self._act(Act.TAKE_OVER, OFF)
        if not text and not files:
            yield Ignored(reason="empty comment")
            return
        details = {
            "user_id": name_of(author, "id", 20) or self._requester,
            "profile_name": word(author, "name", 100),
            "subject": word(self._detail, "subject", 500),
            "via": _via(self._detail),
            "told_by": "event" if self._is_own else "",
        }
        yield self._ticket.turn(Comment(number, text, files, details, _moment(self._time) or 0.0))

    def _assigned(self, current: str, previous: str) -> Event:
        """We never assign to a person, so whoever is said to have done it, that person has the ticket."""
        if self._desk.is_person(current):
            return self._act(Act.TAKE_OVER)
        if self._actor == self._desk.bot:
            return Ignored(reason="our own assignment")
        if current:
            return self._act(Act.GIVE_BACK)
        return self._act(Act.TAKE_OVER) if previous == self._desk.bot else Ignored(reason="unassigned")

    def _regrouped(self, current: str) -> Event:
        """A person who moves the ticket to a group means people; what routes new tickets does not."""
        by_agent = self._actor not in ("", SYSTEM, self._desk.bot, self._requester)
        ours = name_of(self._detail, "assignee_id", 20) == self._desk.bot
        return self._act(Act.TAKE_OVER) if by_agent and current and not ours else Ignored(reason="routing")

    def _status(self, current: str, previous: str) -> Event:
        if current == "closed" or (current == "solved" and self._actor != self._desk.bot):
            return self._act(Act.CLOSE)
        if previous == "solved" and self._desk.is_person(name_of(self._detail, "assignee_id", 20)):
            return self._act(Act.TAKE_OVER)
        return Ignored(reason="status")

    def _tags(self, added: frozenset[str], removed: frozenset[str]) -> Event:
        if OFF in added:
            return self._act(Act.TAKE_OVER)
        freed = bool(removed & {OFF, HANDED_OFF}) and self._actor != self._desk.bot
        held = self._desk.is_person(name_of(self._detail, "assignee_id", 20))
        return self._act(Act.GIVE_BACK) if freed and not held else Ignored(reason="tags")


def _is_staff(author: Object) -> bool:
    """Triggers tell a role in words, perhaps in another language: who is not known as a customer is none."""
    role = word(author, "role", 40).casefold().replace(" ", "-")
    return author.get("is_staff") is True or (bool(role) and role not in ("end-user", "enduser"))


def _via(detail: Object) -> str:
    return word(child(detail, "via"), "channel", 60)


def _words(value: Object, name: str) -> frozenset[str]:
    """Tags: a list, or one text with spaces."""
    found = value.get(name)
    if isinstance(found, str):
        return frozenset(found.split())
    return frozenset(tag for tag in found if isinstance(tag, str)) if isinstance(found, list) else frozenset()


def _text(body: str) -> str:
    """The text without the line of dashes that some placeholders begin with."""
    first, _, rest = body.partition("\n")
    return (rest if first.startswith("---") and not first.strip("- ") else body).strip()


def _moment(text: str) -> float | None:
    """Seconds since the epoch, without the nanoseconds that some times have; they are all in UTC."""
    whole = text.partition(".")[0].removesuffix("Z")
    try:
        return datetime.fromisoformat(f"{whole}+00:00").timestamp()
    except (ValueError, OverflowError):
        return None
