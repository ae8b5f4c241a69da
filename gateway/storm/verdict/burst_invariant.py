"""Check of guarantee L11 for one conversation: messages are merged into turns as the policy says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gateway.redis.records.sessions.log.session_log import LogEntry

_CLOCK_TOLERANCE_MS = 5
"""Largest difference between the time a script reads and the time of its log entries."""


def answered_texts(log: Sequence[LogEntry]) -> list[list[str]]:
    """Return the texts of each answered turn; a burst that was merged into one turn has several."""
    texts = {str(entry.data["turn"]): str(entry.data["text"]) for entry in log if entry.kind == "accepted"}
    commits = [entry.data for entry in log if entry.kind == "committed"]
    return [
        [texts[turn] for turn in _turn_ids(commit)]
        for commit in commits
        if not str(commit["outcome"]).startswith("silent_")
    ]


def count_violations(log: Sequence[LogEntry], window: float, cap: float) -> int:
    """Count the turns that were merged, or not merged, against the policy.

    With a `window` of 0 every message is a turn of its own. A burst ends `window` seconds after its last
    message, at most `cap` seconds after its first. It must not be taken before its end; after it, all of it
    must be taken together.
    """
    if not window:
        return sum(len(_turn_ids(entry.data)) - 1 for entry in log if entry.kind == "committed")
    violations, quiet_until, began = 0, 0.0, None
    waiting: list[str] = []
    visible: list[str] = []
    for entry in log:
        if entry.kind == "accepted":
            began = entry.at_ms if began is None else began
            quiet_until = min(entry.at_ms + window * 1000, began + cap * 1000)
            waiting.append(str(entry.data["turn"]))
        elif entry.kind == "claimed":
            violations += entry.at_ms < quiet_until - _CLOCK_TOLERANCE_MS
            began, visible = None, list(waiting)
        elif entry.kind == "committed":
            turns = _turn_ids(entry.data)
            violations += turns != visible
            del waiting[: len(turns)]
    return violations


def _turn_ids(commit: Any) -> list[str]:
    return [str(turn) for turn in commit["turns"]]
