"""Parts that teammates add to a conversation: comments, quick replies, notes, assignments and states."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from channels.intercom.simulator.records import (
    Conversation,
    ConversationStore,
    Json,
    build_attachments,
    build_teammate,
)

_STATES: Final = {"close": ("closed", "closed"), "open": ("open", "opened"), "snoozed": ("snoozed",) * 2}


class AdminParts:
    """Adds parts of `admins`; those of the `bot` are its replies, the others' are an agent's."""

    def __init__(self, conversations: ConversationStore, admins: Mapping[str, str], bot: str) -> None:
        self._conversations = conversations
        self._admins = admins
        self._bot = bot

    def add_reply(self, conversation: Conversation, sent: Json, now: float) -> tuple[Json, str]:
        """Add a comment, a quick reply or a note; return the part and the topic of its webhook."""
        kind = sent["message_type"]
        fields: Json = {"body": sent.get("body")}
        if kind == "quick_reply":
            fields = {"metadata": {"quick_reply_options": sent["reply_options"]}}
        fields["attachments"] = build_attachments(sent)
        part = self._add(conversation, kind, sent, now, fields)
        if kind == "note":
            self._conversations.record_message("note", conversation, part, now)
            return part, "conversation.admin.noted"
        if conversation.state == "closed":
            conversation.state = "open"
        direction = "out" if sent["admin_id"] == self._bot else "agent"
        self._conversations.record_message(direction, conversation, part, now)
        return part, "conversation.admin.replied"

    def update_assignment(self, conversation: Conversation, sent: Json, now: float) -> tuple[Json, str]:
        """Change assignee or state. Team and teammate are independent: assigning one keeps the other."""
        kind, topic = sent["message_type"], "conversation.admin.assigned"
        if kind == "assignment":
            assignee = sent["assignee_id"] if sent["assignee_id"] != "0" else ""
            conversation.admin, conversation.team = (
                (conversation.admin, assignee) if sent["type"] == "team" else (assignee, conversation.team)
            )
        else:
            conversation.state, suffix = _STATES[kind]
            conversation.snoozed_until = sent.get("snoozed_until") if kind == "snoozed" else None
            topic = f"conversation.admin.{suffix}"
        return self._add(conversation, kind, sent, now, {"body": sent.get("body")}), topic

    def _add(self, conversation: Conversation, kind: str, sent: Json, now: float, fields: Json) -> Json:
        author = build_teammate(sent["admin_id"], self._admins[sent["admin_id"]])
        return conversation.add_part(kind, author, self._conversations.next_number(), now, **fields)
