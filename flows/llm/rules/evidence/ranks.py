"""The ranks of evidence for an edge; within a kind, more matched text scores higher."""

from __future__ import annotations

PAYLOAD_SCORE, PATTERN_SCORE, SLOT_SCORE, KEYWORD_SCORE, TYPO_SCORE = 1000.0, 200.0, 120.0, 90.0, 75.0
QUESTION_SCORE = 150.0  # above most values: a question is not an answer yet
ASKED_SLOT_SCORE, EXAMPLE_SCORE, INVALID_SLOT_SCORE, CONDITION_SCORE, FREE_TEXT_SCORE = (
    72.0,
    50.0,
    45.0,
    25.0,
    10.0,
)
HAND_OFF_BONUS = 60.0  # whoever asks for a person gets one, whatever else the message says
