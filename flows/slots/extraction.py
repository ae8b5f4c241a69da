"""Reading a slot's value out of what a person wrote, and checking what a model extracted."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from functools import cache
from typing import Any, NamedTuple

from pydantic import JsonValue

from core.model import Choice
from flows.locales import LANGUAGES, Lexicon, lexicon_for, messages_for
from flows.nlu import (
    MAX_DIGITS,
    RecognizedNumber,
    any_pattern,
    extract_pattern_matches,
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
    mask_times,
    recognize_bare_hour,
    recognize_date_with_dateparser,
    recognize_dates,
    recognize_relative_dates,
    recognize_times,
)
from flows.slots.constraint_messages import violation_message
from flows.slots.list_items import item_slot, split_list
from flows.slots.slot import Slot
from flows.text import MAX_INPUT_LENGTH, normalize, normalize_digits, tokenize

MAX_VALUE_LENGTH = 500
_MAX_SHORT_ANSWER_WORDS = 6

_EMAIL = re.compile(
    r"(?<![\w.+@-])(?<!\w')[\w+-]+(?:[.'][\w+-]+)*@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[A-Za-z]{2,}(?![\w@-]|\.\w)"
)


class SlotReading(NamedTuple):
    """A `value`; or, when it is None, the `reason` for the user, empty when there was nothing to read.

    `weight` is how many characters of the text it rests on.
    """

    value: JsonValue = None
    error_message: str = ""
    weight: int = 0


def extract_slot(slot: Slot, text: str, today: date) -> SlotReading:
    """What `text` says about `slot`, read without a model."""
    text = normalize_digits(text[:MAX_INPUT_LENGTH]).strip()
    reader = _EXTRACTORS.get(slot.kind)
    return _check_constraints(slot, reader(slot, text, today)) if reader and text else SlotReading()


def validate_slot_value(slot: Slot, value: JsonValue, today: date) -> SlotReading:
    """The value as it is stored, or the reason why what a model extracted will not do."""
    if value is None or value == "":
        return SlotReading()
    return _check_constraints(slot, _convert_value(slot, value, today) or _invalid_reading(slot))


def _check_constraints(slot: Slot, reading: SlotReading) -> SlotReading:
    """The reading, unless its value is beyond what the slot's schema allows."""
    reason = "" if reading.value is None else violation_message(slot, reading.value)
    return SlotReading(error_message=reason, weight=1) if reason else reading


def _invalid_reading(slot: Slot) -> SlotReading:
    return SlotReading(
        error_message=messages_for(slot.language).invalid_value.format(slot.description), weight=1
    )


def _convert_value(slot: Slot, value: JsonValue, today: date) -> SlotReading | None:
    """A model's value in the form that the slot has; None where it is of another kind."""
    if slot.kind in ("array", "object"):
        whole = _convert_list(slot, value, today) if slot.kind == "array" else SlotReading(value, weight=1)
        is_kind = isinstance(whole.value, list if slot.kind == "array" else dict)
        return (
            whole
            if whole.error_message or (is_kind and len(json.dumps(whole.value)) <= 2 * MAX_VALUE_LENGTH)
            else None
        )
    if slot.kind == "boolean" and isinstance(value, bool):
        return SlotReading(value, weight=1)
    if slot.kind == "enum" and (
        same := [each for each in slot.allowed_values if _is_json_equal(each, value)]
    ):
        return SlotReading(same[0], weight=1)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if slot.kind in ("integer", "number") and not isinstance(value, str):
        amount = _simplify_number(value)
        is_kind = amount is not None and not (slot.kind == "integer" and isinstance(amount, float))
        return SlotReading(amount, weight=1) if is_kind else None
    text = str(value).strip()
    if slot.kind == "pattern":
        is_kind = (
            slot.pattern is not None and len(text) <= MAX_VALUE_LENGTH and bool(slot.pattern.search(text))
        )
        return SlotReading(text, weight=len(text)) if is_kind else None
    reading = extract_slot(slot, text, today)
    return reading if reading.value is not None or reading.error_message else None


def _convert_list(slot: Slot, value: JsonValue, today: date) -> SlotReading:
    """A model's list, each part as its schema has it; a text is the list that it names."""
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
    """Whether two values are the same in JSON, where 2.0 is 2 and true is not 1."""
    return one == other and isinstance(one, bool) is isinstance(other, bool)


def _simplify_number(value: int | float) -> int | float | None:
    """3.0 as 3; nothing for what no amount is as large as, or is no number at all."""
    if not -(10**MAX_DIGITS) < value < 10**MAX_DIGITS:
        return None
    return int(value) if int(value) == value else value


def _extract_text(slot: Slot, text: str, today: date) -> SlotReading:
    return SlotReading(text[:MAX_VALUE_LENGTH], weight=1)


def _extract_enum(slot: Slot, text: str, today: date) -> SlotReading:
    """By value or label alone: nobody was shown these values as a list, so a number is no place in it."""
    offered = [Choice(label=str(value), payload=str(value)) for value in slot.allowed_values]
    if chosen := recognize_choice_label(text, offered, slot.language):
        return SlotReading(slot.allowed_values[offered.index(chosen)], weight=len(chosen.label))
    amounts = {number.value for number in _recognize_numbers(slot, text)}
    named = [
        value for value in slot.allowed_values if not isinstance(value, bool) and _as_number(value) in amounts
    ]
    return (
        _single_value(named, text, slot)
        if len(amounts) == 1 and len(tokenize(text)) <= _MAX_SHORT_ANSWER_WORDS
        else SlotReading()
    )


def _as_number(value: JsonValue) -> int | float | str:
    """What a value such as 2 or "2" is as a number; the text of any other."""
    if isinstance(value, int | float):
        return value
    return int(str(value)) if str(value).isdecimal() and len(str(value)) <= MAX_DIGITS else str(value)


def _extract_boolean(slot: Slot, text: str, today: date) -> SlotReading:
    agreed = recognize_confirmation(text, slot.language)
    return SlotReading() if agreed is None else SlotReading(agreed, weight=3)


def _extract_number(slot: Slot, text: str, today: date) -> SlotReading:
    found = _recognize_numbers(slot, text)
    sentences = messages_for(slot.language)
    if doubtful := next((number for number in found if number.alternative is not None), None):
        both = [number for number in doubtful if number is not None]
        return SlotReading(
            error_message=sentences.ambiguous_value.format(sentences.join_list(both)), weight=1
        )
    if any(number.value is None for number in found):
        return _invalid_reading(slot)
    reading = _single_value([number.value for number in found], text, slot)
    if slot.kind == "integer" and isinstance(reading.value, float):
        return SlotReading(error_message=sentences.whole_number_required, weight=1)
    return reading


def _recognize_numbers(slot: Slot, text: str) -> list[RecognizedNumber]:
    return recognize_numbers(mask_times(mask_dates(text, slot.language), slot.language), slot.language)


def _extract_email(slot: Slot, text: str, today: date) -> SlotReading:
    return _single_value([match[0] for match in _EMAIL.finditer(text.replace("’", "'"))], text, slot)


def _extract_phone(slot: Slot, text: str, today: date) -> SlotReading:
    found = recognize_phone_numbers(mask_dates(text, slot.language), slot.region, messages_for(slot.language))
    if reason := next((reason for _, reason in found if reason), ""):
        return SlotReading(error_message=reason, weight=1)
    return _single_value([number for number, _ in found], text, slot)


def _extract_date(slot: Slot, text: str, today: date) -> SlotReading:
    sentences = messages_for(slot.language)
    found = (
        recognize_relative_dates(text, slot.language, today)
        if slot.must_be_future
        else _without_negated(recognize_dates(text, slot.language), text, slot.language)
    )
    if reason := next((item.error_message for item in found if item.error_message), ""):
        return SlotReading(error_message=reason, weight=1)
    if not found and not slot.must_be_future:
        foreign = _extract_foreign_date(slot, text, today)
        is_begun = (
            foreign.value is None
            and len(tokenize(text)) <= _MAX_SHORT_ANSWER_WORDS
            and is_incomplete_date(text, slot.language)
        )
        return SlotReading(error_message=sentences.full_date_required, weight=1) if is_begun else foreign
    reading = _single_value([item.value for item in found], text, slot)
    if not isinstance(reading.value, str):
        return reading
    day = date.fromisoformat(reading.value)
    if slot.must_be_past and day >= today:
        return SlotReading(error_message=sentences.date_in_future, weight=1)
    if slot.must_be_future and day < today:
        return SlotReading(error_message=sentences.date_in_past, weight=1)
    return reading


def _extract_time(slot: Slot, text: str, today: date) -> SlotReading:
    found = recognize_times(text, slot.language)
    if not found and (hour := recognize_bare_hour(text, slot.language)):
        found = [hour]
    if reason := next((item.error_message for item in found if item.error_message), ""):
        return SlotReading(error_message=reason, weight=1)
    return _single_value([item.value for item in found], text, slot)


def _extract_foreign_date(slot: Slot, text: str, today: date) -> SlotReading:
    """A whole date in a language whose months we do not know."""
    is_known = slot.language in LANGUAGES or not is_incomplete_date(text, slot.language)
    day = None if is_known else recognize_date_with_dateparser(text, slot.language, today)
    return SlotReading(day.isoformat(), weight=10) if day else SlotReading()


def _extract_pattern(slot: Slot, text: str, today: date) -> SlotReading:
    assert slot.pattern is not None
    found = list(extract_pattern_matches(slot.pattern, text, slot.language))
    rest = text if found else mask_dates(text, slot.language)
    # a number in a longer message was hardly meant as the answer
    if found or not any(letter.isdigit() for letter in rest) or len(tokenize(rest)) > _MAX_SHORT_ANSWER_WORDS:
        return _single_value(found, text, slot)
    return _invalid_reading(slot)


def _extract_array(slot: Slot, text: str, today: date) -> SlotReading:
    """Every part that stands between commas and the like; all of them, or nothing where none is read."""
    item = item_slot(slot)
    if item is None:
        return SlotReading(list[JsonValue](split_list(text, slot.language)), weight=1)
    whole = SlotReading() if item.is_free_text else extract_slot(item, text, today)
    if whole.value is not None:
        return SlotReading([whole.value], weight=whole.weight)
    readings = [extract_slot(item, part, today) for part in split_list(text, slot.language)]
    values = list[JsonValue](reading.value for reading in readings if reading.value is not None)
    if not values:
        return whole
    if len(values) < len(readings):
        return next((each for each in readings if each.error_message), _invalid_reading(slot))
    return SlotReading(values, weight=sum(reading.weight for reading in readings))


def _without_negated(found: list[Recognized], text: str, language: str) -> list[Recognized]:
    folded, negation = normalize(text), _negation_before(lexicon_for(language))
    return [item for item in found if not negation.search(folded[: item.start])]


@cache
def _negation_before(lexicon: Lexicon) -> re.Pattern[str]:
    suffixes = any_pattern(re.escape(suffix) for suffix in lexicon.negation_suffixes)
    articles = one_of((*lexicon.dates.articles, *lexicon.dates.day_prepositions))
    return re.compile(rf"(?:\b{one_of(lexicon.value_negations)}|{suffixes})(?:\s+{articles})*\s*$")


def _single_value(found: list[Any], text: str, slot: Slot) -> SlotReading:
    """The one value that was found; of several the last when the user corrects themselves."""
    distinct = list(dict.fromkeys(found))
    if not distinct:
        return SlotReading()
    if len(distinct) > 1 and not lexicon_for(slot.language).correction_words.intersection(tokenize(text)):
        sentences = messages_for(slot.language)
        is_day = slot.kind == "date"
        said = [sentences.format_date(date.fromisoformat(item)) if is_day else item for item in distinct[:4]]
        return SlotReading(
            error_message=sentences.ambiguous_value.format(sentences.join_list(said)), weight=1
        )
    return SlotReading(distinct[-1], weight=len(str(distinct[-1])))


_EXTRACTORS: dict[str, Callable[[Slot, str, date], SlotReading]] = {
    "text": _extract_text,
    "enum": _extract_enum,
    "boolean": _extract_boolean,
    "integer": _extract_number,
    "number": _extract_number,
    "email": _extract_email,
    "phone": _extract_phone,
    "date": _extract_date,
    "time": _extract_time,
    "pattern": _extract_pattern,
    "array": _extract_array,
}
