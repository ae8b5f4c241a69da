"""The score of the rules model on the scored turns, by language and kind."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from tests.understanding.scored_turns import ScoredTurn, Stage, read_turns

_COLUMNS = ("turns", "right", "asks back", "wrong")


@dataclass
class Score:
    """Counts of (language or kind, verdict), and the turns that were not right."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    misses: list[tuple[ScoredTurn, str, str]] = field(default_factory=list)

    def share(self, verdict: str, group: str = "all") -> float:
        """Return the share of a verdict in a group."""
        return self.counts[group, verdict] / max(1, self.counts[group, "turns"])


async def measure() -> Score:
    """Play all turns."""
    score, stage = Score(), Stage()
    for turn in read_turns():
        verdict, happened = await stage.play(turn)
        for group in ("all", turn.scene.language, turn.kind):
            score.counts[group, verdict] += 1
            score.counts[group, "turns"] += 1
        if verdict != "right":
            score.misses.append((turn, verdict, happened))
    return score


def table(score: Score) -> str:
    """Return the score as a Markdown table, languages first."""
    groups = sorted(
        {group for group, _ in score.counts}, key=lambda name: (name != "all", len(name) > 2, name)
    )
    lines = ["| | " + " | ".join(_COLUMNS) + " |", "|---" * 5 + "|"]
    for group in groups:
        shares = (f"{score.share(verdict, group):.1%}" for verdict in ("right", "asks", "wrong"))
        lines.append(f"| {group} | {score.counts[group, 'turns']} | {' | '.join(shares)} |")
    return "\n".join(lines)
