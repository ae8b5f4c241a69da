"""Builds the transcript of a conversation from its log, with the delivery state of each part."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from gateway.console.layout.formats import StateWords, format_duration
from gateway.redis.records.sessions.log.entry_words import describe_activity, describe_control, describe_entry
from gateway.redis.records.sessions.log.message_timeline import original_key
from gateway.redis.records.sessions.log.session_log import LogEntry

_NOTE_SUFFIXES: Final = (".hand_off",)
_STATES: Final = {
    "queued": StateWords("Sent", "up", "ok"),
    "sent": StateWords("Sent", "up", "ok"),
    "delivered": StateWords("Delivered", "ticks", "ok"),
    "read": StateWords("Read", "eye", "ok"),
    "failed": StateWords("Failed", "cross", "bad"),
}
_REPLIED: Final = StateWords("Replied", "disk", "ok")
_SENDING: Final = StateWords("Sending", "again", "warn")
_RETRYING: Final = StateWords("Retrying", "again", "warn")
_REFUSED: Final = StateWords("Not sent", "barred", "bad")
_DEAD: Final = StateWords("Dead letter", "box", "bad")
_FORWARDED: Final = StateWords("Sent on another channel", "up", "ok")


_MAX_FIELDS: Final = 50
_MAX_VALUE_LENGTH: Final = 500

_LOST: Final = (_STATES["failed"], _REFUSED, _DEAD)


@dataclass(slots=True)
class TranscriptLine:
    """A line of the transcript. `author` is `contact`, `bot`, `agent`, `note` or `event`."""

    id: str
    at_ms: int
    author: str
    text: str
    name: str = ""
    state: StateWords | None = None
    reason: str = ""
    is_message: bool = False
    may_resend: bool = False
    extras: list[str] = field(default_factory=list)


def build_transcript(entries: Sequence[LogEntry], contact: str) -> list[TranscriptLine]:
    """Return the lines of a log, oldest first."""
    transcript = _Transcript(contact)
    for entry in entries:
        transcript.apply(entry)
    for line in transcript.lines:
        line.may_resend = bool(line.text) and line.state in _LOST
    return transcript.lines


class _Transcript:
    def __init__(self, contact: str) -> None:
        self.lines: list[TranscriptLine] = []
        self._contact = contact
        self._agent = ""
        self._parts: dict[str, TranscriptLine] = {}
        self._parts_by_provider_id: dict[str, TranscriptLine] = {}

    def apply(self, entry: LogEntry) -> None:
        data: Any = entry.data
        match entry.kind:
            case "accepted" | "participant":
                self._add_received(entry, data)
            case "said":
                self._add_reply(entry, data)
            case "control":
                text = describe_control(data)
                if text:
                    self._add_event(entry, text)
            case "note":
                name = f"Internal note of {data.get('agent') or 'an agent'}, not sent"
                self.lines.append(
                    TranscriptLine(entry.id, entry.at_ms, "note", str(data.get("text", "")), name)
                )
            case "assigned":
                self._agent = str(data.get("agent") or "")
                self._add_event(entry, describe_entry(entry).title)
            case "reset":
                self._add_event(entry, "The conversation was reset")
            case "expired":
                self._add_event(entry, "The conversation restarted after a long pause")
            case "silenced":
                self._add_event(entry, f"The bot is silent: {_to_words(data.get('reason'))}")
            case "activity":
                self._add_event(entry, describe_activity(data))
            case "status":
                self._apply_status(data)
            case "replayed":
                self._apply_replay(data)
            case _:
                self._apply_step(entry, data)

    def _add_received(self, entry: LogEntry, data: Any) -> None:
        files = int(data.get("files") or 0)
        text = str(data.get("text") or data.get("payload") or data.get("reaction") or "")
        line = TranscriptLine(entry.id, entry.at_ms, "contact", text, self._contact, is_message=True)
        if data.get("author"):
            line.name = str(data["author"])
        if entry.kind == "participant":
            line.extras.append("not the contact: the bot does not answer")
        if files:
            line.extras.append("1 file" if files == 1 else f"{files} files")
        if data.get("place"):
            line.extras += _join_values(str(data["place"]))
        for name in ("contacts", "order"):
            line.extras += _join_values(str(data.get(name) or ""))
        if data.get("form"):
            line.extras += _describe_form(str(data["form"]))
        if data.get("kind"):
            line.extras.append(_to_words(data["kind"]))
        self.lines.append(line)

    def _add_reply(self, entry: LogEntry, data: Any) -> None:
        key = str(data.get("key", ""))
        is_agent, is_note = data.get("voice") == "person", key.endswith(_NOTE_SUFFIXES)
        author = "note" if is_note else "agent" if is_agent else "bot"
        name = (
            "Internal note for agents, not sent to the contact"
            if is_note
            else (self._agent or "Agent")
            if is_agent
            else "Bot"
        )
        line = TranscriptLine(
            entry.id, entry.at_ms, author, str(data.get("body", "")), name, _REPLIED, is_message=not is_note
        )
        line.extras += [str(each.get("label") or each.get("title") or "") for each in data.get("choices", ())]
        line.extras += ["file"] * len(data.get("media", ()))
        self.lines.append(line)
        self._parts[key] = line

    def _add_event(self, entry: LogEntry, text: str) -> None:
        self.lines.append(TranscriptLine(entry.id, entry.at_ms, "event", text))

    def _apply_status(self, data: Any) -> None:
        line = self._parts_by_provider_id.get(str(data.get("id")))
        if line:
            line.state = _STATES.get(str(data.get("status")), _STATES["sent"])
            line.reason = " ".join(filter(None, (str(data.get("error") or ""), str(data.get("code") or ""))))

    def _apply_replay(self, data: Any) -> None:
        keys = data.get("replies")
        for key in keys if isinstance(keys, list) else ():
            if line := self._parts.get(original_key(str(key), self._parts)):
                line.state, line.reason = _REPLIED, ""

    def _apply_step(self, entry: LogEntry, data: Any) -> None:
        line = self._parts.get(original_key(str(data.get("key", "")), self._parts))
        if entry.kind == "refused" and line is None:
            self._add_event(entry, f"A message was not sent: {data.get('reason', '')}")
        if line is None:
            return
        match entry.kind:
            case "sending":
                line.state = _SENDING
            case "sent":
                self._parts_by_provider_id[str(data.get("id"))] = line
                line.state, line.reason = _STATES["sent"], _describe_delay(entry.at_ms - line.at_ms)
            case "postponed":
                line.state, line.reason = _RETRYING, str(data.get("reason", ""))
            case "refused":
                line.state = _DEAD if data.get("dead") else _REFUSED
                line.reason = str(data.get("reason", ""))
            case "rerouted":
                line.state = _FORWARDED if not data.get("held") else _RETRYING
                line.reason = str(data.get("reason", ""))


def _join_values(stored: str) -> list[str]:
    """Return a place, contact cards or the items of an order as the log has them, each with its values."""
    shown = [", ".join(each.split("\n")).replace("×, ", "× ") for each in stored.split("\n\n") if each]
    return [each[:_MAX_VALUE_LENGTH] for each in shown][:_MAX_FIELDS]


def _describe_form(stored: str) -> list[str]:
    """Return the values of a filled-in form by field, as the log has them; values inside lists as JSON."""
    try:
        values: Any = json.loads(stored)
    except ValueError:
        return []
    shown = {
        name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for name, value in values.items()
    }
    return [f"{name}: {value}"[:_MAX_VALUE_LENGTH] for name, value in shown.items()][:_MAX_FIELDS]


def _describe_delay(milliseconds: int) -> str:
    return f"after {format_duration(milliseconds)}" if milliseconds > 5_000 else ""


def _to_words(name: object) -> str:
    return str(name or "").replace("_", " ")
