"""Snapshot of a ticket: whether the bot may write to the contact in it, and what it has sent."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from channels._kit.agent_commands import parse_agent_command
from channels._kit.inbound import JsonObject, get_identifier, get_object, get_object_list, get_text
from channels._kit.rendering import PLAIN_DIALECT, render_markdown
from channels._kit.text import normalize_for_comparison
from channels.zendesk.capabilities import REPLY_KEY_METADATA
from channels.zendesk.event_factory import Account
from core.model import ControlAction, Reply, SentMessage

_MAX_CLOCK_SKEW: Final = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class TicketSnapshot:
    """A ticket as read. `bot_comments` are newest first.

    `needs_audits`: an agent has written, or has the ticket, and only its history shows who acted last.
    """

    status: str
    stamp: str
    tags: tuple[str, ...]
    assignee: str
    staff: frozenset[str]
    bot_comments: tuple[JsonObject, ...]
    needs_audits: bool


def take_snapshot(ticket: JsonObject, page: JsonObject, desk: Account) -> TicketSnapshot:
    """Build a snapshot from a ticket and the newest page of its comments."""
    comments = sorted(get_object_list(page, "comments"), key=get_sort_key, reverse=True)
    users = [user for user in get_object_list(page, "users") if get_text(user, "role") in ("agent", "admin")]
    staff = frozenset(get_identifier(user, "id") for user in users) - {
        get_identifier(ticket, "requester_id"),
        desk.bot,
        "",
    }
    tags, assignee = ticket.get("tags"), get_identifier(ticket, "assignee_id")
    bot_comments = [each for each in comments if get_identifier(each, "author_id") == desk.bot]
    return TicketSnapshot(
        status=get_text(ticket, "status", 20).casefold(),
        stamp=get_text(ticket, "updated_at", 40),
        tags=tuple(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else (),
        assignee=assignee,
        staff=staff,
        bot_comments=tuple(bot_comments),
        needs_audits=desk.is_agent(assignee) or _find_last_author(comments, staff, desk) in staff,
    )


def get_requester(response: JsonObject) -> str:
    """Return the user id of a ticket's requester."""
    return get_identifier(get_object(response, "ticket"), "requester_id", 20)


def get_followed_ticket(response: JsonObject) -> str:
    """Return the closed ticket that this one follows up (Zendesk, "Creating a follow-up ticket"), if any."""
    source = get_object(get_object(response, "ticket"), "via", "source")
    return (
        get_identifier(get_object(source, "from"), "ticket_id", 20)
        if get_text(source, "rel", 40) == "follow_up"
        else ""
    )


def is_agent_active(snapshot: TicketSnapshot, audits: Sequence[JsonObject], desk: Account) -> bool:
    """Return whether an agent has the ticket, by the newest deciding action (Zendesk, "Ticket audit events").

    An agent's comment or the assignment to an agent holds the ticket; a note `/bot on` or the assignment to
    the bot frees it, and so does the bot's own comment, which was checked in the same way.
    """
    for audit in sorted(audits, key=get_sort_key, reverse=True):
        for event in reversed(get_object_list(audit, "events")):
            author = get_identifier(event, "author_id") or get_identifier(audit, "author_id")
            if event.get("field_name") == "assignee_id" and get_identifier(event, "value"):
                return desk.is_agent(get_identifier(event, "value"))
            if get_text(event, "type") != "Comment":
                continue
            if event.get("public") is True and (author == desk.bot or author in snapshot.staff):
                return author != desk.bot
            action = parse_agent_command(get_text(event, "body", 200)) if author in snapshot.staff else None
            if action in (ControlAction.GIVE_BACK, ControlAction.TAKE_OVER):
                return action is ControlAction.TAKE_OVER
    return desk.is_agent(snapshot.assignee)


def get_reply_key(comment: JsonObject) -> str:
    """Return the reply's key of a comment; empty if there is none."""
    return get_text(get_object(comment, "metadata", "custom"), REPLY_KEY_METADATA, 500)


def _find_last_author(comments: Sequence[JsonObject], staff: frozenset[str], desk: Account) -> str:
    """Return who wrote to the contact, or used a command in a note, last: agent or bot."""
    authors = [
        get_identifier(each, "author_id")
        for each in comments
        if each.get("public") is True
        or parse_agent_command(get_text(each, "plain_body", 200) or get_text(each, "body", 200))
    ]
    return next((author for author in authors if author in staff or author == desk.bot), "")


def find_sent_comment(
    comments: Iterable[JsonObject], reply: Reply, *, bot: str, since: datetime, known: Collection[str]
) -> SentMessage | None:
    """Return the comment with the reply's key; without metadata, one of the bot's with the same text."""
    for comment in comments:
        key, number = get_reply_key(comment), get_identifier(comment, "id")
        is_same_text = not key and number not in known and _matches_reply(comment, reply, bot, since)
        if number and (key == reply.plain_key or is_same_text):
            return SentMessage(provider_id=number)
    return None


def _matches_reply(comment: JsonObject, reply: Reply, bot: str, since: datetime) -> bool:
    at = parse_time(get_text(comment, "created_at", 40))
    text = get_text(comment, "plain_body", 20_000) or get_text(comment, "body", 20_000)
    return (
        get_identifier(comment, "author_id") == bot
        and comment.get("public") is (reply.act == "say")
        and at is not None
        and at >= since - _MAX_CLOCK_SKEW
        and normalize_for_comparison(text)
        == normalize_for_comparison(render_markdown(reply.body, PLAIN_DIALECT))
    )


def parse_time(text: str) -> datetime | None:
    """Parse a Zendesk time; all are in UTC."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def get_sort_key(item: JsonObject) -> tuple[datetime, int]:
    """Return a time and a number to sort by."""
    number = get_identifier(item, "id", 20)
    at = parse_time(get_text(item, "created_at", 40)) or datetime.fromtimestamp(0, UTC)
    return at, int(number) if number.isdigit() else 0
