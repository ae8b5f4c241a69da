"""Score of the rules model on the scored turns, by language and kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.understanding.scored_conversations import ConversationTurn, play, read_conversations
from tests.understanding.scored_turns import ScoredTurn, TurnPlayer, read_turns

_COLUMNS = ("turns", "right", "asks back", "astray", "wrong")
_VERDICTS = ("right", "asks", "astray", "wrong")


@dataclass
class Score:
    """Counts of (language or kind, verdict), and the turns that were not right."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    misses: list[tuple[ScoredTurn | ConversationTurn, str, str]] = field(default_factory=list)

    def add(
        self, turn: ScoredTurn | ConversationTurn, verdict: str, happened: str, groups: tuple[str, ...]
    ) -> None:
        """Count a verdict in its groups."""
        for group in ("all", *groups):
            self.counts[group, verdict] += 1
            self.counts[group, "turns"] += 1
        if verdict != "right":
            self.misses.append((turn, verdict, happened))

    def share(self, verdict: str, group: str = "all") -> float:
        """Return the share of a verdict in a group."""
        return self.counts[group, verdict] / max(1, self.counts[group, "turns"])


async def measure_turns(turns: Iterable[ScoredTurn] | None = None) -> Score:
    """Play all turns of the files, or these."""
    score, stage = Score(), TurnPlayer()
    for turn in turns or read_turns():
        verdict, happened = await stage.play(turn)
        score.add(turn, verdict, happened, (turn.scene.language, turn.kind))
    return score


async def measure_conversations(folder: str) -> Score:
    """Play all conversations of a folder."""
    score = Score()
    for flow, conversation in read_conversations(folder):
        async for turn, verdict, happened in play(flow, conversation):
            score.add(turn, verdict, happened, (turn.language, turn.kind))
    return score


def render_table(score: Score) -> str:
    """Return the score as a Markdown table, languages first."""
    groups = sorted(
        {group for group, _ in score.counts}, key=lambda name: (name != "all", len(name) > 2, name)
    )
    lines = ["| | " + " | ".join(_COLUMNS) + " |", "|---" * 6 + "|"]
    for group in groups:
        shares = (f"{score.share(verdict, group):.1%}" for verdict in _VERDICTS)
        lines.append(f"| {group} | {score.counts[group, 'turns']} | {' | '.join(shares)} |")
    return "\n".join(lines)
