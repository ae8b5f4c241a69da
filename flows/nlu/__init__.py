"""Natural-language understanding without a model: confirmations, choices, numbers, phone numbers, similarity."""

from __future__ import annotations

from flows.nlu.choices import recognize_choice, recognize_choice_label
from flows.nlu.confirmation import (
    AFFIRMATIVE_WORDS,
    CORRECT_WORDS,
    NEGATIVE_WORDS,
    NO_WORDS,
    YES_WORDS,
    recognize_confirmation,
)
from flows.nlu.lexicon import (
    FILLER_WORDS,
    GREETING_WORDS,
    LANGUAGE_MARKERS,
    content_words,
    is_greeting,
    is_negated,
    is_negation,
    is_small_talk,
)
from flows.nlu.numbers import MAX_DIGITS, RecognizedNumber, recognize_numbers
from flows.nlu.pattern_entities import extract_pattern_matches
from flows.nlu.phone_numbers import default_region, recognize_phone_numbers
from flows.nlu.similarity import TfidfVectorizer, Vector, cosine_similarity, fit_vectorizer

__all__ = [
    "AFFIRMATIVE_WORDS",
    "CORRECT_WORDS",
    "FILLER_WORDS",
    "GREETING_WORDS",
    "LANGUAGE_MARKERS",
    "MAX_DIGITS",
    "NEGATIVE_WORDS",
    "NO_WORDS",
    "YES_WORDS",
    "RecognizedNumber",
    "TfidfVectorizer",
    "Vector",
    "content_words",
    "cosine_similarity",
    "default_region",
    "extract_pattern_matches",
    "fit_vectorizer",
    "is_greeting",
    "is_negated",
    "is_negation",
    "is_small_talk",
    "recognize_choice",
    "recognize_choice_label",
    "recognize_confirmation",
    "recognize_numbers",
    "recognize_phone_numbers",
]
