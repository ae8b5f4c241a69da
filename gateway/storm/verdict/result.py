"""Result of a chaos test."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


class Violation(Enum):
    """A way to violate a guarantee: the guarantee, what is counted, and the count it is out of."""

    FORGED_ACCEPTED = ("L1", "forged webhooks accepted", "forged")
    UNRECORDED = ("L2", "messages acknowledged but not recorded", "acknowledged")
    ERASURE_UNDONE = ("L2", "erased conversations that came back", "erased")
    DUPLICATE_TURN = ("L3", "messages accepted twice", "acknowledged")
    OUT_OF_ORDER = ("L4", "conversations with turns processed out of order", "conversations")
    REPEATED_FENCE = ("L5", "fencing tokens given twice", "claims")
    SETTLED_TWICE = ("L5", "replies settled twice", "sends")
    UNMARKED = ("L5", "sends not marked by the lease holder", "sends")
    OVERLAP = ("L5", "sends to a contact during another send", "sends")
    DUPLICATE_COMMIT = ("L6", "turns committed twice", "committed")
    UNCOMMITTED = ("L6", "turns accepted but never committed", "acknowledged")
    LOST = ("L7", "replies lost", "replies")
    DUPLICATED = ("L7", "replies duplicated", "replies")
    REORDERED = ("L7", "conversations with replies out of order", "conversations")
    STRANDED = ("L8", "conversations with unfinished work", "conversations")
    GIVEN_UP = ("L9", "turns turned into dead letters", "committed")
    DEADLY_KEPT = ("L9", "messages that kill their worker, sent or not given up", "deadly")
    WORDS_LOST = ("L10", "agents' messages lost or duplicated", "words")
    SENT_WHILE_SILENCED = ("L10", "sends after the bot had to stop speaking", "silenced")
    WRONG_GROUPING = ("L11", "turns merged or split against the policy", "committed")
    LEAKED = ("L12", "log lines with a contact's number or text", "logged")
    WITHDRAWN_SENT = ("L13", "scheduled messages sent although cancelled, lost or duplicated", "withdrawals")

    @property
    def guarantee(self) -> str:
        """Number of the guarantee, such as `L7`."""
        return self.value[0]

    @property
    def description(self) -> str:
        """Name of the counted kind of violation."""
        return self.value[1]

    @property
    def total_count_name(self) -> str:
        """Name of the count of cases that could have violated it."""
        return self.value[2]


@dataclass(slots=True)
class StormResult:
    """Violations, which must be zero, and the seconds that each message group waited for its last reply."""

    seed: int
    counts: Counter[str] = field(default_factory=Counter)
    fault_counts: Mapping[str, int] = field(default_factory=dict)
    violations: Counter[Violation] = field(default_factory=Counter)
    violation_messages: list[str] = field(default_factory=list)
    wait_seconds: array[float] = field(default_factory=lambda: array("d"))
    max_recovery_seconds: float = 0.0
    duration_seconds: float = 0.0

    def record_violation(self, kind: Violation, count: int, contact: str = "") -> None:
        """Count violations, and keep a message with the contact for the first of them."""
        if count <= 0:
            return
        self.violations[kind] += count
        if len(self.violation_messages) < 20:
            self.violation_messages.append(f"{kind.guarantee} {kind.description}: {count} {contact}".rstrip())

    def record_wait(self, seconds: float, recovery: float | None) -> None:
        """Record a wait in seconds; `recovery` counts from the fault, if exactly one can have caused it."""
        self.wait_seconds.append(seconds)
        self.max_recovery_seconds = max(self.max_recovery_seconds, recovery or 0.0)

    def percentile(self, share: float) -> float:
        """Return the seconds that a `share` (0 to 1) of the waits stayed below."""
        ordered = sorted(self.wait_seconds)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0

    def is_passing(self, max_recovery: float) -> bool:
        """Return whether no guarantee was violated and no recovery took longer than `longest` seconds."""
        return not self.violations and self.max_recovery_seconds <= max_recovery
