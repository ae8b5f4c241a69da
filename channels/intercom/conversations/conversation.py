"""A conversation as Intercom's API returns it: its assignee, agents' activity, and the bot's parts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from channels._kit.inbound import (
    JsonObject,
    get_identifier,
    get_number,
    get_object,
    get_object_list,
    get_text,
)
from channels._kit.text import normalize_for_comparison
from channels.intercom.conversations.assignment import (
    Assignee,
    Author,
    Workspace,
    has_content,
    is_assignment,
)
from channels.intercom.conversations.contacts import AuthorRole, classify_customer
from channels.intercom.conversations.html_body import MAX_BODY_LENGTH, parse_body
from channels.intercom.rendering import build_option_id, render_comment_html
from core.model import Reply


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation's body, read for one workspace."""

    body: JsonObject
    workspace: Workspace

    @property
    def assignee(self) -> Assignee:
        """Its assignee."""
        return self.workspace.classify_assignee(self.body)

    def has_tag(self, tag: str) -> bool:
        """Return whether a tag with this ID is on it."""
        tags = get_object_list(get_object(self.body, "tags"), "tags")
        return any(get_identifier(each, "id") == tag for each in tags)

    def is_finished(self, reply: Reply) -> bool:
        """Return whether it is closed, or an agent works in it."""
        return get_text(self.body, "state", 20) == "closed" or self.has_agent_activity(reply)

    def has_agent_activity(self, reply: Reply) -> bool:
        """Return whether an agent has written, or was assigned, since the message that is answered.

        A reply that answers none, such as a reminder, is compared with the newest message.
        """
        assignee, parts = self.assignee, self._parts
        said = [
            part
            for part in parts
            if self.workspace.classify_author(part) is Author.CONTACT
            and classify_customer(self.body, part) is not AuthorRole.PARTICIPANT
        ]
        newest = max((_sort_key(part)[0] for part in said), default=0)
        turn = reply.key.rpartition(".")[0]
        since = 0 if turn.startswith("source:") else int(turn) if turn.isdecimal() else newest
        at = max((_get_time(part) for part in said if _sort_key(part)[0] <= since), default=0.0)
        for part in parts:
            author, kind = self.workspace.classify_author(part), get_text(part, "part_type", 60)
            number = _sort_key(part)[0]
            is_older = number <= since if number else _get_time(part) <= at  # one without a number
            if is_older or author is Author.BOT:
                continue
            if is_assignment(kind) and assignee is Assignee.OTHER:
                return True
            if author is Author.AGENT and kind not in ("note", "close") and has_content(part):
                return not is_assignment(kind) or assignee is not Assignee.BOT
        return False

    def has_note(self, note: str) -> bool:
        """Return whether the bot's latest action, apart from comments, is this note."""
        for part in reversed(self._bot_parts):
            if (kind := get_text(part, "part_type", 60)) in ("note", "assignment"):
                return kind == "note" and _normalized_text(part) == _normalized_html(note)
        return False

    def find_newest_sent(self) -> str | None:
        """Return the ID of the bot's newest part; `None` if there is none."""
        parts = self._bot_parts
        return get_identifier(parts[-1], "id") if parts else None

    def find_copy(self, reply: Reply, *, earliest: float, known: Collection[str]) -> str | None:
        """Return the ID of the bot's oldest comment like `reply` since then; `None` if there is none."""
        for part in self._bot_parts:
            identifier = get_identifier(part, "id")
            is_new = _get_time(part) >= earliest and identifier not in known
            if is_new and _matches_reply(part, reply):
                return identifier
        return None

    @property
    def _parts(self) -> list[JsonObject]:
        return get_object_list(get_object(self.body, "conversation_parts"), "conversation_parts")

    @property
    def _bot_parts(self) -> list[JsonObject]:
        """The bot's parts, the oldest first."""
        own = [part for part in self._parts if self.workspace.classify_author(part) is Author.BOT]
        return sorted(own, key=_sort_key)


def _get_time(part: JsonObject) -> float:
    return get_number(part, "created_at") or 0.0


def _sort_key(part: JsonObject) -> tuple[int, str]:
    identifier = get_identifier(part, "id")
    return int(identifier) if identifier.isdecimal() else 0, identifier


def _matches_reply(part: JsonObject, reply: Reply) -> bool:
    if reply.choices:
        options = get_object_list(get_object(part, "metadata"), "quick_reply_options")
        return any(get_text(option, "uuid") == build_option_id(reply, 0) for option in options)
    if get_text(part, "part_type", 60) not in ("comment", "open"):
        return False
    return _normalized_text(part) == _normalized_html(render_comment_html(reply))


def _normalized_text(part: JsonObject) -> str:
    return normalize_for_comparison(parse_body(get_text(part, "body", MAX_BODY_LENGTH), "auto").text)


def _normalized_html(html: str) -> str:
    return normalize_for_comparison(parse_body(html, "html").text)
