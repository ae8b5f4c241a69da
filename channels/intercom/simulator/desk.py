"""The people at the twin's desk: what they can do with a conversation, and under which topic it is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from channels._kit.simulator import Move
from channels.intercom.simulator.records import Json, Records, Talk, teammate, written

GRACE: Final = ("9608001", "Grace")
LIN: Final = ("9608002", "Lin")
_TOMBSTONE: Final = "<p>This message was deleted</p>"

MOVES: Final = (
    Move("reply", "Reply", speaks=True),
    Move("reply_and_assign", "Reply and take", speaks=True),
    Move("note", "Note", speaks=True),
    Move("take", "Take"),
    Move("pass_on", "Assign to Lin"),
    Move("give_back", "Assign to bot"),
    Move("unassign", "Unassign"),
    Move("close", "Close"),
    Move("reply_and_close", "Reply and close", speaks=True),
    Move("open", "Reopen"),
    Move("snooze", "Snooze"),
    Move("redact", "Redact"),
    Move("delete", "Delete"),
)

Told = tuple[str, Json]
"""A topic and the object that the webhook is about."""


@dataclass(frozen=True, slots=True)
class Agents:
    """Grace, who does everything, at the desk of the bot `bot`."""

    records: Records
    bot: str
    plain: bool

    def act(self, talk: Talk, move: str, text: str, now: float) -> Told:
        """Grace does something. Raises `KeyError` for a move that is none, or one without its words."""
        if any(known.name == move and known.speaks and not text for known in MOVES):
            raise KeyError(move)
        moves: dict[str, Callable[[], Told]] = {
            "reply": lambda: self._part(talk, "comment", "conversation.admin.replied", now, text),
            "reply_and_assign": lambda: self._assign(talk, GRACE[0], now, text),
            "note": lambda: self._part(talk, "note", "conversation.admin.noted", now, text),
            "take": lambda: self._assign(talk, GRACE[0], now),
            "pass_on": lambda: self._assign(talk, LIN[0], now),
            "give_back": lambda: self._assign(talk, self.bot, now),
            "unassign": lambda: self._assign(talk, "", now),
            "close": lambda: self._state(talk, "closed", "close", "conversation.admin.closed", now),
            "reply_and_close": lambda: self._state(
                talk, "closed", "close", "conversation.admin.closed", now, text
            ),
            "open": lambda: self._state(talk, "open", "open", "conversation.admin.opened", now),
            "snooze": lambda: self._state(talk, "snoozed", "snoozed", "conversation.admin.snoozed", now),
            "redact": lambda: self._redact(talk),
            "delete": lambda: self._delete(talk),
        }
        return moves[move]()

    def _part(self, talk: Talk, kind: str, topic: str, now: float, text: str = "") -> Told:
        body = written(text, plain=self.plain)
        part = talk.part(kind, teammate(*GRACE), self.records.next_number(), now, body=body)
        if text:
            self.records.keep("note" if kind == "note" else "agent", talk, part, now)
        return topic, talk.json([part])

    def _assign(self, talk: Talk, admin: str, now: float, text: str = "") -> Told:
        """Words that go along with an assignment stand in its part; there is no comment beside it."""
        talk.admin, talk.team = admin, talk.team if admin else ""
        return self._part(talk, "assignment", "conversation.admin.assigned", now, text)

    def _state(self, talk: Talk, state: str, kind: str, topic: str, now: float, text: str = "") -> Told:
        talk.state = state
        return self._part(talk, kind, topic, now, text)

    def _redact(self, talk: Talk) -> Told:
        """The customer's newest words become a tombstone. Raises `KeyError` when there are none."""
        for part in reversed(talk.parts):
            if part["author"]["type"] == "user" and not part["redacted"]:
                part.update(redacted=True, body=_TOMBSTONE, attachments=[])
                return "conversation_part.redacted", talk.json([part])
        raise KeyError("redact")

    def _delete(self, talk: Talk) -> Told:
        """Only identifying fields are told, under another name than everywhere else."""
        self.records.delete(talk)
        return "conversation.deleted", {"type": "conversation", "conversation_id": talk.id}
