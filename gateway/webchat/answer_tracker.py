"""A turn's answer, put together from the entries of its session's log."""

from __future__ import annotations

from typing import Any, NamedTuple

from pydantic import JsonValue
from pydantic_core import from_json

from gateway.webchat.schemas.responses import MessageView


class CompletedTurn(NamedTuple):
    """Result of a turn. `messages` may be empty: an agent owns the session, or the bot had nothing to say."""

    message_id: str
    outcome: str
    messages: tuple[MessageView, ...] = ()

    @property
    def text(self) -> str:
        """Text of all messages, separated by blank lines."""
        return "\n\n".join(message.text for message in self.messages)


class AnswerTracker:
    """Follows one turn through the log."""

    def __init__(self, message_id: str) -> None:
        self.message_id = message_id
        self.commit: dict[str, JsonValue] | None = None
        self.messages_by_key: dict[str, MessageView] = {}
        self.settled_keys: set[str] = set()

    def apply_notification(self, note: bytes) -> None:
        """Apply the log entries that commit.lua sent with its notification, one per line."""
        for entry_line in note.splitlines():
            kind, _, data = entry_line.partition(b" ")
            self.apply_entry(kind.decode(), from_json(data))

    def apply_entry(self, kind: str, data: dict[str, Any]) -> None:
        """Apply the next entry; one that was applied before changes nothing."""
        if kind == "committed" and self.message_id in data.get("turns", ()):
            self.commit = data
        elif kind == "said" and self.commit is not None and self._belongs_to_turn(data["key"]):
            self.messages_by_key[data["key"]] = MessageView(
                text=data["body"], choices=data.get("choices", ()), media=data.get("media", ())
            )
        elif kind in ("sent", "refused") and data.get("key") in self.messages_by_key:
            if kind == "refused":
                del self.messages_by_key[data["key"]]
            self.settled_keys.add(data["key"])

    def _belongs_to_turn(self, key: str) -> bool:
        turns: Any = (self.commit or {}).get("turns", [self.message_id])
        return key.startswith(f"{turns[0]}.")

    @property
    def completed_turn(self) -> CompletedTurn | None:
        if self.commit is None or len(self.settled_keys) < int(str(self.commit.get("replies", 0))):
            return None
        outcome = str(self.commit.get("outcome", ""))
        return CompletedTurn(
            message_id=self.message_id, outcome=outcome, messages=tuple(self.messages_by_key.values())
        )
