"""What a storm came to."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


class Violation(Enum):
    """A way in which a law may be broken: the law, what would be counted, and out of how many."""

    FORGED_ACCEPTED = ("L1", "forged webhooks let in", "forged")
    UNRECORDED = ("L2", "messages acknowledged and not recorded", "acknowledged")
    DUPLICATE_TURN = ("L3", "messages taken in twice", "acknowledged")
    OUT_OF_ORDER = ("L4", "conversations whose turns ran in another order than accepted", "conversations")
    UNMARKED = ("L5", "sends that the lease's holder had not marked", "sends")
    OVERLAP = ("L5", "sends to a person while another one was under way", "sends")
    DUPLICATE_COMMIT = ("L6", "turns committed twice", "committed")
    UNCOMMITTED = ("L6", "turns accepted and never committed", "acknowledged")
    LOST = ("L7", "replies lost", "replies")
    DUPLICATED = ("L7", "replies doubled", "replies")
    REORDERED = ("L7", "conversations with replies in a wrong order", "conversations")
    STRANDED = ("L8", "conversations that never came to rest", "conversations")
    GIVEN_UP = ("L9", "turns given up", "committed")
    SENT_WHILE_SILENCED = ("L10", "sends after the bot had lost its voice", "silenced")
    WRONG_GROUPING = ("L11", "turns taken together or apart against the policy", "committed")
    LEAKED = ("L12", "log lines with a person's number or words", "logged")

    @property
    def law(self) -> str:
        """The law's number."""
        return self.value[0]

    @property
    def description(self) -> str:
        """What is counted."""
        return self.value[1]

    @property
    def total_count_name(self) -> str:
        """The name of the count that says how many could have broken it."""
        return self.value[2]


@dataclass(slots=True)
class StormResult:
    """Counts of what must be zero, and the time that each breath took to its last reply, in seconds."""

    seed: int
    counts: Counter[str] = field(default_factory=Counter)
    fault_counts: Mapping[str, int] = field(default_factory=dict)
    violations: Counter[Violation] = field(default_factory=Counter)
    violation_messages: list[str] = field(default_factory=list)
    wait_seconds: array[float] = field(default_factory=lambda: array("d"))
    max_recovery_seconds: float = 0.0
    duration_seconds: float = 0.0

    def record_violation(self, kind: Violation, many: int, person: str = "") -> None:
        """Count how often a law was broken, and who met it."""
        if many <= 0:
            return
        self.violations[kind] += many
        if len(self.violation_messages) < 20:
            self.violation_messages.append(f"{kind.law} {kind.description}: {many} {person}".rstrip())

    def record_wait(self, seconds: float, recovery: float | None) -> None:
        """Note how long somebody waited; `recovery` is since the blow, where exactly one can be to blame."""
        self.wait_seconds.append(seconds)
        self.max_recovery_seconds = max(self.max_recovery_seconds, recovery or 0.0)

    def percentile(self, share: float) -> float:
        """The time that `share` (0 to 1) of the waits stayed below, in seconds."""
        ordered = sorted(self.wait_seconds)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0

    def is_passing(self, longest: float) -> bool:
        """No law broken, and no recovery longer than `longest` seconds."""
        return not self.violations and self.max_recovery_seconds <= longest
