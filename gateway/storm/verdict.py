"""What a storm came to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from gateway.storm.script import Script


@dataclass(slots=True)
class Verdict:
    """Counts of what must be zero, and the time that each message took to its last reply, in seconds."""

    seed: int
    messages: int = 0
    replies: int = 0
    lost: int = 0
    doubled: int = 0
    reordered: int = 0
    kills: int = 0
    seconds: list[float] = field(default_factory=list)
    recoveries: list[float] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def judge(self, script: Script, heard: Sequence[str]) -> None:
        """Compare what a person heard with what they must have heard."""
        expected = [body for bodies in script.hears for body in bodies]
        self.messages += len(script.says)
        self.replies += len(expected)
        if list(heard) == expected:
            return
        missing = Counter(expected) - Counter(heard)
        extra = Counter(heard) - Counter(expected)
        self.lost += missing.total()
        self.doubled += extra.total()
        self.reordered += not missing and not extra
        self.broken.append(script.person)

    def took(self, began: float, ended: float, kills: Sequence[float]) -> None:
        """Note how long a message took to its last reply; all three are of the same clock, in seconds.

        Where exactly one kill came in between, the time from then on is a recovery; with more of them nobody
        can tell which one hit.
        """
        self.seconds.append(ended - began)
        hits = [kill for kill in kills if began < kill < ended]
        if len(hits) == 1:
            self.recoveries.append(ended - hits[0])

    @property
    def slowest(self) -> float:
        """The longest that anybody waited, in seconds."""
        return max(self.seconds, default=0.0)

    @property
    def recovery(self) -> float:
        """The longest that anybody waited after the one kill that came in between, in seconds."""
        return max(self.recoveries, default=0.0)

    def percentile(self, share: float) -> float:
        """The time that `share` (0 to 1) of the messages stayed below, in seconds."""
        ordered = sorted(self.seconds)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0

    def holds(self, longest: float) -> bool:
        """Nothing lost, doubled or reordered, and no recovery longer than `longest` seconds."""
        return not (self.lost or self.doubled or self.reordered or self.broken) and self.recovery <= longest
