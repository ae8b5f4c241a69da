"""Agents of the simulated desk: their actions on a conversation, and the topic of each webhook."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from channels._kit.simulator import AgentAction
from channels.intercom.simulator.records import (
    Conversation,
    ConversationStore,
    Json,
    build_teammate,
    format_body,
)

PRIMARY_AGENT: Final = ("9608001", "Grace")
SECOND_AGENT: Final = ("9608002", "Lin")

AGENT_ACTIONS: Final = (
    AgentAction("reply", "Reply", speaks=True),
    AgentAction("reply_and_assign", "Reply and take", speaks=True),
    AgentAction("note", "Note", speaks=True),
    AgentAction("take", "Take"),
    AgentAction("pass_on", "Assign to Lin"),
    AgentAction("give_back", "Assign to bot"),
    AgentAction("unassign", "Unassign"),
    AgentAction("close", "Close"),
    AgentAction("reply_and_close", "Reply and close", speaks=True),
    AgentAction("open", "Reopen"),
    AgentAction("snooze", "Snooze"),
    AgentAction("redact", "Redact"),
    AgentAction("delete", "Delete"),
)

Notification = tuple[str, Json]
"""A topic and the object of the webhook."""


@dataclass(frozen=True, slots=True)
class DeskAgents:
    """Actions of the simulated agent Grace; `bot` is the admin ID of the bot."""

    records: ConversationStore
    bot: str
    plain: bool

    def describe(self, conversation: Conversation) -> str:
        """Return state, assignee and tag of a conversation in words."""
        names = {self.bot: "the bot", **dict((PRIMARY_AGENT, SECOND_AGENT)), "": "nobody"}
        team = ["a team"] if conversation.team else []
        assigned = " and ".join([*team, names[conversation.admin]])
        return f"{conversation.state}, assigned to {assigned}{', tagged' if conversation.tags else ''}"

    def run_action(self, conversation: Conversation, action_name: str, text: str, now: float) -> Notification:
        """Run one of Grace's actions. Raises `KeyError` for an unknown action, or one without its text."""
        if any(action.name == action_name and action.speaks and not text for action in AGENT_ACTIONS):
            raise KeyError(action_name)
        actions: dict[str, Callable[[], Notification]] = {
            "reply": lambda: self._add_part(conversation, "comment", "conversation.admin.replied", now, text),
            "reply_and_assign": lambda: self._assign(conversation, PRIMARY_AGENT[0], now, text),
            "note": lambda: self._add_part(conversation, "note", "conversation.admin.noted", now, text),
            "take": lambda: self._assign(conversation, PRIMARY_AGENT[0], now),
            "pass_on": lambda: self._assign(conversation, SECOND_AGENT[0], now),
            "give_back": lambda: self._assign(conversation, self.bot, now),
            "unassign": lambda: self._assign(conversation, "", now),
            "close": lambda: self._change_state(
                conversation, "closed", "close", "conversation.admin.closed", now
            ),
            "reply_and_close": lambda: self._change_state(
                conversation, "closed", "close", "conversation.admin.closed", now, text
            ),
            "open": lambda: self._change_state(
                conversation, "open", "open", "conversation.admin.opened", now
            ),
            "snooze": lambda: self._change_state(
                conversation, "snoozed", "snoozed", "conversation.admin.snoozed", now
            ),
            "redact": lambda: self._redact(conversation),
            "delete": lambda: self.delete(conversation),
        }
        return actions[action_name]()

    def _add_part(
        self, conversation: Conversation, kind: str, topic: str, now: float, text: str = ""
    ) -> Notification:
        body = format_body(text, plain=self.plain)
        part = conversation.add_part(
            kind, build_teammate(*PRIMARY_AGENT), self.records.next_number(), now, body=body
        )
        if text:
            self.records.record_message("note" if kind == "note" else "agent", conversation, part, now)
        return topic, conversation.to_json([part])

    def _assign(self, conversation: Conversation, admin: str, now: float, text: str = "") -> Notification:
        """Assign; text that comes with an assignment is part of it, without a separate comment."""
        conversation.admin, conversation.team = admin, conversation.team if admin else ""
        return self._add_part(conversation, "assignment", "conversation.admin.assigned", now, text)

    def _change_state(
        self, conversation: Conversation, state: str, kind: str, topic: str, now: float, text: str = ""
    ) -> Notification:
        conversation.state = state
        return self._add_part(conversation, kind, topic, now, text)

    def _redact(self, conversation: Conversation) -> Notification:
        """Redact the contact's newest message. Raises `KeyError` if there is none."""
        for part in reversed(conversation.parts):
            if part["author"]["type"] == "user" and not part["redacted"]:
                conversation.redact(part["id"])
                return "conversation_part.redacted", conversation.to_json([part])
        raise KeyError("redact")

    def delete(self, conversation: Conversation) -> Notification:
        """Delete; the webhook has identifying fields only, under another name than elsewhere."""
        self.records.delete(conversation)
        return "conversation.deleted", {"type": "conversation", "conversation_id": conversation.id}
