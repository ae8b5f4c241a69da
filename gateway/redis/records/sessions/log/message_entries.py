"""Selects the log entries of a message: of a turn with its replies, a reply, or a proactive message."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from gateway.redis.records.sessions.log.message_timeline import AGENT_PREFIX, OWN_PREFIX, original_key
from gateway.redis.records.sessions.log.session_log import LogEntry


def select_message(message_id: str, entries: list[LogEntry]) -> list[LogEntry]:
    """Select the entries of a message by its provider id or of a turn by its id.

    Those of a turn and its replies; for a reply, those of the turn that it answers; for a proactive message,
    those of all its parts.
    """
    turn = message_id
    for entry in entries:
        data: Any = entry.data
        if data.get("id") == message_id and "key" in data:
            key = str(data["key"])
            if key.startswith((OWN_PREFIX, AGENT_PREFIX)):
                return select_by_keys(_find_sibling_parts(key, entries), entries)
            turn = key.rpartition(".")[0]
    for entry in entries:
        data = entry.data
        if entry.kind == "committed" and turn in data.get("turns", ()):
            turn = str(data["turns"][0])
    keys = {key for entry in entries for key in _get_keys(entry) if key == turn or key.startswith(f"{turn}.")}
    selected = select_by_keys(keys, entries)

    def belongs(entry: LogEntry) -> bool:
        data: Any = entry.data
        if entry.kind == "activity":  # an edit or a deletion, and the message that it is about
            return bool({turn, message_id} & {data.get("id"), data.get("message")})
        return entry in selected or data.get("turn") in (turn, message_id) or turn in data.get("turns", ())

    return [entry for entry in entries if belongs(entry)]


def select_by_keys(keys: Collection[str], entries: list[LogEntry]) -> list[LogEntry]:
    """Select the entries of replies by their keys, and the statuses of these replies."""
    ids = {entry.data["id"] for entry in entries if "id" in entry.data and _is_about(entry, keys)}
    return [entry for entry in entries if _is_about(entry, keys) or entry.data.get("id") in ids]


def _is_about(entry: LogEntry, keys: Collection[str]) -> bool:
    return any(original_key(key, keys) in keys for key in _get_keys(entry))


def _get_keys(entry: LogEntry) -> list[str]:
    """Return the keys of the replies to which an entry refers."""
    data: Any = entry.data
    replies = data.get("replies")  # a number in entries of another kind
    return [*(replies if isinstance(replies, list) else []), *([data["key"]] if "key" in data else [])]


def _find_sibling_parts(key: str, entries: list[LogEntry]) -> set[str]:
    """Return the keys of all parts of a proactive message, of which one is given."""
    keys = {each for entry in entries for each in _get_keys(entry)}
    key = original_key(key, keys)
    message, _, number = key.rpartition(".")
    if not number.isdigit() or f"{message}.1" not in keys:
        return {key}  # it has one part
    return {each for each in keys if each.startswith(f"{message}.") and each[len(message) + 1 :].isdigit()}
