"""Extraction of amounts, and of a yes or a no, from user text."""

from __future__ import annotations

import re
from datetime import date
from functools import cache, lru_cache

from flows.locales import Lexicon, lexicon_for, messages_for
from flows.nlu import (
    RecognizedNumber,
    is_negation,
    mask_claimed,
    one_of,
    read_short_amount,
    recognize_numbers,
)
from flows.nlu.datetimes import mask_dates, mask_days_of_month, mask_times
from flows.slots.recognizers.numbers.named_numbers import (
    adds_unit,
    denied_numbers,
    is_changed_behind_noun,
    ranked_number,
    recognize_named_numbers,
)
from flows.slots.recognizers.numbers.other_counts import numbers_that_name, values_of_others
from flows.slots.recognizers.numbers.people_beside import counts_in_parts, mask_ages_of_relatives
from flows.slots.recognizers.numbers.plain_numbers import is_number_word, without_reason
from flows.slots.recognizers.numbers.single_units import recognize_single_unit
from flows.slots.recognizers.numbers.slot_nouns import nouns_of_slot, stem_of_noun
from flows.slots.recognizers.readings import invalid_reading, single_value
from flows.slots.slot import Slot, words_of_slot
from flows.slots.slot_types import SlotReading
from flows.text import normalize, normalize_same_length, tokenize

_TWO = 2
_SHARE = re.compile(r"\d+(?:[.,]\d+)?\s?%|\b(\d+) (?:out of|von|de) \1\b", re.IGNORECASE)


def extract_number(slot: Slot, text: str, today: date) -> SlotReading:
    names, text = words_of_slot(slot), without_reason(slot, text)
    if (rank := ranked_number(slot, names, text, is_asked=not slot.identified_by)) is not None:
        return SlotReading(rank, weight=3)
    if slot.identified_by:
        told = recognize_named_numbers(slot, names, _without_other_values(slot, text))
        if told and (last := _changed_at_end(slot, text)) is not None:
            told = [last]
        return single_value(told or _single_unit(slot, text), text, slot)
    if counts_in_parts(slot, names, text):
        return SlotReading(error_message=messages_for(slot.language).exact_number_required, weight=1)
    text = mask_ages_of_relatives(names, text, slot.language)
    text = _conclusion(slot, _without_shares(slot, _without_approximations(slot, text)))
    if (minutes := _minutes_in_words(slot, names, text)) is not None:
        return SlotReading(minutes, weight=3)
    if denies_count(slot, text):
        return SlotReading(0, weight=3)
    if (amount := read_short_amount(text, names, slot.language)) is not None:
        return SlotReading(amount, weight=3)
    recognized = recognize_free_numbers(slot, text)
    if len(recognized) > 1 and (one := _without_both(slot, text)) != text:
        recognized, text = recognize_free_numbers(slot, one), one
    messages = messages_for(slot.language)
    if not recognized:
        return single_value(
            _single_unit(slot, text) or recognize_named_numbers(slot, names, text), text, slot
        )
    if doubtful := next((number for number in recognized if number.alternative is not None), None):
        both = [doubtful.value, doubtful.alternative]
        return SlotReading(error_message=messages.ambiguous_value.format(messages.join_list(both)), weight=1)
    if any(number.is_modified for number in recognized) or _is_age_to_come(slot, names, text):
        return SlotReading(error_message=messages.exact_number_required, weight=1)
    if any(number.value is None for number in recognized):
        return invalid_reading(slot)
    if is_changed_behind_noun(slot, names, text):
        return SlotReading(error_message=messages.exact_number_required, weight=1)
    others = values_of_others(slot, names, text) | denied_numbers(slot, text)
    others |= numbers_that_name(slot, names, text)
    values: list[int | float | None] = [number.value for number in recognized if number.value not in others]
    if (taken_back := _corrected_number(slot, text)) is not None:
        return taken_back
    if len(values) > 1 and (named := recognize_named_numbers(slot, names, text)):
        values = [*values, *named] if _changes_behind(slot, text, named) else [*named]
    reading = single_value(values, text, slot)
    if slot.kind == "integer" and isinstance(reading.value, float):
        return SlotReading(error_message=messages.whole_number_required, weight=1)
    return reading


def _without_approximations(slot: Slot, text: str) -> str:
    """Return the text without “about” or “at most”, where the question asks for no more than that."""
    if _asks_for_most(slot.question, slot.language):
        bound = _upper_bound(lexicon_for(slot.language))
        text = bound.sub(lambda match: " " * len(match[0]), normalize(normalize_same_length(text)))
    if not _asks_roughly(slot.question, slot.language):
        return text
    about = _approximation(lexicon_for(slot.language))
    return about.sub(lambda match: " " * len(match[0]), normalize(normalize_same_length(text)))


def _without_shares(slot: Slot, text: str) -> str:
    """Return the text without shares (“100 % sure”, “10 out of 10”), where none is asked for."""
    if not any(map(str.isdigit, text)) or "%" in f"{slot.question}{slot.description}":
        return text
    return _SHARE.sub(lambda match: f";{' ' * (len(match[0]) - 1)}", text)


@lru_cache(maxsize=1_000)
def _asks_for_most(question: str, language: str) -> bool:
    return not lexicon_for(language).numbers.limit_words.isdisjoint(tokenize(question))


@cache
def _upper_bound(lexicon: Lexicon) -> re.Pattern[str]:
    return re.compile(rf"\b{one_of(lexicon.numbers.upper_bounds)}\b")


@lru_cache(maxsize=1_000)
def _asks_roughly(question: str, language: str) -> bool:
    return _approximation(lexicon_for(language)).search(" ".join(tokenize(question))) is not None


def _conclusion(slot: Slot, text: str) -> str:
    """Return the part of a text that sums up the numbers before it: “so 3” of “two and one, so 3”."""
    before, comma, last = text.rpartition(",")
    words = tokenize(last)
    starts = _conclusions(lexicon_for(slot.language))
    lead = next((start for start in starts if words[: len(start)] == start), ())
    sums_up = bool(comma and lead) and len(words) == len(lead) + 1
    return last if sums_up and recognize_numbers(last, slot.language) and tokenize(before) else text


@cache
def _conclusions(lexicon: Lexicon) -> tuple[tuple[str, ...], ...]:
    return tuple(sorted(map(tokenize, lexicon.numbers.conclusions), key=len, reverse=True))


def _without_both(slot: Slot, text: str) -> str:
    """Return the text without the number of a “both” beside another one: “2,400 between the two of us”."""
    both = _both_pattern(lexicon_for(slot.language))
    plain = normalize(normalize_same_length(text))
    return both.sub(lambda match: " " * len(match[0]), plain) if both.search(plain) else text


@cache
def _both_pattern(lexicon: Lexicon) -> re.Pattern[str]:
    return re.compile(rf"\b{one_of(lexicon.numbers.both_phrases)}\b")


def _minutes_in_words(slot: Slot, names: frozenset[str], text: str) -> int | None:
    """Return the minutes of a duration that a text is, where minutes are asked for: “half an hour”."""
    lexicon = lexicon_for(slot.language)
    if not any(name.startswith("minut") for name in names):
        return None
    spaced = f" {' '.join(tokenize(text))} "
    for phrase, minutes in sorted(lexicon.numbers.minutes_in_words.items(), key=lambda pair: -len(pair[0])):
        before, found, after = spaced.partition(f" {phrase} ")
        if found and lexicon.fillers.issuperset((*before.split(), *after.split())):
            return minutes
    return None


def denies_count(slot: Slot, text: str) -> bool:
    """Return whether a text says that there is none of what is counted: “no suitcases”."""
    empty = lexicon_for(slot.language).fillers
    words = [word for word in tokenize(text) if word not in empty]
    is_pair = len(words) == _TWO and is_negation(words[0], slot.language)
    return is_pair and stem_of_noun(words[1]) in nouns_of_slot(slot, words_of_slot(slot))


@cache
def _approximation(lexicon: Lexicon) -> re.Pattern[str]:
    return re.compile(rf"\b{one_of(lexicon.numbers.approximations)}\b")


def _corrected_number(slot: Slot, text: str) -> SlotReading | None:
    """Return the second of two numbers of which a no takes the first one back: “we're 4, no 5”.

    Where the no may as well deny the second one, nobody knows which is meant.
    """
    lexicon, words = lexicon_for(slot.language), tokenize(text)
    at = [position for position, word in enumerate(words) if is_number_word(word, slot.language)]
    if len(at) != _TWO or words[at[1] - 1] not in lexicon.answers.no:
        return None
    numbers = [number for position in at for number in recognize_numbers(words[position], slot.language)]
    values, no = [number.value for number in numbers], words[at[1] - 1]
    if len(values) != _TWO:
        return None
    if no in lexicon.answers.negating_no and not re.search(rf"\b{re.escape(no)}\s*[,.;:]", normalize(text)):
        messages = messages_for(slot.language)
        return SlotReading(
            error_message=messages.ambiguous_value.format(messages.join_list(values)), weight=1
        )
    return single_value(values, text, slot)


def _changes_behind(slot: Slot, text: str, named: list[int | float]) -> bool:
    """Return whether the user corrects the number that has a noun: “four of us, well five”."""
    lexicon = lexicon_for(slot.language)
    words = tokenize(text)
    at = [at for at, word in enumerate(words) if word in lexicon.speech_acts.second_thoughts]
    return any(
        number.value is not None and number.value not in named
        for start in at
        for number in recognize_numbers(" ".join(words[start:]), slot.language)
    )


def _changed_at_end(slot: Slot, text: str) -> int | float | None:
    """Return the number that alone stands behind a second thought, at the end: “4 bikes (kidding, 5)”."""
    lexicon, words = lexicon_for(slot.language), tokenize(text)
    thoughts = lexicon.speech_acts.second_thoughts
    start = max((at for at, word in enumerate(words) if word in thoughts), default=-1)
    behind = [word for word in words[start + 1 :] if word not in lexicon.fillers | lexicon.correction_words]
    is_changed = start > 0 and len(behind) == 1 and is_number_word(behind[0], slot.language)
    numbers = recognize_free_numbers(slot, " ".join(words[start:])) if is_changed else []
    return numbers[0].value if len(numbers) == 1 else None


def _is_age_to_come(slot: Slot, names: frozenset[str], text: str) -> bool:
    """Return whether an age is not reached yet: “she turns nine in March”."""
    numbers = lexicon_for(slot.language).numbers
    spaced = f" {' '.join(tokenize(text))} "
    return not names.isdisjoint(numbers.age_words) and any(
        f" {phrase} " in spaced for phrase in numbers.age_changes
    )


def _single_unit(slot: Slot, text: str) -> list[int | float]:
    """Return 1 where a text names one of what is counted, unless it adds one."""
    names = words_of_slot(slot)
    is_one = recognize_single_unit(slot, names, text) and not adds_unit(slot, names, text)
    return [1] if is_one else []


def _without_other_values(slot: Slot, text: str) -> str:
    dates = mask_dates(mask_claimed(text, slot.language), slot.language, also_in_digits=True)
    return mask_times(dates, slot.language)


def recognize_free_numbers(slot: Slot, text: str) -> list[RecognizedNumber]:
    free = mask_days_of_month(mask_claimed(text, slot.language), slot.language)
    return recognize_numbers(mask_times(mask_dates(free, slot.language), slot.language), slot.language)
