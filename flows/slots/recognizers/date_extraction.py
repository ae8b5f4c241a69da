"""Extraction of days and times from user text."""

from __future__ import annotations

import re
from collections.abc import Container
from datetime import date
from functools import cache

from flows.locales import LANGUAGES, Lexicon, lexicon_for, messages_for
from flows.nlu import any_pattern, doubted_positions, mask_claimed, one_of
from flows.nlu.datetimes import (
    Recognized,
    hour_within_question,
    is_incomplete_date,
    recognize_bare_hour,
    recognize_date_with_dateparser,
    recognize_dates,
    recognize_relative_dates,
    recognize_times,
)
from flows.slots.recognizers.label_forms import words_beside_day
from flows.slots.recognizers.readings import single_value
from flows.slots.slot import Slot, words_of_slot
from flows.slots.slot_types import SlotReading
from flows.text import normalize, tokenize

_MAX_SHORT_ANSWER_WORDS, _MAX_VAGUE_WORDS = 6, 10
_PACKED_TIME = re.compile(r"\W*([01]\d|2[0-3])([0-5]\d)\s?(?:h|hrs|hours|uhr)?\W*", re.IGNORECASE)
"""“1530”, where a time is asked for; minutes that are no multiple of five are rather a code or a year."""
_FIVE_MINUTES = 5


def extract_date(slot: Slot, text: str, today: date) -> SlotReading:
    messages, text = messages_for(slot.language), mask_claimed(text, slot.language)
    if slot.question and _dotted_day(lexicon_for(slot.language)).fullmatch(normalize(text)):
        text = f"{text.rstrip()}."  # “5.12” is a day where one is asked for
    recognized = (
        recognize_relative_dates(
            text, slot.language, today, words_beside_day(slot, text), takes_bare_days=bool(slot.question)
        )
        if slot.must_be_future
        else _without_negated(
            recognize_dates(text, slot.language, before=today if is_birth_date(slot) else None),
            text,
            slot.language,
        )
    )
    if reason := next((item.error_message for item in recognized if item.error_message), ""):
        return SlotReading(error_message=reason, weight=1)
    if not recognized and slot.must_be_past and not _asks_for_birth(slot):
        recognized = recognize_relative_dates(
            text, slot.language, today, words_of_slot(slot), is_past=True, takes_bare_days=True
        )
        if reason := next((item.error_message for item in recognized if item.error_message), ""):
            return SlotReading(error_message=reason, weight=1)
    if _names_no_day(text, slot.language):
        return SlotReading(error_message=messages.exact_day_required, weight=1)
    if not recognized and slot.must_be_future and _names_several_days(text, slot.language):
        return SlotReading(error_message=messages.exact_day_required, weight=1)
    if not recognized and not slot.must_be_future:
        foreign = _extract_foreign_date(slot, text, today)
        is_begun = (
            foreign.value is None
            and len(tokenize(text)) <= _MAX_SHORT_ANSWER_WORDS
            and is_incomplete_date(text, slot.language)
        )
        return SlotReading(error_message=messages.full_date_required, weight=1) if is_begun else foreign
    reading = single_value([item.value for item in recognized], text, slot)
    if not isinstance(reading.value, str):
        return reading
    if _counts_from_day(text, slot.language):
        return SlotReading(error_message=messages.exact_day_required, weight=1)
    day = date.fromisoformat(reading.value)
    if slot.must_be_past and day >= today:
        return SlotReading(error_message=messages.date_in_future, weight=1)
    if slot.must_be_future and day < today:
        return SlotReading(error_message=messages.date_in_past, weight=1)
    return reading


@cache
def _dotted_day(lexicon: Lexicon) -> re.Pattern[str]:
    dates = lexicon.dates
    lead = one_of((*dates.day_prepositions, *dates.articles))
    return re.compile(rf"\s*(?:{lead}\s+)*\d{{1,2}}\.\d{{1,2}}\s*" if dates.dotted_dates else r"(?!)")


def is_birth_date(slot: Slot) -> bool:
    """Return whether the slot is a day of birth."""
    return not lexicon_for(slot.language).names.birth_words.isdisjoint(words_of_slot(slot))


def _names_several_days(text: str, language: str) -> bool:
    """Return whether a short statement names days of which one is asked for: “sometime next week”."""
    is_short = len(tokenize(text)) <= _MAX_VAGUE_WORDS and not text.rstrip().endswith("?")
    return is_short and _vague_days(lexicon_for(language)).search(normalize(text)) is not None


def _names_no_day(text: str, language: str) -> bool:
    """Return whether a text names no single day: “5-7 December”, “Monday in week 50”, “Good Friday”."""
    return any(pattern.search(normalize(text)) for pattern in _undecided_days(lexicon_for(language)))


@cache
def _undecided_days(lexicon: Lexicon) -> tuple[re.Pattern[str], ...]:
    words = lexicon.dates
    months = one_of(name for names in words.months for name in names)
    suffix = rf"(?:{one_of(words.ordinal_suffixes)}|\.)?" if words.ordinal_suffixes else r"\.?"
    return (
        re.compile(
            rf"(?<![\d./:-])\d{{1,2}}{suffix}\s?[-–—]\s?\d{{1,2}}{suffix}\s+(?:{one_of(words.particles)}\s+)?{months}\b"
        ),
        re.compile(rf"\b{one_of(words.week_numbers)}\s+\d{{1,2}}\b" if words.week_numbers else r"(?!)"),
        re.compile(rf"\b{one_of(words.movable_days)}\b" if words.movable_days else r"(?!)"),
    )


def _counts_from_day(text: str, language: str) -> bool:
    """Return whether another day is meant than the one that is named: “the day before”."""
    near = lexicon_for(language).dates.near_days
    words = tokenize(text)
    plain = " ".join(words)
    for phrase in sorted((each for each in near if " " in each), key=len, reverse=True):
        plain = plain.replace(phrase, ";")
    return _day_shifts(lexicon_for(language)).search(plain) is not None


@cache
def _day_shifts(lexicon: Lexicon) -> re.Pattern[str]:
    return re.compile(rf"\b{one_of(lexicon.dates.day_shifts)}\b")


@cache
def _vague_days(lexicon: Lexicon) -> re.Pattern[str]:
    return re.compile(rf"\b{one_of(lexicon.dates.vague_days)}\b")


def _asks_for_birth(slot: Slot) -> bool:
    """Return whether the year of a past day cannot be guessed."""
    return is_birth_date(slot) or not slot.question or slot.language not in LANGUAGES


def extract_time(slot: Slot, text: str, today: date) -> SlotReading:
    if slot.question and (match := _PACKED_TIME.fullmatch(text)) and int(match[2]) % _FIVE_MINUTES == 0:
        return SlotReading(f"{match[1]}:{match[2]}", weight=len(match[0]))
    if slot.question and (match := _late_hour(lexicon_for(slot.language)).fullmatch(normalize(text))):
        return SlotReading(f"{match[1]}:00", weight=len(match[0]))
    text = mask_claimed(text, slot.language)
    recognized = recognize_times(text, slot.language, words_of_slot(slot))
    doubted = doubted_positions(text, slot.language) if len(recognized) == 1 and recognized[0].value else ()
    if doubted and _is_denied_behind(recognized[0], text, doubted):
        recognized = []
    if not recognized and (hour := recognize_bare_hour(text, slot.language)):
        recognized = [hour]
    if reason := next((item.error_message for item in recognized if item.error_message), ""):
        within = hour_within_question(reason, slot.question, slot.language) if len(recognized) == 1 else ""
        return (
            SlotReading(within, weight=len(within)) if within else SlotReading(error_message=reason, weight=1)
        )
    return single_value([item.value for item in recognized], text, slot)


@cache
def _late_hour(lexicon: Lexicon) -> re.Pattern[str]:
    """Return the pattern of an answer that is an hour after noon with its unit: “15 horas”."""
    return re.compile(rf"\W*(1[3-9]|2[0-3])\s{one_of(lexicon.times.hour_units)}\W*")


def _is_denied_behind(time: Recognized, text: str, doubted: Container[int]) -> bool:
    """Return whether the clause of a time denies it: “5 pm doesn't work”, not “5 pm, not 6 pm”."""
    is_last = not any(map(str.isdigit, text[time.end :]))
    return is_last and len(tokenize(text[: time.start])) in doubted


def _extract_foreign_date(slot: Slot, text: str, today: date) -> SlotReading:
    """Read a complete date in a language without a pack."""
    is_known = slot.language in LANGUAGES or not is_incomplete_date(text, slot.language)
    day = None if is_known else recognize_date_with_dateparser(text, slot.language, today)
    return SlotReading(day.isoformat(), weight=10) if day else SlotReading()


def _without_negated(recognized: list[Recognized], text: str, language: str) -> list[Recognized]:
    folded, negation = normalize(text), _negation_before(lexicon_for(language))
    return [item for item in recognized if not negation.search(folded[: item.start])]


@cache
def _negation_before(lexicon: Lexicon) -> re.Pattern[str]:
    suffixes = any_pattern(re.escape(suffix) for suffix in lexicon.negation_suffixes)
    articles = one_of((*lexicon.dates.articles, *lexicon.dates.day_prepositions))
    return re.compile(rf"(?:\b{one_of(lexicon.value_negations)}|{suffixes})(?:\s+{articles})*\s*$")
