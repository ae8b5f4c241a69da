"""Texts that are told by the name of what they are, where nobody asked: “the street is Mill Lane 4”."""

from __future__ import annotations

import re
from functools import lru_cache

from flows.locales import lexicon_for
from flows.nlu import answer_vocabulary, asks_for_name, is_negation, one_of, read_name
from flows.slots.slot import Slot
from flows.text import normalize, original_position, tokenize

_MAX_LABELLED_WORDS, _MIN_LABEL = 8, 3
_EDGE_MARKS = " \t\n.,;:!-–—\"“”'’()"


def recognize_labelled_text(slot: Slot, text: str) -> str:
    """Return the text that a statement gives for the slot by its label; empty when it gives none."""
    match = _label_pattern(slot).search(normalize(text))
    if not match or text.rstrip().endswith("?"):
        return ""
    value = _without_denied(text[original_position(text, match.end()) :].strip(_EDGE_MARKS), slot)
    words = tokenize(value)
    lexicon = lexicon_for(slot.language)
    faults = lexicon.speech_acts.fault_words | answer_vocabulary(slot.language).answers
    if not 0 < len(words) <= _MAX_LABELLED_WORDS or not faults.isdisjoint(words):
        return ""
    if any(is_negation(word, slot.language) for word in words) or words[0] in lexicon.question_words:
        return ""
    return read_name(value, slot.language) if _is_name(slot) else value


def _is_name(slot: Slot) -> bool:
    return asks_for_name(frozenset(tokenize(f"{slot.description} {slot.name}")), slot.language)


def _without_denied(value: str, slot: Slot) -> str:
    """Return the value without what it is not (“Tim, not Tom”)."""
    lexicon = lexicon_for(slot.language)
    links = one_of((*lexicon.and_words, *lexicon.clauses.reservations))
    ends = rf"(?i)[,;]?\s+{one_of(lexicon.negations)}\s|[,;]\s+{links}\s|[;!]\s"
    return re.split(ends, value)[0].strip(_EDGE_MARKS)


@lru_cache(maxsize=1_000)
def label_words(slot: Slot) -> frozenset[str]:
    """Return the words of what the slot is called."""
    lexicon = lexicon_for(slot.language)
    empty = lexicon.fillers | lexicon.names.owners | lexicon.clauses.consent_companions
    said = tokenize(f"{slot.description} {slot.name.replace('_', ' ')}")
    return frozenset(word for word in said if word not in empty and len(word) >= _MIN_LABEL)


@lru_cache(maxsize=1_000)
def _label_pattern(slot: Slot) -> re.Pattern[str]:
    """Return the pattern of the slot's label with a phrase such as “is” behind it."""
    lexicon, labels = lexicon_for(slot.language), label_words(slot)
    named = [rf"\b{one_of(labels)}(?:-\w+)?\s*(?:{one_of(lexicon.names.naming_phrases)}(?=\W)|:)\s*"]
    if _is_name(slot):
        named += [rf"\b{one_of(lexicon.names.name_statements)}\s+"]
    return re.compile("|".join(named))
