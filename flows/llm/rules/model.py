"""Offline model: matches choices, patterns, slots, keywords and examples by rules."""

from __future__ import annotations

from flows.llm.model import (
    GeneratedReply,
    ReplyRequest,
    SummaryRequest,
    TransitionDecision,
    TransitionRequest,
)
from flows.llm.rules.scoring import (
    INVALID_SLOT_SCORE,
    EdgeScore,
    ParsedMessage,
    is_answer_blocked,
    rejected_values,
    score_edge,
)
from flows.locales import messages_for

_MIN_SCORE_MARGIN = 1.0


class RulesModel:
    """Deterministic model without a network. It cannot write: messages must be static or scripted."""

    name = "rules"

    async def decide(self, question: TransitionRequest) -> TransitionDecision:
        """Select the edge with the highest score; stay when there is none or two are equal."""
        message = ParsedMessage(question)
        weighed = sorted(
            (score_edge(edge, message) for edge in question.available_edges), key=_descending_score
        )
        weighed = [evidence for evidence in weighed if evidence.score > 0]
        if not weighed:
            return TransitionDecision(error_message=_answer_reservation(message), model=self.name)
        best = weighed[0]
        if _is_ambiguous(best, weighed[1:]):
            return TransitionDecision(model=self.name)
        if best.score == INVALID_SLOT_SCORE:
            return TransitionDecision(error_message=best.error_message, model=self.name)
        return TransitionDecision(
            edge_id=best.edge.id,
            slots=best.slots,
            model=self.name,
            rejected=rejected_values(best, message),
        )

    async def generate_reply(self, request: ReplyRequest) -> GeneratedReply:
        """Return an empty reply: an instruction is not a message."""
        return GeneratedReply(model=self.name)

    async def summarize(self, request: SummaryRequest) -> GeneratedReply:
        """Return an empty summary."""
        return GeneratedReply(model=self.name)

    async def aclose(self) -> None:
        """Do nothing: there are no connections."""


def _answer_reservation(message: ParsedMessage) -> str:
    """Return the answer to who wants to wait, or takes back a yes before something irreversible."""
    messages = messages_for(message.language)
    if message.is_waiting:
        return messages.take_your_time
    if message.refuses_wish and message.denied:
        return messages.wish_denied
    is_yes = message.is_reserved and message.has_yes
    blocked = (edge for edge in message.request.available_edges if edge.takes_yes)
    if is_yes and any(is_answer_blocked(edge, message) for edge in blocked):
        return messages.nothing_done_yet
    return ""


def _descending_score(evidence: EdgeScore) -> float:
    return -evidence.score


def _is_ambiguous(best: EdgeScore, others: list[EdgeScore]) -> bool:
    return any(
        best.score - other.score < _MIN_SCORE_MARGIN
        and other.edge.target != best.edge.target
        and not (best.score == INVALID_SLOT_SCORE and other.score == INVALID_SLOT_SCORE)
        for other in others
    )
