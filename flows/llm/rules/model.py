"""The model without a network: it reads choices, patterns, slots, keywords, examples, and never guesses."""

from __future__ import annotations

from flows.llm.model import Condense, Decide, Decision, Speak, Speech
from flows.llm.rules.scoring import REASON, Evidence, Heard, weigh

_MARGIN = 1.0


class RulesModel:
    """Deterministic: the same question has the same answer. It cannot write: all speech is scripted."""

    name = "rules"

    async def decide(self, question: Decide) -> Decision:
        """Take the edge that the text speaks for most clearly; stay when none, or two alike."""
        heard = Heard(question)
        weighed = sorted((weigh(edge, heard) for edge in question.offered), key=_by_score)
        weighed = [evidence for evidence in weighed if evidence.score > 0]
        if not weighed:
            return Decision(model=self.name)
        best = weighed[0]
        if _is_ambiguous(best, weighed[1:]):
            return Decision(model=self.name)
        if best.score == REASON:
            return Decision(reason=best.reason, model=self.name)
        return Decision(edge=best.edge.id, slots=best.slots, model=self.name)

    async def speak(self, request: Speak) -> Speech:
        """Nothing: an instruction is not speech."""
        return Speech(model=self.name)

    async def condense(self, request: Condense) -> Speech:
        """Nothing, as above."""
        return Speech(model=self.name)

    async def aclose(self) -> None:
        """There is nothing to let go of."""


def _by_score(evidence: Evidence) -> float:
    return -evidence.score


def _is_ambiguous(best: Evidence, others: list[Evidence]) -> bool:
    return any(
        best.score - other.score < _MARGIN
        and other.edge.target != best.edge.target
        and not (best.score == REASON and other.score == REASON)
        for other in others
    )
