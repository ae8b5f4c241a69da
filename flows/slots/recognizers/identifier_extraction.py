"""Extraction of what identifies somebody or something: e-mail addresses, phone numbers, patterns of codes."""

from __future__ import annotations

import re
from datetime import date

from flows.locales import messages_for
from flows.nlu import (
    CLAUSE_END,
    EMAIL_PATTERN,
    denied_positions,
    extract_pattern_matches,
    is_among_unknown,
    negates_other_words,
    recognize_phone_numbers,
)
from flows.nlu.datetimes import mask_dates
from flows.slots.recognizers.readings import invalid_reading, single_value
from flows.slots.slot import Slot, words_of_slot
from flows.slots.slot_types import SlotReading
from flows.text import normalize, tokenize

_MAX_SHORT_ANSWER_WORDS = 6
_WORD_OR_MARK = re.compile(r"[^\W_]+(?:'[^\W_]+)*|[^\w\s]")
_DICTATED = re.compile(r"[+]?(?:\d[ ,]+){6,}\d\W*")
_EMAIL = re.compile(EMAIL_PATTERN)


def extract_email(slot: Slot, text: str, today: date) -> SlotReading:
    denied = _denied_positions(text, slot.language)
    found = [
        match[0]
        for match in _EMAIL.finditer(text.replace("’", "'"))
        if not denied or len(tokenize(text[: text.index("@", match.start())])) - 1 not in denied
    ]
    return single_value(found, text, slot)


def extract_phone(slot: Slot, text: str, today: date) -> SlotReading:
    if _DICTATED.fullmatch(text):  # “6 5 5, 0 1 2, 3 4 5”
        text = text.replace(",", " ")
    if _is_number_denied(text, slot.language):
        return SlotReading()
    recognized = recognize_phone_numbers(text, slot.region, messages_for(slot.language), slot.language)
    if reason := next((reason for _, reason in recognized if reason), ""):
        return SlotReading(error_message=reason, weight=1)
    return single_value([number for number, _ in recognized], text, slot)


def _denied_positions(text: str, language: str) -> frozenset[int]:
    """Return the positions of denied words, none where a “no” only stands for itself (“no I meant …”)."""
    is_denial = any(negates_other_words(word, language) for word in tokenize(text))
    return denied_positions(text, language) if is_denial else frozenset()


def _is_number_denied(text: str, language: str) -> bool:
    """Return whether a text denies all its digits: “don't call 202 555 0143”."""
    denied = _denied_positions(text, language)
    told = [at for at, word in enumerate(tokenize(text)) if any(map(str.isdigit, word))] if denied else []
    return bool(told) and denied.issuperset(told)


def extract_pattern(slot: Slot, text: str, today: date) -> SlotReading:
    assert slot.pattern is not None
    recognized = list(extract_pattern_matches(slot.pattern, text, slot.language))
    if recognized and any(_is_about_something_else(slot, value, text) for value in recognized):
        return SlotReading()
    rest = text if recognized else mask_dates(text, slot.language)
    # a number in a longer message is hardly meant as the answer
    if (
        recognized
        or not any(letter.isdigit() for letter in rest)
        or len(tokenize(rest)) > _MAX_SHORT_ANSWER_WORDS
    ):
        return single_value(recognized, text, slot)
    return invalid_reading(slot)


def _is_about_something_else(slot: Slot, value: str, text: str) -> bool:
    if not value.isdecimal():
        return False
    tokens = tuple(_WORD_OR_MARK.findall(normalize(mask_dates(text, slot.language))))
    marked = tuple(token if token[0].isalnum() else CLAUSE_END for token in tokens)
    return is_among_unknown(value, marked, words_of_slot(slot), slot.language)
