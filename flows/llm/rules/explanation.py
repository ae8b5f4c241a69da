"""Explains why a message takes an edge, for trial chats."""

from __future__ import annotations

from flows.compiled import CompiledEdge
from flows.llm.model import TransitionRequest
from flows.llm.rules.evidence.ranks import (
    ASKED_SLOT_SCORE,
    CONDITION_SCORE,
    EXAMPLE_SCORE,
    FREE_TEXT_SCORE,
    HAND_OFF_BONUS,
    INVALID_SLOT_SCORE,
    KEYWORD_SCORE,
    PATTERN_SCORE,
    PAYLOAD_SCORE,
    QUESTION_SCORE,
    SLOT_SCORE,
    TYPO_SCORE,
)
from flows.llm.rules.evidence.scoring import score_edge
from flows.llm.rules.message.parsed_message import ParsedMessage

_REASONS = (
    (PAYLOAD_SCORE, "its quick reply was chosen"),
    (PATTERN_SCORE, "the message matches its pattern"),
    (QUESTION_SCORE - 5, "the message asks about its keywords or examples"),
    (SLOT_SCORE - 15, "the message has a value that it asks for"),
    (KEYWORD_SCORE, "the message has one of its keywords"),
    (TYPO_SCORE, "the message has one of its keywords, with a typo"),
    (ASKED_SLOT_SCORE, "the message answers the question"),
    (EXAMPLE_SCORE, "the message is like one of its examples"),
    (INVALID_SLOT_SCORE, "the message has a value that it cannot take"),
    (CONDITION_SCORE, "the message has words of its condition"),
    (FREE_TEXT_SCORE, "any text is an answer here"),
)


def explain_edge(edge: CompiledEdge, request: TransitionRequest) -> str:
    """Return the strongest evidence that the rules have for an edge; empty if they have none."""
    found = score_edge(edge, ParsedMessage(request))
    score = found.score
    if edge.leads_to_hand_off and score >= TYPO_SCORE + HAND_OFF_BONUS and score < PAYLOAD_SCORE:
        score -= HAND_OFF_BONUS
    for least, reason in _REASONS:
        if score >= least and not (least == SLOT_SCORE - 15 and not found.slots):
            return reason
    return ""
