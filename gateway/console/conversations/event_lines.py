"""The log entries of one message as lines that say what happened, and how long each step took."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import channels
from channels._kit.inbound import Verification
from gateway.console.flows.flow_drawings import VisitedNodes
from gateway.console.layout.formats import format_duration
from gateway.redis.records.sessions.log.entry_words import describe_entry
from gateway.redis.records.sessions.log.message_timeline import original_key
from gateway.redis.records.sessions.log.session_log import LogEntry

_SLOW_MS: Final = 5_000


class EventLine(NamedTuple):
    """An event: what happened, further facts, its icon and tone, and the time since the one before."""

    at_ms: int
    title: str
    detail: str
    icon: str
    tone: str
    took_ms: int


def select_entries(entries: Sequence[LogEntry], entry_id: str) -> list[LogEntry]:
    """Return the entries of the message with the log entry `chosen`, of its replies and statuses."""
    first: Any = next((entry.data for entry in entries if entry.id == entry_id), None)
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


def describe_verification(channel: str) -> str:
    """Return how a channel's messages are verified; empty for an unknown channel."""
    if channel == "web":
        return "the token of its session"
    if channel not in channels.available():
        return ""
    scheme: Verification = importlib.import_module(f"channels.{channel}").VERIFICATION
    algorithm = scheme.algorithm.partition(";")[0].removeprefix("none: ")
    return f"{scheme.header}: {algorithm}"


def describe_entries(
    entries: Sequence[LogEntry],
    verified_by: str = "",
    conditions: Mapping[str, str] | None = None,
    describe_cost: Callable[[int], str] = lambda tokens: "",
) -> list[EventLine]:
    """Return a line for each entry; `conditions` of edges say why one was taken."""
    lines = []
    former = entries[0].at_ms if entries else 0
    for entry in entries:
        title, detail, icon, tone = describe_entry(entry)
        if entry.kind == "accepted" and verified_by:
            detail = f"verified by {verified_by}; not a duplicate"
        if entry.kind == "committed":
            tokens = str(entry.data.get("tokens") or "")
            cost = describe_cost(int(tokens)) if tokens.isdecimal() else ""
            why = (conditions or {}).get(str(entry.data.get("edge") or ""), "")
            detail = " · ".join(filter(None, [detail, cost and f"cost {cost}", why and f"because: {why}"]))
        took = entry.at_ms - former
        if entry.kind == "claimed" and took > _SLOW_MS:
            tone = "warn"
        lines.append(EventLine(entry.at_ms, title, detail, icon, tone, took))
        former = entry.at_ms
    return lines


def list_visited_nodes(entries: Sequence[LogEntry], limit: int) -> list[tuple[str, str]]:
    """Return the last nodes that the flow went to, oldest first, each with the edge that led there."""
    path: list[tuple[str, str]] = []
    for entry in entries:
        if entry.kind in ("reset", "expired"):
            path = []
        node = str(entry.data.get("node") or "") if entry.kind == "committed" else ""
        if node and (not path or path[-1][0] != node):
            path.append((node, str(entry.data.get("edge") or "").replace("_", " ")))
    return path[-limit:]


def read_path(entries: Sequence[LogEntry]) -> VisitedNodes:
    """Return the nodes of the visited path, as far as it is kept, and its times; 0 if there is none."""
    began = ended = 0
    for entry in entries:
        if entry.kind in ("reset", "expired"):
            began = ended = 0
        elif entry.kind == "committed" and entry.data.get("node"):
            began, ended = began or entry.at_ms, entry.at_ms
    return VisitedNodes([node for node, _ in list_visited_nodes(entries, len(entries))], began, ended)


def conclude(lines: Sequence[EventLine]) -> str:
    """Return one sentence with the outcome of the message, and after how long."""
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
    replies = data.get("replies")  # a number in entries of another kind
    return [*(replies if isinstance(replies, list) else []), *([str(data["key"])] if "key" in data else [])]
