"""Parses an Intercom conversation: the contact's messages and the agents' actions, part by part."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from channels._kit.agent_commands import parse_agent_command
from channels._kit.inbound import (
    JsonObject,
    get_identifier,
    get_number,
    get_object,
    get_object_list,
    get_text,
)
from channels.intercom.capabilities import NAME
from channels.intercom.conversations.assignment import (
    Assignee,
    Author,
    Workspace,
    get_assignee_ids,
    has_content,
    is_assignment,
)
from channels.intercom.conversations.contacts import AuthorRole, classify_customer
from channels.intercom.conversations.html_body import MAX_BODY_LENGTH, BodyMode, parse_body
from channels.intercom.conversations.turns import TurnBuilder
from core.model import (
    Activity,
    ActivityReceived,
    Address,
    ControlAction,
    ControlReceived,
    Event,
    Ignored,
)

_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,60}")


class ConversationParser:
    """Parses one conversation into events. `event` is the notification's id."""

    def __init__(self, item: JsonObject, *, account: str, event: str, workspace: Workspace) -> None:
        self._item = item
        self._event = event
        self._workspace = workspace
        identifier = get_identifier(item, "id") or get_identifier(item, "conversation_id")
        self._id = identifier if _ID.fullmatch(identifier) else ""
        self._account = account if _ID.fullmatch(account) else ""
        self._session = f"{NAME}:{self._account}:{self._id}"
        self._address = Address(channel=NAME, account=self._account, ours=self._account, theirs=self._id)

    @property
    def has_ids(self) -> bool:
        """True if workspace and conversation have ids."""
        return bool(self._id and self._account)

    def turn_events(self, mode: BodyMode, *, opening: bool) -> Iterator[Event]:
        """Return the customers' messages, preceded by a control event if the bot is not the assignee.

        The first message stays in `source` permanently, so it counts only for a new conversation. A contact
        who reopens a closed conversation talks to the bot, whoever was assigned: that agent has left by
        closing it.
        """
        turns: list[Event] = []
        reopened, parts = False, self._sorted_parts()
        builder = TurnBuilder(
            self._item, session=self._session, address=self._address, is_ours=not self._is_assigned
        )
        source = get_object(self._item, "source")
        if opening and self._workspace.classify_author(source) is Author.CONTACT:
            turns += builder.build_opening_events(mode)
        for number, part in enumerate(parts):
            if self._workspace.classify_author(part) is not Author.CONTACT:
                yield from self._part_events(part, get_text(part, "part_type", 60), mode)
                continue
            key = get_identifier(part, "id") or (self._event and f"{self._event}.{number}")
            turns += builder.build_events(part, key, mode)
            is_participant = classify_customer(self._item, part) is AuthorRole.PARTICIPANT
            reopened = reopened or (get_text(part, "part_type", 60) == "open" and not is_participant)
        if turns and not reopened:
            yield from self._existing_assignment_events(parts[-1] if parts else self._item, opening=opening)
        yield from turns

    def control_events(self, kind: str, mode: BodyMode) -> Iterator[Event]:
        """Return the agents' actions; `kind` is the topic's part type, for a notification without parts."""
        parts = self._sorted_parts()
        for part in parts:
            if self._workspace.classify_author(part) is Author.CONTACT:
                yield Ignored(reason="a contact's part under another topic")
            else:
                yield from self._part_events(part, get_text(part, "part_type", 60), mode)
        if not parts:
            yield from self._part_events({}, kind, mode)

    def redaction_events(self) -> Iterator[Event]:
        """Return the contact's messages whose text was deleted at Intercom."""
        source = get_object(self._item, "source")
        for part, prefix in ((source, "source:"), *((part, "") for part in self._sorted_parts())):
            key = f"{prefix}{get_identifier(part, 'id')}"
            is_contacts = self._workspace.classify_author(part) is Author.CONTACT
            if part.get("redacted") is True and is_contacts and key != prefix:
                yield ActivityReceived(
                    id=f"{key}.redacted", session=self._session, activity=Activity.DELETED, message_id=key
                )

    def agent_initiated_events(self) -> Iterator[Event]:
        """Return the take-over of a conversation that an agent started, unless it is assigned to the bot."""
        source = get_object(self._item, "source")
        if (
            self._workspace.classify_author(source) is Author.AGENT
            and self._workspace.classify_assignee(self._item) is not Assignee.BOT
        ):
            yield self._build_control_event(
                f"source:{get_identifier(source, 'id')}", ControlAction.TAKE_OVER, source
            )

    def deletion_event(self) -> Event:
        """Return the closing event of a deleted conversation: nothing waiting is answered or sent."""
        return self._build_control_event(f"{self._id}.deleted", ControlAction.CLOSE, {})

    def _sorted_parts(self) -> list[JsonObject]:
        """Return the notification's parts, oldest first; they may come in any order."""

        def age(part: JsonObject) -> tuple[float, int, str]:
            identifier = get_identifier(part, "id")
            return (
                get_number(part, "created_at") or 0.0,
                int(identifier) if identifier.isdecimal() else 0,
                identifier,
            )

        return sorted(
            get_object_list(get_object(self._item, "conversation_parts"), "conversation_parts"), key=age
        )

    def _part_events(self, part: JsonObject, kind: str, mode: BodyMode) -> Iterator[Event]:
        """Return the events of an agent's part. It comes under several topics; its id deduplicates them."""
        key, author = get_identifier(part, "id") or self._event, self._workspace.classify_author(part)
        by_agent = author is Author.AGENT
        if part.get("redacted") is True:
            yield Ignored(reason="redacted part")
        elif kind == "close":
            yield from self._existing_assignment_events(part, opening=True)
            yield self._build_control_event(key, ControlAction.CLOSE, part)
        elif author is Author.BOT:
            yield from self._own_part_events(key, part, kind)
        elif kind == "note":
            action = parse_agent_command(self._parse_text(part, mode)) if by_agent else None
            yield self._build_control_event(key, action, part) if action else Ignored(reason="note")
        elif is_assignment(kind):
            yield from self._assignment_events(key, part, has_text=by_agent and has_content(part))
        elif by_agent and self._takes_over(part, kind):
            yield self._build_control_event(key, ControlAction.TAKE_OVER, part)
        else:
            yield Ignored(reason=kind if _ID.fullmatch(kind) else "other part")

    def _own_part_events(self, key: str, part: JsonObject, kind: str) -> Iterator[Event]:
        """Return the completion of the bot's hand-off, if this part is that."""
        if is_assignment(kind) and self._is_assigned:
            yield self._build_control_event(key, ControlAction.PASSED_ON, part)
        else:
            yield Ignored(reason="our own part")

    @property
    def _is_assigned(self) -> bool:
        """True if the conversation is assigned to somebody else than the bot."""
        return self._workspace.classify_assignee(self._item) in (Assignee.OTHER, Assignee.HAND_OFF_TARGET)

    def _takes_over(self, part: JsonObject, kind: str) -> bool:
        """Return whether the author takes over: by any text, or by opening their own conversation."""
        if kind == "open" and self._workspace.classify_assignee(self._item) is Assignee.OTHER:
            return True
        return kind == "comment" or has_content(part)

    def _assignment_events(self, key: str, part: JsonObject, *, has_text: bool) -> Iterator[Event]:
        """Return events by the conversation's state, which is newer than the part: it is read at sending."""
        assignee = self._workspace.classify_assignee(self._item)
        if assignee is Assignee.BOT or (assignee is Assignee.NOBODY and not has_text):
            yield self._build_control_event(key, ControlAction.GIVE_BACK, part)
            return
        yield self._build_control_event(key, ControlAction.TAKE_OVER, part)
        if assignee is not Assignee.NOBODY:
            yield self._build_control_event(self._assignment_event_key, ControlAction.TAKE_OVER, part)

    def _existing_assignment_events(self, part: JsonObject, *, opening: bool) -> Iterator[Event]:
        """Return a take-over if the conversation is assigned to somebody else.

        It is reported once for each assignment, so that the bot stays active after `/bot on` or once a closed
        conversation is reopened. After the bot's own hand-off, the wait for an agent goes on.
        """
        assignee = self._workspace.classify_assignee(self._item)
        if assignee is Assignee.OTHER or (assignee is Assignee.HAND_OFF_TARGET and opening):
            yield self._build_control_event(
                self._assignment_event_key, ControlAction.TAKE_OVER, {"created_at": part.get("created_at")}
            )

    @property
    def _assignment_event_key(self) -> str:
        return f"held.{'.'.join(get_assignee_ids(self._item))}"

    def _build_control_event(self, key: str, action: ControlAction, part: JsonObject) -> ControlReceived:
        author = get_object(part, "author")
        holds = action in (ControlAction.TAKE_OVER, ControlAction.PASSED_ON)
        is_command = get_text(part, "part_type", 60) == "note"
        return ControlReceived(
            id=f"{key}.{action}",
            session=self._session,
            address=self._address,
            act=action,
            actor=get_text(author, "name", 100) or get_identifier(author, "id", 60),
            at=get_number(part, "created_at") or 0.0,
            by_transfer=holds and self._is_assigned and not is_command,
        )

    def _parse_text(self, part: JsonObject, mode: BodyMode) -> str:
        return parse_body(get_text(part, "body", MAX_BODY_LENGTH), mode).text
