"""Meaning of the words of a condition, which authors write in any language of the packs."""

from __future__ import annotations

import re
from collections.abc import Iterable

from flows.locales import PACK_LEXICONS
from flows.locales.condition_words import ConditionWords
from flows.nlu.words.patterns import any_pattern, one_of
from flows.text import normalize

_PACKS: tuple[ConditionWords, ...] = tuple(pack.conditions for pack in PACK_LEXICONS.values())


def _beginning_pattern(phrases: Iterable[str]) -> str:
    return rf"\b{one_of(phrases)}"


_CONSENT = re.compile(_beginning_pattern(phrase for pack in _PACKS for phrase in pack.consents))
_REFUSAL = re.compile(
    any_pattern(
        (
            rf"\b{one_of(word for pack in _PACKS for word in pack.denials)}\b",
            _beginning_pattern(phrase for pack in _PACKS for phrase in pack.refusals),
            *(pattern for pack in _PACKS for pattern in pack.refusal_patterns),
        )
    )
)
_IGNORANCE = re.compile(any_pattern(form for pack in _PACKS for form in pack.ignorance_patterns))
_WILLING = re.compile(_beginning_pattern(phrase for pack in _PACKS for phrase in pack.willing))
_ANY_ANSWER = re.compile(any_pattern(form for pack in _PACKS for form in pack.any_answer_patterns), re.DOTALL)
_SUBJECT = re.compile(
    rf"^\W*{one_of(each for pack in _PACKS for each in pack.articles)}\s+\w+\s+", re.IGNORECASE
)

EMPTY_CONDITION_WORDS = frozenset[str]().union(*(pack.empty_words for pack in _PACKS))
"""Words that say nothing about what a condition is about."""
WORDS_FOR_USERS = frozenset[str]().union(*(pack.people for pack in _PACKS))
"""Words of a condition for the person who writes."""


def expects_consent(condition: str) -> bool:
    """Return whether a yes meets the condition."""
    return _CONSENT.search(normalize(condition)) is not None


def expects_refusal(condition: str) -> bool:
    """Return whether a no meets the condition."""
    return _REFUSAL.search(normalize(condition)) is not None


def expects_ignorance(condition: str) -> bool:
    """Return whether a user who does not know the answer meets the condition."""
    return _IGNORANCE.search(normalize(condition)) is not None


def expects_willingness(condition: str) -> bool:
    """Return whether a yes meets the condition if nothing else speaks against it."""
    return _WILLING.search(normalize(condition)) is not None


def expects_any_answer(condition: str) -> bool:
    """Return whether any answer of the user meets the condition."""
    return _ANY_ANSWER.search(normalize(condition)) is not None


def without_subject(condition: str) -> str:
    """Return the condition without the person it begins with (“the user”)."""
    return _SUBJECT.sub("", condition)
