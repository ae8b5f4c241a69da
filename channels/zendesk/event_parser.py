"""Parses a ticket event, in Zendesk's own envelope (Zendesk, "Ticket events") or in that of our triggers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from channels._kit.agent_commands import parse_agent_command
from channels._kit.inbound import JsonObject, get_identifier, get_object, get_text
from channels._kit.outbound import find_email_address
from channels._kit.text import join_subject, normalize_for_comparison
from channels.zendesk.attachments import parse_attachments
from channels.zendesk.capabilities import BOT_OFF_TAG, HANDED_OFF_TAG, MESSAGING_SOURCES
from channels.zendesk.event_factory import (
    EXTERNAL_ID_PREFIX,
    SYSTEM_USER_ID,
    Account,
    Comment,
    TicketEventFactory,
)
from channels.zendesk.event_fields import (
    get_source,
    get_tags,
    is_private,
    is_staff,
    parse_timestamp,
    strip_separator,
)
from core.errors import MalformedWebhook
from core.model import Activity, ActivityReceived, Attachment, ControlAction, Event, Ignored, add_aliases

MAX_TEXT_LENGTH: Final = 64_000
_TICKET_EVENT_PREFIX: Final = "zen:event-type:ticket."
_REDACTED_BLOCK: Final = "▇"
_SAME_COMMENT_SECONDS: Final = 60.0
_OWN_EXTERNAL_ID: Final = re.compile(rf"{EXTERNAL_ID_PREFIX}[0-9a-f]{{40}}")
_DELETION_EVENTS: Final = frozenset({"soft_deleted", "permanently_deleted", "marked_as_spam"})

_CHANGE_EVENTS: Final = (
    "agent_assignment_changed",
    "group_assignment_changed",
    "status_changed",
    "tags_changed",
)
SUBSCRIPTIONS: Final = tuple(
    f"{_TICKET_EVENT_PREFIX}{name}"
    for name in (
        "created",
        "comment_added",
        "comment_redacted",
        *_CHANGE_EVENTS,
        "merged",
        *sorted(_DELETION_EVENTS),
    )
)
"""Event types that the webhook subscribes to."""


def parse_ticket_event(envelope: JsonObject, desk: Account) -> Iterator[Event]:
    """Return the event of an envelope. Raises `MalformedWebhook` if it names two tickets."""
    kind, number = get_text(envelope, "type", 120), get_identifier(get_object(envelope, "detail"), "id", 20)
    if not kind.startswith(_TICKET_EVENT_PREFIX):
        yield Ignored(reason="no ticket event")
        return
    subject = get_text(envelope, "subject", 60)
    if subject and subject != f"zen:ticket:{number}":
        raise MalformedWebhook("the subject and the detail are of two tickets")
    ticket, event_id = desk.build_ticket(number), "_".join(get_text(envelope, "id", 201).split())
    if ticket is None or not 0 < len(event_id) <= 200 or not event_id.isprintable():  # never a part of an ID
        yield Ignored(reason="no id")
    elif "_".join(get_source(get_object(envelope, "detail")).casefold().split()) in MESSAGING_SOURCES:
        yield Ignored(reason="a messaging ticket")
    else:
        names = _find_opened_names(get_object(envelope, "detail"), desk)
        events = _EventParser(envelope, desk, ticket, event_id).parse(kind.removeprefix(_TICKET_EVENT_PREFIX))
        yield from (add_aliases(event, names) if names else event for event in events)


def _find_opened_names(detail: JsonObject, desk: Account) -> tuple[str, ...]:
    """Return the name of a ticket that the bot opened: its first answer may overtake the API's."""
    external_id = get_identifier(detail, "external_id", 100)
    return (desk.name_opened_ticket(external_id),) if _OWN_EXTERNAL_ID.fullmatch(external_id) else ()


class _EventParser:
    """Parses one event of one ticket."""

    def __init__(
        self, envelope: JsonObject, desk: Account, ticket: TicketEventFactory, event_id: str
    ) -> None:
        self._account = desk
        self._ticket = ticket
        self._id = event_id
        self._detail = get_object(envelope, "detail")
        self._event = get_object(envelope, "event")
        self._is_event_subscription = "zendesk_event_version" in envelope
        self._time = get_text(envelope, "time", 40)
        self._actor = get_identifier(self._detail, "actor_id", 20)
        self._requester = get_identifier(self._detail, "requester_id", 20)

    def parse(self, kind: str) -> Iterator[Event]:
        match kind:
            case "created":
                yield from self._parse_created()
            case "comment_added":
                yield from self._parse_comment(get_object(self._event, "comment"))
            case "comment_redacted":
                yield from self._parse_redaction(get_identifier(get_object(self._event, "comment"), "id", 30))
            case "agent_assignment_changed":
                yield self._parse_assignment(
                    get_identifier(self._event, "current", 20), get_identifier(self._event, "previous", 20)
                )
            case "group_assignment_changed":
                yield self._parse_group_change(get_identifier(self._event, "current", 20))
            case "status_changed":
                yield self._parse_status(self._get_event_text("current"), self._get_event_text("previous"))
            case "tags_changed":
                yield self._parse_tags(
                    get_tags(self._event, "tags_added"), get_tags(self._event, "tags_removed")
                )
            case "merged" if get_text(self._detail, "status").casefold() != "closed":
                yield Ignored(reason="another ticket was merged into this one")
            case "merged":
                yield self._build_control_event(ControlAction.CLOSE)
            case _ if kind in _DELETION_EVENTS:
                yield self._build_control_event(ControlAction.CLOSE)
            case _:
                yield Ignored(reason=f"ticket.{kind}"[:60] if kind.isascii() else "unknown event")

    def _get_event_text(self, name: str) -> str:
        return get_text(self._event, name, 20).casefold()

    def _build_control_event(self, action: ControlAction, actor: str = "") -> Event:
        return self._ticket.build_control_event(
            action, self._id, actor or self._actor, parse_timestamp(self._time) or 0.0
        )

    def _parse_created(self) -> Iterator[Event]:
        """Parse a new ticket: the description is the first comment; only its author is answered."""
        submitter = get_identifier(self._detail, "submitter_id", 20) or self._requester
        if self._account.bot in (submitter, self._actor):
            yield Ignored(reason="our own ticket")
        elif submitter != self._requester or is_private(self._detail):
            yield Ignored(reason="a ticket that an agent made")
        else:
            yield from self._build_customer_events(
                self._ticket.description_turn_id(), self._build_first_text(), {}
            )

    def _build_first_text(self) -> str:
        """Return subject and text of the ticket."""
        return join_subject(
            get_text(self._detail, "subject", 500), get_text(self._detail, "description", MAX_TEXT_LENGTH)
        )

    def _parse_comment(self, comment: JsonObject) -> Iterator[Event]:
        author = get_object(comment, "author")
        author = author if get_identifier(author, "id", 20) else {**author, "id": self._actor}
        author_id, name = get_identifier(author, "id", 20), get_text(author, "name", 100)
        number = get_identifier(comment, "id", 30) or self._id
        text, staff = strip_separator(get_text(comment, "body", MAX_TEXT_LENGTH)), is_staff(author)
        if not comment or not author_id or author_id == SYSTEM_USER_ID:
            yield Ignored(reason="no author")
        elif self._account.bot in (author_id, self._actor):
            yield Ignored(reason="our own comment")
        elif is_private(comment):
            action = parse_agent_command(text) if staff else None
            yield self._build_control_event(action, name) if action else Ignored(reason="internal note")
        elif staff and author_id != self._requester:
            yield self._build_control_event(ControlAction.TAKE_OVER, name)
        elif self._requester in (author_id, "") and self._is_description(text):
            yield from self._build_customer_events(
                self._ticket.description_turn_id(), self._build_first_text(), author
            )
        else:
            files = parse_attachments(get_text(comment, "attachments", 20_000))
            yield from self._build_customer_events(number, text, author, files)

    def _parse_redaction(self, number: str) -> Iterator[Event]:
        """Parse a comment in which words were redacted.

        It is deleted here, because the rest of its text is not in the event. The first comment has no ID in
        events; in the description, blocks replace the redacted words.
        """
        names = [number] if number else []
        if _REDACTED_BLOCK in get_text(self._detail, "description", MAX_TEXT_LENGTH):
            names.append(self._ticket.description_turn_id())
        for name in names:
            yield ActivityReceived(
                id=f"{self._id}.{name}",
                session=self._ticket.session,
                activity=Activity.DELETED,
                message_id=name,
            )
        if not names:
            yield Ignored(reason="no comment")

    def _is_description(self, text: str) -> bool:
        """Return whether this is the first comment, which `ticket.created` has reported already."""
        if not text or normalize_for_comparison(text) != normalize_for_comparison(
            get_text(self._detail, "description", MAX_TEXT_LENGTH)
        ):
            return False
        created, now = (
            parse_timestamp(get_text(self._detail, "created_at", 40)),
            parse_timestamp(self._time),
        )
        return created is not None and now is not None and (now - created) < _SAME_COMMENT_SECONDS

    def _build_customer_events(
        self, number: str, text: str, author: JsonObject, files: tuple[Attachment, ...] = ()
    ) -> Iterator[Event]:
        if BOT_OFF_TAG in get_tags(self._detail, "tags"):
            yield self._build_control_event(ControlAction.TAKE_OVER, BOT_OFF_TAG)
        if not text and not files and not self._is_event_subscription:
            yield Ignored(reason="empty comment")
            return  # an event never has the files: a comment without text may consist of them
        details = {
            "user_id": get_identifier(author, "id", 20) or self._requester,
            "profile_name": get_text(author, "name", 100),
            "email": self._find_email(author),
            "subject": get_text(self._detail, "subject", 500),
            "via": get_source(self._detail),
            "told_by": "event" if self._is_event_subscription else "",
        }
        yield self._ticket.build_turn_event(
            Comment(number, text, files, details, parse_timestamp(self._time) or 0.0), self._requester
        )

    def _find_email(self, author: JsonObject) -> str:
        """Return the address of a comment's author, which only triggers know, and only the requester's."""
        is_requester = get_identifier(author, "id", 20) in ("", self._requester)
        return find_email_address(get_text(self._detail, "requester_email", 200)) if is_requester else ""

    def _parse_assignment(self, current: str, previous: str) -> Event:
        """Parse an assignment. The bot never assigns to an agent, so the assigned agent has the ticket."""
        if self._account.is_agent(current):
            return self._build_control_event(ControlAction.TAKE_OVER)
        if self._actor == self._account.bot:
            return Ignored(reason="our own assignment")
        if current:
            return self._build_control_event(ControlAction.GIVE_BACK)
        return (
            self._build_control_event(ControlAction.TAKE_OVER)
            if previous == self._account.bot
            else Ignored(reason="unassigned")
        )

    def _parse_group_change(self, current: str) -> Event:
        """Parse a group change: a take-over if an agent made it, not if routing rules did."""
        by_agent = self._actor not in ("", SYSTEM_USER_ID, self._account.bot, self._requester)
        is_bot_assigned = get_identifier(self._detail, "assignee_id", 20) == self._account.bot
        return (
            self._build_control_event(ControlAction.TAKE_OVER)
            if by_agent and current and not is_bot_assigned
            else Ignored(reason="routing")
        )

    def _parse_status(self, current: str, previous: str) -> Event:
        if current == "closed" or (current == "solved" and self._actor != self._account.bot):
            return self._build_control_event(ControlAction.CLOSE)
        if previous == "solved" and self._account.is_agent(get_identifier(self._detail, "assignee_id", 20)):
            return self._build_control_event(ControlAction.TAKE_OVER)
        return Ignored(reason="status")

    def _parse_tags(self, added: frozenset[str], removed: frozenset[str]) -> Event:
        if BOT_OFF_TAG in added:
            return self._build_control_event(ControlAction.TAKE_OVER)
        is_released = bool(removed & {BOT_OFF_TAG, HANDED_OFF_TAG}) and self._actor != self._account.bot
        is_agent_assigned = self._account.is_agent(get_identifier(self._detail, "assignee_id", 20))
        return (
            self._build_control_event(ControlAction.GIVE_BACK)
            if is_released and not is_agent_assigned
            else Ignored(reason="tags")
        )
