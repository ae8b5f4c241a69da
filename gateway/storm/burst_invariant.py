"""Law L11 in one conversation: whether messages were taken together, or one by one, as the policy says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gateway.redis.records.session_log import LogEntry

_CLOCK_TOLERANCE_MS = 5
"""How far the times of a script and of its entries in the log may differ."""


def answered_texts(log: Sequence[LogEntry]) -> list[list[str]]:
    """The texts of each turn that was answered, as many as were taken as one."""
    texts = {str(entry.data["turn"]): str(entry.data["text"]) for entry in log if entry.kind == "accepted"}
    commits = [entry.data for entry in log if entry.kind == "committed"]
    return [
        [texts[turn] for turn in _turn_ids(commit)]
        for commit in commits
        if not str(commit["outcome"]).startswith("silent_")
    ]


def count_violations(log: Sequence[LogEntry], window: float, cap: float) -> int:
    """How often turns were taken together or apart against the policy; with a `window` of 0 each is alone.

    A burst ends `window` seconds after its last message and `cap` seconds after its first. Until then it must
    not be taken; then all of it must be.
    """
    if not window:
        return sum(len(_turn_ids(entry.data)) - 1 for entry in log if entry.kind == "committed")
    wrong, quiet, begun = 0, 0.0, None
    waiting: list[str] = []
    shown: list[str] = []
    for entry in log:
        if entry.kind == "accepted":
            begun = entry.at_ms if begun is None else begun
            quiet = min(entry.at_ms + window * 1000, begun + cap * 1000)
            waiting.append(str(entry.data["turn"]))
        elif entry.kind == "claimed":
            wrong += entry.at_ms < quiet - _CLOCK_TOLERANCE_MS
            begun, shown = None, list(waiting)
        elif entry.kind == "committed":
            turns = _turn_ids(entry.data)
            wrong += turns != shown
            del waiting[: len(turns)]
    return wrong


def _turn_ids(commit: Any) -> list[str]:
    return [str(turn) for turn in commit["turns"]]
