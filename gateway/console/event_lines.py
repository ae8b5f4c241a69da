"""The log entries of one message as lines that say what happened, and how long each step took."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from gateway.console.formats import format_duration
from gateway.redis.records.message_timeline import original_key
from gateway.redis.records.session_log import LogEntry

_SLOW_MS: Final = 5_000


class EventLine(NamedTuple):
    """An event: what happened, further facts, its icon and tone, and the time since the one before."""

    at_ms: int
    title: str
    detail: str
    icon: str
    tone: str
    took_ms: int


_Words = tuple[str, str, str, str]


def select_entries(entries: Sequence[LogEntry], chosen: str) -> list[LogEntry]:
    """Return the entries of the message with the log entry `chosen`, of its replies and statuses."""
    first: Any = next((entry.data for entry in entries if entry.id == chosen), None)
    if first is None:
        return []
    turn = str(first.get("turn") or "") or _find_turn(entries, str(first.get("key", "")))
    if not turn:
        return _select_parts(entries, {str(first.get("key", ""))})
    turns = next(
        (
            [str(each) for each in entry.data["turns"]]  # type: ignore[union-attr]
            for entry in entries
            if entry.kind == "committed" and turn in entry.data.get("turns", ())  # type: ignore[operator]
        ),
        [turn],
    )
    keys = {key for entry in entries for key in _keys(entry) for each in turns if key.startswith(f"{each}.")}
    parts = {entry.id for entry in _select_parts(entries, keys)}
    return [entry for entry in entries if entry.id in parts or _is_of_turn(entry, turns)]


def describe_entries(entries: Sequence[LogEntry]) -> list[EventLine]:
    """Return a line for each entry."""
    lines = []
    former = entries[0].at_ms if entries else 0
    for entry in entries:
        describe = _DESCRIPTIONS.get(entry.kind, _describe_other)
        title, detail, icon, tone = describe(entry.kind, entry.data)
        took = entry.at_ms - former
        if entry.kind == "claimed" and took > _SLOW_MS:
            tone = "warn"
        lines.append(EventLine(entry.at_ms, title, detail, icon, tone, took))
        former = entry.at_ms
    return lines


def walked_path(entries: Sequence[LogEntry], limit: int) -> list[tuple[str, str]]:
    """Return the last nodes that the flow went to, oldest first, each with the edge that led there."""
    path: list[tuple[str, str]] = []
    for entry in entries:
        if entry.kind in ("reset", "expired"):
            path = []
        node = str(entry.data.get("node") or "") if entry.kind == "committed" else ""
        if node and (not path or path[-1][0] != node):
            path.append((node, str(entry.data.get("edge") or "").replace("_", " ")))
    return path[-limit:]


def conclude(lines: Sequence[EventLine]) -> str:
    """Return one sentence: what became of the message, and after how long."""
    if not lines:
        return ""
    return f"{lines[-1].title}, {format_duration(lines[-1].at_ms - lines[0].at_ms)} after the first event."


def _find_turn(entries: Sequence[LogEntry], key: str) -> str:
    """Return the turn that a reply answers; empty for a message that answers none."""
    name = key.rpartition(".")[0]
    is_known = any(
        entry.kind == "committed" and name in entry.data.get("turns", ())  # type: ignore[operator]
        for entry in entries
    )
    return name if is_known else ""


def _select_parts(entries: Sequence[LogEntry], keys: set[str]) -> list[LogEntry]:
    def is_about(entry: LogEntry) -> bool:
        return any(original_key(key, keys) in keys for key in _keys(entry))

    ids = {entry.data["id"] for entry in entries if "id" in entry.data and is_about(entry)}
    return [entry for entry in entries if is_about(entry) or entry.data.get("id") in ids]


def _is_of_turn(entry: LogEntry, turns: Sequence[str]) -> bool:
    data: Any = entry.data
    own = data.get("turns") if isinstance(data.get("turns"), list) else ()
    about = {data.get("turn"), data.get("message"), *own}
    return any(turn in about for turn in turns)


def _keys(entry: LogEntry) -> list[str]:
    data: Any = entry.data
    replies = data.get("replies")  # a count in entries of another kind
    return [*(replies if isinstance(replies, list) else []), *([str(data["key"])] if "key" in data else [])]


def _accepted(_: str, data: Any) -> _Words:
    return "Received and stored", "verified, not a duplicate", "down", "ok"


def _claimed(_: str, data: Any) -> _Words:
    return "Processing began", "a worker has the conversation", "chip", ""


def _committed(_: str, data: Any) -> _Words:
    outcome = str(data.get("outcome") or "").replace("_", " ")
    facts = [
        f"{name} {data[name]}" for name in ("node", "edge", "model", "tokens", "error") if data.get(name)
    ]
    replies = data.get("replies")
    if isinstance(replies, int):
        facts.append("1 reply" if replies == 1 else f"{replies} replies")
    is_silent = outcome.startswith("silent") or outcome in ("failed", "given up")
    title = f"Not answered: {outcome}" if is_silent else "Answer and state saved in one step"
    return (
        title,
        " · ".join(filter(None, ["" if is_silent else outcome, *facts])),
        "disk",
        "warn" if is_silent else "ok",
    )


def _sent(_: str, data: Any) -> _Words:
    return "Sent: the provider took it", f"provider's ID {data.get('id', '')}", "up", "ok"


def _postponed(_: str, data: Any) -> _Words:
    seconds = data.get("seconds")
    wait = f"; next try after {seconds} s" if seconds else ""
    return "Not sent yet, tried again by itself", f"{data.get('reason', '')}{wait}", "again", "warn"


def _refused(_: str, data: Any) -> _Words:
    title = "Given up: a dead letter" if data.get("dead") else "Not sent"
    return title, str(data.get("reason", "")), "box" if data.get("dead") else "barred", "bad"


def _status(_: str, data: Any) -> _Words:
    status = str(data.get("status", ""))
    detail = " ".join(filter(None, (str(data.get("error") or ""), str(data.get("code") or ""))))
    tone, icon = ("bad", "cross") if status == "failed" else ("ok", "ticks")
    words = {"delivered": "Delivered", "read": "Read", "failed": "Not delivered"}
    return words.get(status, f"Status: {status}"), detail or "reported by the provider", icon, tone


def _describe_other(kind: str, data: Any) -> _Words:
    facts = [
        f"{name} {value}"
        for name, value in data.items()
        if isinstance(value, str | int | float)
        and name not in ("text", "body", "payload", "key", "id", "fence")
    ]
    return kind.replace("_", " ").capitalize(), " · ".join(facts), "list", ""


def _said(_: str, data: Any) -> _Words:
    segments = data.get("segments")
    return "Reply put into the outbox", f"{segments} SMS" if isinstance(segments, int) else "", "list", ""


def _sending(_: str, data: Any) -> _Words:
    return "Send began", "", "up", ""


_DESCRIPTIONS: Final[dict[str, Callable[[str, Any], _Words]]] = {
    "accepted": _accepted,
    "claimed": _claimed,
    "committed": _committed,
    "said": _said,
    "sending": _sending,
    "sent": _sent,
    "postponed": _postponed,
    "refused": _refused,
    "status": _status,
}
