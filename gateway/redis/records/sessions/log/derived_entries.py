"""Steps of a message that its log implies: its waits, and the decision of the gate before each send.

They are derived from the log, so that no script has to write them while messages are processed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from gateway.redis.records.sessions.log.session_log import LogEntry

WAITED, GATE = "waited", "gate"
_NOTICEABLE_MS: Final = 1_000
"""Shortest wait without a known reason that is a line of its own."""
_STEPS_OF_OTHERS: Final = frozenset({"claimed", "committed", "sending", "sent"})


def add_derived(selected: Sequence[LogEntry], log: Sequence[LogEntry]) -> list[LogEntry]:
    """Return the entries of a message together with the steps that the whole log implies."""
    positions = {entry.id: at for at, entry in enumerate(log)}
    result: list[LogEntry] = []
    for entry in selected:
        if entry.kind == "claimed":
            result += _find_wait(entry, log[: positions.get(entry.id, 0)])
        elif entry.kind == "sending":
            result += [
                *_find_wait_to_send(entry, log[: positions.get(entry.id, 0)]),
                _derive_gate_entry(entry),
            ]
        result.append(entry)
    return result


def _find_wait(claimed: LogEntry, before: Sequence[LogEntry]) -> list[LogEntry]:
    """Return the reason for a message's wait until a worker took it."""
    turn = claimed.data.get("turn")
    between = _entries_since(
        before, lambda entry: entry.kind == "accepted" and entry.data.get("turn") == turn
    )
    if not between or any(_is_claim_of(entry, turn) for entry in between):
        return []  # the log does not reach back to it, or this is another try
    reasons = []
    if any(entry.kind in _STEPS_OF_OTHERS for entry in between[1:]):
        reasons.append("earlier_message")
    if claimed.data.get("gathered"):
        reasons.append("further_messages")
    reasons += [str(entry.data.get("reason")) for entry in between if entry.kind == "postponed"]
    return _build_wait(between[0], claimed, reasons or ["worker"])


def _find_wait_to_send(sending: LogEntry, before: Sequence[LogEntry]) -> list[LogEntry]:
    """Return the reason for a reply's wait until its first send; each further try has its own entry."""
    key = sending.data.get("key")
    between = _entries_since(before, lambda entry: entry.kind == "said" and entry.data.get("key") == key)
    if not between or any(
        entry.kind in ("sending", "postponed") and _is_about(entry, key) for entry in between
    ):
        return []
    is_behind = any(entry.kind in ("sending", "sent") for entry in between)
    return _build_wait(between[0], sending, ["earlier_reply" if is_behind else "pace"])


def _build_wait(begin: LogEntry, end: LogEntry, reasons: Sequence[str]) -> list[LogEntry]:
    waited = end.at_ms - begin.at_ms
    if waited < _NOTICEABLE_MS and not set(reasons) & {"earlier_message", "further_messages"}:
        return []
    data: Any = {"for": list(dict.fromkeys(reasons)), "milliseconds": waited}
    names = ("turn", "key")
    data |= {name: end.data[name] for name in names if name in end.data}
    return [LogEntry(id=end.id, at_ms=end.at_ms, kind=WAITED, data=data)]


def _derive_gate_entry(sending: LogEntry) -> LogEntry:
    """Return the entry for the gate's permission, which is part of the step that marks the send."""
    asked = str(sending.data.get("gate") or "").split()
    data: Any = {"key": sending.data.get("key"), "decision": "allowed", "asked": asked}
    return LogEntry(id=sending.id, at_ms=sending.at_ms, kind=GATE, data=data)


def _entries_since(entries: Sequence[LogEntry], is_begin: Any) -> Sequence[LogEntry]:
    """Return the entries from the last one on that satisfies `is_begin`; none if there is none."""
    for at in range(len(entries) - 1, -1, -1):
        if is_begin(entries[at]):
            return entries[at:]
    return ()


def _is_claim_of(entry: LogEntry, turn: object) -> bool:
    return entry.kind == "claimed" and entry.data.get("turn") == turn


def _is_about(entry: LogEntry, key: object) -> bool:
    return entry.data.get("key") in (key, None)


def describe_reasons(reasons: Iterable[object]) -> str:
    """Return the reasons for the waits of a message or a reply, in words."""
    return ", ".join(_REASONS.get(str(reason), str(reason)) for reason in reasons)


_REASONS: Final = {
    "earlier_message": "an earlier message of the conversation",
    "further_messages": "further messages, to answer them together",
    "worker": "a worker",
    "earlier_reply": "earlier replies of the conversation",
    "pace": "the rate limit of the account, or a free worker",
}
