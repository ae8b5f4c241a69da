"""Summary for an agent who takes over a conversation: the contact, their request, the known slots."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from core.model import Owner
from gateway.redis.records.sessions.log.session_log import LogEntry

_MAX_TEXT: Final = 300
_BEGINS: Final = ("reset", "expired")
_OF_AGENTS: Final = (Owner.WAITING.value, Owner.HUMAN.value)


class HandOver(NamedTuple):
    """Summary of a hand-over. `why` says who or what handed over, `earlier` is the bot's own summary."""

    at_ms: int
    why: str
    wish: str
    last_words: str
    earlier: str
    slots: tuple[tuple[str, str], ...]


def summarize(entries: Sequence[LogEntry], owner: Owner, state: object) -> HandOver | None:
    """Return the summary of a conversation that waits for an agent or has one; `None` for another."""
    if owner.value not in _OF_AGENTS:
        return None
    at = _find_transition(entries)
    before = entries[_find_begin(entries, at) : at + 1]
    texts = [
        str(each.data.get("text") or each.data.get("payload") or "")
        for each in before
        if each.kind == "accepted"
    ]
    texts = [text for text in texts if text]
    known: Any = state if isinstance(state, dict) else {}
    slots = [
        (str(name).replace("_", " "), _truncate(str(value)))
        for name, value in (known.get("slots") or {}).items()
        if value not in (None, "")
    ]
    is_told = 0 <= at < len(entries) and entries[at].kind == "control"
    return HandOver(
        at_ms=entries[at].at_ms if is_told else 0,
        why=_describe_reason(entries[at], before) if is_told else "",
        wish=_truncate(texts[0]) if texts else "",
        last_words=_truncate(texts[-1]) if len(texts) > 1 else "",
        earlier=_truncate(str(known.get("summary") or "")),
        slots=tuple(slots),
    )


def _find_transition(entries: Sequence[LogEntry]) -> int:
    """Return the index of the hand-over to agents; the last one if the log does not reach back to it."""
    found = len(entries) - 1
    for at in range(len(entries) - 1, -1, -1):
        owner = entries[at].data.get("owner") if entries[at].kind == "control" else None
        if owner in _OF_AGENTS:
            found = at
        elif owner:
            break
    return found


def _find_begin(entries: Sequence[LogEntry], end: int) -> int:
    """Return the index at which the conversation before the hand-over began."""
    for at in range(end, -1, -1):
        if entries[at].kind in _BEGINS or (
            entries[at].kind == "control" and entries[at].data.get("owner") == "bot"
        ):
            return at
    return 0


def _describe_reason(control: LogEntry, before: Sequence[LogEntry]) -> str:
    actor = str(control.data.get("actor") or "")
    if actor != "flow":
        return f"{actor or 'an agent'} took the conversation over"
    answer: Any = next((each.data for each in reversed(before) if each.kind == "committed"), {})
    node, edge = str(answer.get("node") or ""), str(answer.get("edge") or "").replace("_", " ")
    return "the bot handed over" + (f" at {node}" if node else "") + (f", because of: {edge}" if edge else "")


def _truncate(text: str) -> str:
    return text if len(text) <= _MAX_TEXT else f"{text[:_MAX_TEXT]}…"
