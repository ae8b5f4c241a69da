"""What a storm came to."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


class Breach(Enum):
    """A way in which a law may be broken: the law, what would be counted, and out of how many."""

    FORGED = ("L1", "forged webhooks let in", "forged")
    UNRECORDED = ("L2", "messages acknowledged and not recorded", "acknowledged")
    TWICE_IN = ("L3", "messages taken in twice", "acknowledged")
    OUT_OF_ORDER = ("L4", "conversations whose turns ran in another order than accepted", "conversations")
    UNMARKED = ("L5", "sends that the lease's holder had not marked", "sends")
    OVERLAP = ("L5", "sends to a person while another one was under way", "sends")
    TWICE_DONE = ("L6", "turns committed twice", "committed")
    UNDONE = ("L6", "turns accepted and never committed", "acknowledged")
    LOST = ("L7", "replies lost", "replies")
    DOUBLED = ("L7", "replies doubled", "replies")
    REORDERED = ("L7", "conversations with replies in a wrong order", "conversations")
    STRANDED = ("L8", "conversations that never came to rest", "conversations")
    GIVEN_UP = ("L9", "turns given up", "committed")
    UNASKED = ("L10", "sends after the bot had lost its voice", "silenced")
    TAKEN = ("L11", "turns taken together or apart against the policy", "committed")
    TOLD = ("L12", "log lines with a person's number or words", "logged")

    @property
    def law(self) -> str:
        """The law's number."""
        return self.value[0]

    @property
    def meaning(self) -> str:
        """What is counted."""
        return self.value[1]

    @property
    def among(self) -> str:
        """The name of the count that says how many could have broken it."""
        return self.value[2]


@dataclass(slots=True)
class Verdict:
    """Counts of what must be zero, and the time that each breath took to its last reply, in seconds."""

    seed: int
    counts: Counter[str] = field(default_factory=Counter)
    blows: Mapping[str, int] = field(default_factory=dict)
    breaches: Counter[Breach] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    seconds: array[float] = field(default_factory=lambda: array("d"))
    recovery: float = 0.0
    took: float = 0.0

    def breach(self, kind: Breach, many: int, person: str = "") -> None:
        """Count how often a law was broken, and who met it."""
        if many <= 0:
            return
        self.breaches[kind] += many
        if len(self.broken) < 20:
            self.broken.append(f"{kind.law} {kind.meaning}: {many} {person}".rstrip())

    def waited(self, seconds: float, recovery: float | None) -> None:
        """Note how long somebody waited; `recovery` is since the blow, where exactly one can be to blame."""
        self.seconds.append(seconds)
        self.recovery = max(self.recovery, recovery or 0.0)

    def percentile(self, share: float) -> float:
        """The time that `share` (0 to 1) of the waits stayed below, in seconds."""
        ordered = sorted(self.seconds)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0

    def holds(self, longest: float) -> bool:
        """No law broken, and no recovery longer than `longest` seconds."""
        return not self.breaches and self.recovery <= longest
