"""Extraction of slot values from user text, validation of a model's values, and the table of slot types."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any

from pydantic import JsonValue

from core.model import Choice
from flows.locales import LANGUAGES, Lexicon, LocaleMessages, lexicon_for, messages_for
from flows.nlu import (
    CLAUSE_END,
    EMAIL_PATTERN,
    MAX_DIGITS,
    RecognizedNumber,
    any_pattern,
    asks_back,
    doubted_positions,
    expand_fractions,
    extract_pattern_matches,
    find_labels,
    is_among_unknown,
    is_not_yet,
    is_reserved,
    mask_claimed,
    one_of,
    recognize_choice_label,
    recognize_confirmation,
    recognize_numbers,
    recognize_phone_numbers,
)
from flows.nlu.datetimes import (
    Recognized,
    is_incomplete_date,
    mask_dates,
    mask_days_of_month,
    mask_times,
    recognize_bare_hour,
    recognize_date_with_dateparser,
    recognize_dates,
    recognize_relative_dates,
    recognize_times,
)
from flows.slots.constraint_messages import violation_message
from flows.slots.enum_values import named_values
from flows.slots.labelled_texts import recognize_labelled_text
from flows.slots.list_items import item_slot, split_list
from flows.slots.message_values import convert_form, convert_location, read_form, read_location
from flows.slots.named_numbers import (
    adds_unit,
    denied_numbers,
    is_changed_behind_noun,
    recognize_named_numbers,
    recognize_single_unit,
    values_of_others,
)
from flows.slots.slot import Slot, words_of_slot
from flows.slots.slot_types import SlotReading, SlotType, register_slot_types, slot_type
from flows.text import MAX_INPUT_LENGTH, find_phrase, normalize, normalize_digits, tokenize

MAX_VALUE_LENGTH = 500
_MAX_SHORT_ANSWER_WORDS = 6
_MAX_LABEL_ANSWER_WORDS = 8
_LABEL_STEM = 4
_MIN_WORD_LENGTH = 3
_WORD_OR_MARK = re.compile(r"[^\W_]+(?:'[^\W_]+)*|[^\w\s]")

_EMAIL = re.compile(EMAIL_PATTERN)


def extract_slot(slot: Slot, text: str, today: date) -> SlotReading:
    """Return the value of `slot` in a user's `text`, recognized without a model."""
    text = expand_fractions(normalize_digits(text[:MAX_INPUT_LENGTH])).strip()
    recognize = slot_type(slot.kind).recognize
    return _check_constraints(slot, recognize(slot, text, today)) if recognize and text else SlotReading()


def validate_slot_value(slot: Slot, value: JsonValue, today: date) -> SlotReading:
    """Return a model's value in its stored form, or the error message why it is invalid."""
    if value is None or value == "":
        return SlotReading()
    return _check_constraints(
        slot, slot_type(slot.kind).convert(slot, value, today) or _invalid_reading(slot)
    )


def _check_constraints(slot: Slot, reading: SlotReading) -> SlotReading:
    """Return the reading, or the error message when its value violates the slot's constraints."""
    reason = "" if reading.value is None else violation_message(slot, reading.value)
    return SlotReading(error_message=reason, weight=1) if reason else reading


def _invalid_reading(slot: Slot) -> SlotReading:
    return SlotReading(
        error_message=messages_for(slot.language).invalid_value.format(slot.description), weight=1
    )


def _convert_text(slot: Slot, value: JsonValue, today: date) -> SlotReading | None:
    """Read a model's value as if a user had written it."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if slot.kind == "text":
        return _extract_text(replace(slot, is_told_by=""), str(value).strip(), today)
    reading = extract_slot(slot, str(value).strip(), today)
    return reading if reading.value is not None or reading.error_message else None


def _convert_boolean(slot: Slot, value: JsonValue, today: date) -> SlotReading | None:
    return SlotReading(value, weight=1) if isinstance(value, bool) else _convert_text(slot, value, today)


def _convert_enum(slot: Slot, value: JsonValue, today: date) -> SlotReading | None:
    equal = [allowed for allowed in slot.allowed_values if _is_json_equal(allowed, value)]
    return SlotReading(equal[0], weight=1) if equal else _convert_text(slot, value, today)


def _convert_number(slot: Slot, value: JsonValue, today: date) -> SlotReading | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return _convert_text(slot, value, today)
    amount = _simplify_number(value)
    is_valid = amount is not None and not (slot.kind == "integer" and isinstance(amount, float))
    return SlotReading(amount, weight=1) if is_valid else None


def _convert_pattern(slot: Slot, value: JsonValue, today: date) -> SlotReading | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = str(value).strip()
    is_match = slot.pattern is not None and len(text) <= MAX_VALUE_LENGTH and slot.pattern.search(text)
    return SlotReading(text, weight=len(text)) if is_match else None


def _convert_array(slot: Slot, value: JsonValue, today: date) -> SlotReading | None:
    reading = _convert_list(slot, value, today)
    is_valid = isinstance(reading.value, list) and _is_short(reading.value)
    return reading if reading.error_message or is_valid else None


def _convert_object(slot: Slot, value: JsonValue, today: date) -> SlotReading | None:
    return SlotReading(value, weight=1) if isinstance(value, dict) and _is_short(value) else None


def _is_short(value: JsonValue) -> bool:
    return len(json.dumps(value)) <= 2 * MAX_VALUE_LENGTH


def _convert_list(slot: Slot, value: JsonValue, today: date) -> SlotReading:
    """Convert a model's list item by item; a text is read as a list."""
    if isinstance(value, str):
        return _extract_array(slot, value, today)
    item = item_slot(slot)
    parts: list[JsonValue] = value if isinstance(value, list) else [value]
    if item is None:
        return SlotReading(parts, weight=1)
    readings = [validate_slot_value(item, part, today) for part in parts]
    if reason := next((reading.error_message for reading in readings if reading.error_message), ""):
        return SlotReading(error_message=reason, weight=1)
    return SlotReading([reading.value for reading in readings if reading.value is not None], weight=1)


def _is_json_equal(one: JsonValue, other: JsonValue) -> bool:
    """Return whether two values are equal in JSON, where 2.0 is 2 and true is not 1."""
    return one == other and isinstance(one, bool) is isinstance(other, bool)


def _simplify_number(value: int | float) -> int | float | None:
    """Return 3.0 as 3, and None for an amount with too many digits or NaN."""
    if not -(10**MAX_DIGITS) < value < 10**MAX_DIGITS:
        return None
    return int(value) if int(value) == value else value


def _extract_text(slot: Slot, text: str, today: date) -> SlotReading:
    if slot.is_told_by:
        told = recognize_labelled_text(slot, text)
        return SlotReading(told, weight=len(told)) if told else SlotReading()
    return SlotReading(text[:MAX_VALUE_LENGTH], weight=1)


def _extract_enum(slot: Slot, text: str, today: date) -> SlotReading:
    reading = _match_enum(slot, text)
    return SlotReading() if reading.value is not None and _is_doubted(slot, reading.value, text) else reading


def _is_doubted(slot: Slot, value: JsonValue, text: str) -> bool:
    """Return whether the clause that names a value denies something, and no other value is named for it."""
    words, doubted = tokenize(text), doubted_positions(text, slot.language)
    if not doubted:
        return False
    named = {
        allowed: [at for at, word in enumerate(words) if _is_of_label(word, str(allowed), slot)]
        for allowed in map(str, slot.allowed_values)
    }
    own = named.pop(str(value), [])
    return bool(own) and doubted.issuperset(own) and not any(set(each) - set(own) for each in named.values())


def _is_of_label(word: str, label: str, slot: Slot) -> bool:
    labels = (label, *(name for name, meant in slot.synonyms if meant == label))
    parts = {part for each in labels for part in tokenize(each)}
    return any(word[:_LABEL_STEM] == part[:_LABEL_STEM] for part in parts)


def _match_enum(slot: Slot, text: str) -> SlotReading:
    """Match a value by its label: nobody was shown a numbered list, so a number is no position."""
    offered = [Choice(label=str(value), payload=str(value)) for value in slot.allowed_values]
    if spelt := [value for value in slot.allowed_values if _is_spelt(str(value), text)]:
        return _single_value(spelt, text, slot)
    if named := named_values(slot, text):
        return _single_value(named, text, slot)
    if chosen := recognize_choice_label(text, offered, slot.language):
        return SlotReading(slot.allowed_values[offered.index(chosen)], weight=len(chosen.label))
    if named := _labelled_values(slot, text):
        return _single_value(named, text, slot)
    amounts = {number.value for number in _recognize_numbers(slot, text)}
    named = [
        value for value in slot.allowed_values if not isinstance(value, bool) and _as_number(value) in amounts
    ]
    return (
        _single_value(named, text, slot)
        if len(amounts) == 1 and len(tokenize(text)) <= _MAX_SHORT_ANSWER_WORDS
        else SlotReading()
    )


def _is_spelt(value: str, text: str) -> bool:
    """Return whether a text is a value with a digit in it, whatever its spaces and marks (“2 b” for 2B)."""
    return any(map(str.isdigit, value)) and "".join(tokenize(value)) == "".join(tokenize(text))


def _labelled_values(slot: Slot, text: str) -> list[JsonValue]:
    """Return the values of which a short statement has a word that no other value has."""
    if asks_back(text, slot.language) or len(tokenize(text)) > _MAX_LABEL_ANSWER_WORDS:
        return []
    names = [
        [str(value), *(name for name, named in slot.synonyms if named == str(value))]
        for value in slot.allowed_values
    ]
    return [slot.allowed_values[index] for index in find_labels(text, names, slot.language)]


def _as_number(value: JsonValue) -> int | float | str:
    """Return a value such as 2 or "2" as a number, and any other as text."""
    if isinstance(value, int | float):
        return value
    return int(str(value)) if str(value).isdecimal() and len(str(value)) <= MAX_DIGITS else str(value)


def _extract_boolean(slot: Slot, text: str, today: date) -> SlotReading:
    agreed = False if is_not_yet(text, slot.language) else recognize_confirmation(text, slot.language)
    if agreed and is_reserved(text, slot.language):
        return SlotReading()
    if agreed is False and _corrects_number(slot, text):
        return SlotReading()
    return SlotReading() if agreed is None else SlotReading(agreed, weight=3)


def _corrects_number(slot: Slot, text: str) -> bool:
    """Return whether a no is only about a number that was given before: “no, 3”."""
    lexicon = lexicon_for(slot.language)
    known = lexicon.fillers | lexicon.correction_words | lexicon.answers.no | lexicon.clauses.value_companions
    rest = [word for word in tokenize(text) if word not in known]
    numbers = [word for word in rest if word.isdigit() or recognize_numbers(word, slot.language)]
    return bool(numbers) and all(word in numbers or len(word) < _MIN_WORD_LENGTH for word in rest)


def _extract_number(slot: Slot, text: str, today: date) -> SlotReading:
    names = words_of_slot(slot)
    if slot.is_told_by:
        told = recognize_named_numbers(slot, names, _without_other_values(slot, text))
        return _single_value(told or _single_unit(slot, text), text, slot)
    recognized = _recognize_numbers(slot, text)
    messages = messages_for(slot.language)
    if not recognized:
        return _single_value(
            _single_unit(slot, text) or recognize_named_numbers(slot, names, text), text, slot
        )
    if doubtful := next((number for number in recognized if number.alternative is not None), None):
        both = [doubtful.value, doubtful.alternative]
        return SlotReading(error_message=messages.ambiguous_value.format(messages.join_list(both)), weight=1)
    if any(number.is_modified for number in recognized):
        return SlotReading(error_message=messages.exact_number_required, weight=1)
    if any(number.value is None for number in recognized):
        return _invalid_reading(slot)
    if is_changed_behind_noun(slot, names, text):
        return SlotReading(error_message=messages.exact_number_required, weight=1)
    others = values_of_others(slot, names, text) | denied_numbers(slot, text)
    values: list[int | float | None] = [number.value for number in recognized if number.value not in others]
    if len(values) > 1 and (named := recognize_named_numbers(slot, names, text)):
        values = [*named]
    reading = _single_value(values, text, slot)
    if slot.kind == "integer" and isinstance(reading.value, float):
        return SlotReading(error_message=messages.whole_number_required, weight=1)
    return reading


def _single_unit(slot: Slot, text: str) -> list[int | float]:
    """Return 1 where a text names one of what is counted, unless it adds one."""
    names = words_of_slot(slot)
    is_one = recognize_single_unit(slot, names, text) and not adds_unit(slot, names, text)
    return [1] if is_one else []


def _without_other_values(slot: Slot, text: str) -> str:
    dates = mask_dates(mask_claimed(text, slot.language), slot.language, also_in_digits=True)
    return mask_times(dates, slot.language)


def _recognize_numbers(slot: Slot, text: str) -> list[RecognizedNumber]:
    free = mask_days_of_month(mask_claimed(text, slot.language), slot.language)
    return recognize_numbers(mask_times(mask_dates(free, slot.language), slot.language), slot.language)


def _extract_email(slot: Slot, text: str, today: date) -> SlotReading:
    return _single_value([match[0] for match in _EMAIL.finditer(text.replace("’", "'"))], text, slot)


def _extract_phone(slot: Slot, text: str, today: date) -> SlotReading:
    recognized = recognize_phone_numbers(text, slot.region, messages_for(slot.language), slot.language)
    if reason := next((reason for _, reason in recognized if reason), ""):
        return SlotReading(error_message=reason, weight=1)
    return _single_value([number for number, _ in recognized], text, slot)


def _extract_date(slot: Slot, text: str, today: date) -> SlotReading:
    messages, text = messages_for(slot.language), mask_claimed(text, slot.language)
    recognized = (
        recognize_relative_dates(
            text, slot.language, today, words_of_slot(slot), takes_bare_days=bool(slot.question)
        )
        if slot.must_be_future
        else _without_negated(recognize_dates(text, slot.language), text, slot.language)
    )
    if reason := next((item.error_message for item in recognized if item.error_message), ""):
        return SlotReading(error_message=reason, weight=1)
    if not recognized and slot.must_be_past and not _asks_for_birth(slot):
        recognized = recognize_relative_dates(
            text, slot.language, today, words_of_slot(slot), is_past=True, takes_bare_days=True
        )
        if reason := next((item.error_message for item in recognized if item.error_message), ""):
            return SlotReading(error_message=reason, weight=1)
    if not recognized and not slot.must_be_future:
        foreign = _extract_foreign_date(slot, text, today)
        is_begun = (
            foreign.value is None
            and len(tokenize(text)) <= _MAX_SHORT_ANSWER_WORDS
            and is_incomplete_date(text, slot.language)
        )
        return SlotReading(error_message=messages.full_date_required, weight=1) if is_begun else foreign
    reading = _single_value([item.value for item in recognized], text, slot)
    if not isinstance(reading.value, str):
        return reading
    day = date.fromisoformat(reading.value)
    if slot.must_be_past and day >= today:
        return SlotReading(error_message=messages.date_in_future, weight=1)
    if slot.must_be_future and day < today:
        return SlotReading(error_message=messages.date_in_past, weight=1)
    return reading


def is_birth_date(slot: Slot) -> bool:
    """Return whether the slot is a day of birth."""
    return not lexicon_for(slot.language).clauses.birth_words.isdisjoint(words_of_slot(slot))


def _asks_for_birth(slot: Slot) -> bool:
    """Return whether the year of a past day cannot be guessed."""
    return is_birth_date(slot) or not slot.question or slot.language not in LANGUAGES


def _extract_time(slot: Slot, text: str, today: date) -> SlotReading:
    text = mask_claimed(text, slot.language)
    recognized = recognize_times(text, slot.language, words_of_slot(slot))
    if not recognized and (hour := recognize_bare_hour(text, slot.language)):
        recognized = [hour]
    if reason := next((item.error_message for item in recognized if item.error_message), ""):
        return SlotReading(error_message=reason, weight=1)
    return _single_value([item.value for item in recognized], text, slot)


def _extract_foreign_date(slot: Slot, text: str, today: date) -> SlotReading:
    """Read a complete date in a language without a pack."""
    is_known = slot.language in LANGUAGES or not is_incomplete_date(text, slot.language)
    day = None if is_known else recognize_date_with_dateparser(text, slot.language, today)
    return SlotReading(day.isoformat(), weight=10) if day else SlotReading()


def _extract_pattern(slot: Slot, text: str, today: date) -> SlotReading:
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
        return _single_value(recognized, text, slot)
    return _invalid_reading(slot)


def _is_about_something_else(slot: Slot, value: str, text: str) -> bool:
    if not value.isdecimal():
        return False
    tokens = tuple(_WORD_OR_MARK.findall(normalize(mask_dates(text, slot.language))))
    marked = tuple(token if token[0].isalnum() else CLAUSE_END for token in tokens)
    return is_among_unknown(value, marked, words_of_slot(slot), slot.language)


def _extract_array(slot: Slot, text: str, today: date) -> SlotReading:
    """Read each item between commas and the like: the value is all of them, or none."""
    item = item_slot(slot)
    if item is None:
        return SlotReading(list[JsonValue](split_list(text, slot.language)), weight=1)
    parts = split_list(text, slot.language)
    is_list = item.is_free_text or (item.kind == "enum" and len(parts) > 1 and not _is_label(item, text))
    single = SlotReading() if is_list else extract_slot(item, text, today)
    if single.value is not None:
        return SlotReading([single.value], weight=single.weight)
    readings = [extract_slot(item, part, today) for part in parts]
    values = list[JsonValue](reading.value for reading in readings if reading.value is not None)
    if not values:
        return single
    if len(values) < len(readings):
        return next((each for each in readings if each.error_message), _invalid_reading(slot))
    return SlotReading(values, weight=sum(reading.weight for reading in readings))


def _is_label(item: Slot, text: str) -> bool:
    """Return whether a text is a value of an enum although it looks like a list (“salt and pepper”)."""
    return tokenize(text) in {tokenize(str(value)) for value in item.allowed_values}


def _without_negated(recognized: list[Recognized], text: str, language: str) -> list[Recognized]:
    folded, negation = normalize(text), _negation_before(lexicon_for(language))
    return [item for item in recognized if not negation.search(folded[: item.start])]


@cache
def _negation_before(lexicon: Lexicon) -> re.Pattern[str]:
    suffixes = any_pattern(re.escape(suffix) for suffix in lexicon.negation_suffixes)
    articles = one_of((*lexicon.dates.articles, *lexicon.dates.day_prepositions))
    return re.compile(rf"(?:\b{one_of(lexicon.value_negations)}|{suffixes})(?:\s+{articles})*\s*$")


def _single_value(recognized: list[Any], text: str, slot: Slot) -> SlotReading:
    """Return the only value; of several the last when the user corrects themselves."""
    distinct = list(dict.fromkeys(recognized))
    if not distinct:
        return SlotReading()
    if len(distinct) > 1 and not _corrects_itself(text, str(distinct[-1]), lexicon_for(slot.language)):
        messages = messages_for(slot.language)
        display = slot_type(slot.kind).display
        shown = [display(item, messages) if display else item for item in distinct[:4]]
        return SlotReading(error_message=messages.ambiguous_value.format(messages.join_list(shown)), weight=1)
    return SlotReading(distinct[-1], weight=len(str(distinct[-1])))


def _corrects_itself(text: str, last: str, lexicon: Lexicon) -> bool:
    """Return whether the last of several values is meant: it stands behind a word of correction.

    An alternative (“no idea, 2 or 3”) and “2 or 3, I don't know” correct nothing.
    """
    words, empty = tokenize(text), lexicon.fillers | lexicon.stop_words | lexicon.correction_words
    corrections = [
        at
        for at, word in enumerate(words)
        if word in lexicon.correction_words and not empty.issuperset(words[at + 1 :])
    ]  # in “2 or 3, I don't know” nothing is corrected
    if not corrections or {*lexicon.or_words}.intersection(words[corrections[-1] :]):
        return False
    spelt = tokenize(last)  # where a value is not spelt as it is stored, nobody knows where it stands
    return words[-1] in spelt or find_phrase(spelt, words) < 0 or find_phrase(spelt, words) > corrections[-1]


def _display_date(value: JsonValue, messages: LocaleMessages) -> str:
    return messages.format_date(date.fromisoformat(str(value)))


_NUMBER_KEYWORDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
_TEXT_KEYWORDS = ("minLength", "maxLength")

register_slot_types(
    {
        "text": SlotType(_extract_text, _convert_text, constraint_keywords=_TEXT_KEYWORDS),
        "pattern": SlotType(_extract_pattern, _convert_pattern, constraint_keywords=_TEXT_KEYWORDS),
        "enum": SlotType(_extract_enum, _convert_enum),
        "boolean": SlotType(_extract_boolean, _convert_boolean, is_json_type=True),
        "integer": SlotType(
            _extract_number, _convert_number, is_json_type=True, constraint_keywords=_NUMBER_KEYWORDS
        ),
        "number": SlotType(
            _extract_number, _convert_number, is_json_type=True, constraint_keywords=_NUMBER_KEYWORDS
        ),
        "array": SlotType(_extract_array, _convert_array, is_json_type=True, has_own_schema=True),
        "object": SlotType(None, _convert_object, is_json_type=True, has_own_schema=True),
        "email": SlotType(_extract_email, _convert_text, is_format=True, constraint_keywords=_TEXT_KEYWORDS),
        "phone": SlotType(_extract_phone, _convert_text, is_format=True),
        "date": SlotType(_extract_date, _convert_text, is_format=True, display=_display_date),
        "time": SlotType(_extract_time, _convert_text, is_format=True),
        "location": SlotType(
            None, convert_location, is_format=True, has_own_schema=True, from_message=read_location
        ),
        "form": SlotType(None, convert_form, is_format=True, has_own_schema=True, from_message=read_form),
    }
)
