"""Reading a slot's value out of what a person wrote, and checking what a model extracted."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any, NamedTuple

from pydantic import JsonValue

from core.message import Choice
from flows import wording
from flows.agreement import agreement
from flows.choices import find_label
from flows.dates import Read, read_dates, read_times
from flows.numbers import MOST_DIGITS, read_numbers
from flows.phones import read_phones
from flows.relative import relative_day
from flows.slots import Slot
from flows.words import LONGEST_READ, fold, plain_digits, words

LONGEST_VALUE = 500
_LONGEST_TOKEN = 100
_SHORT = 6

_CORRECTING = frozenset(
    words("sorry no actually wait mean rather correction instead oops")
    + words("nein doch eigentlich meine sondern entschuldigung")
)
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}")
_HOUR = re.compile(
    r"(?:at|um|around|about|gegen)?\s*(\d{1,2})(?:\s*o'?clock)?\s*(?:please|bitte)?[.!]?", re.IGNORECASE
)
# a group of digits such as “43 21” is one token, so that no part of a longer number is taken for an answer
_TOKEN = re.compile(r"(?:(?<=\s)|^)\+?\d+(?:[ -]\d+)*(?=[\s.,;:!?)]|$)|\S+")


class Reading(NamedTuple):
    """A `value`; or, when it is None, the `reason` for the user, empty when there was nothing to read.

    `weight` is how many characters of the text it rests on.
    """

    value: JsonValue = None
    reason: str = ""
    weight: int = 0


def read(slot: Slot, text: str, today: date) -> Reading:
    """What `text` says about `slot`, read without a model."""
    text = plain_digits(text[:LONGEST_READ]).strip()
    reader = _READERS.get(slot.kind)
    return reader(slot, text, today) if reader and text else Reading()


def accept(slot: Slot, value: JsonValue, today: date) -> Reading:
    """The value as it is stored, or the reason why what a model extracted will not do."""
    if value is None or value == "":
        return Reading()
    refused = Reading(reason=wording.of(slot.language).unlike.format(slot.description))
    if slot.kind in ("array", "object"):
        fits = (
            isinstance(value, list if slot.kind == "array" else dict)
            and len(json.dumps(value)) <= 2 * LONGEST_VALUE
        )
        return Reading(value, weight=1) if fits else refused
    if slot.kind == "boolean" and isinstance(value, bool):
        return Reading(value, weight=1)
    if slot.kind == "enum" and (same := [each for each in slot.values if _is_same(each, value)]):
        return Reading(same[0], weight=1)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return refused
    if slot.kind in ("integer", "number") and not isinstance(value, str):
        amount = _plain_amount(value)
        fits = amount is not None and not (slot.kind == "integer" and isinstance(amount, float))
        return Reading(amount, weight=1) if fits else refused
    text = str(value).strip()
    if slot.kind == "pattern":
        fits = (
            slot.pattern is not None and len(text) <= LONGEST_VALUE and slot.pattern.search(text) is not None
        )
        return Reading(text, weight=len(text)) if fits else refused
    reading = read(slot, text, today)
    return reading if reading.value is not None or reading.reason else refused


def _is_same(one: JsonValue, other: JsonValue) -> bool:
    """Whether two values are the same in JSON, where 2.0 is 2 and true is not 1."""
    return one == other and isinstance(one, bool) is isinstance(other, bool)


def _plain_amount(value: int | float) -> int | float | None:
    """3.0 as 3; nothing for what no amount is as large as, or is no number at all."""
    if not -(10**MOST_DIGITS) < value < 10**MOST_DIGITS:
        return None
    return int(value) if int(value) == value else value


def _text(slot: Slot, text: str, today: date) -> Reading:
    return Reading(text[:LONGEST_VALUE], weight=1)


def _enum(slot: Slot, text: str, today: date) -> Reading:
    """By value or label alone: nobody was shown these values as a list, so a number is no place in it."""
    offered = [Choice(label=str(value), payload=str(value)) for value in slot.values]
    if chosen := find_label(text, offered):
        return Reading(slot.values[offered.index(chosen)], weight=len(chosen.label))
    amounts = {number.value for number in read_numbers(_without_dates(text), slot.language)}
    named = [value for value in slot.values if not isinstance(value, bool) and _amount(value) in amounts]
    return _only(named, text, slot) if len(amounts) == 1 and len(words(text)) <= _SHORT else Reading()


def _amount(value: JsonValue) -> int | float | str:
    """What a value such as 2 or "2" is as a number; the text of any other."""
    if isinstance(value, int | float):
        return value
    return int(str(value)) if str(value).isdecimal() and len(str(value)) <= MOST_DIGITS else str(value)


def _boolean(slot: Slot, text: str, today: date) -> Reading:
    agreed = agreement(text)
    return Reading() if agreed is None else Reading(agreed, weight=3)


def _number(slot: Slot, text: str, today: date) -> Reading:
    found = read_numbers(_without_dates(text), slot.language)
    sentences = wording.of(slot.language)
    if doubtful := next((number for number in found if number.other is not None), None):
        both = [number for number in doubtful if number is not None]
        return Reading(reason=sentences.which_one.format(sentences.listed(both)), weight=1)
    if any(number.value is None for number in found):
        return Reading(reason=sentences.unlike.format(slot.description), weight=1)
    reading = _only([number.value for number in found], text, slot)
    if slot.kind == "integer" and isinstance(reading.value, float):
        return Reading(reason=sentences.whole, weight=1)
    return reading


def _email(slot: Slot, text: str, today: date) -> Reading:
    return _only([match[0] for match in _EMAIL.finditer(text)], text, slot)


def _phone(slot: Slot, text: str, today: date) -> Reading:
    found = read_phones(_without_dates(text), slot.region, wording.of(slot.language))
    if reason := next((reason for _, reason in found if reason), ""):
        return Reading(reason=reason, weight=1)
    return _only([number for number, _ in found], text, slot)


def _date(slot: Slot, text: str, today: date) -> Reading:
    found = _kept(read_dates(text, slot.language), text)
    if any(item.reason for item in found):
        return Reading(reason=next(item.reason for item in found if item.reason), weight=1)
    reading = _only([item.value for item in found], text, slot)
    if isinstance(reading.value, str):
        day = date.fromisoformat(reading.value)
    elif reading.reason:
        return reading
    else:
        meant = relative_day(text, slot.language, today, future=slot.future)
        if meant is None:
            return Reading()
        day, reading = meant, Reading(meant.isoformat(), weight=4)
    if slot.past and day >= today:
        return Reading(reason=wording.of(slot.language).not_yet, weight=1)
    if slot.future and day < today:
        return Reading(reason=wording.of(slot.language).passed, weight=1)
    return reading


def _time(slot: Slot, text: str, today: date) -> Reading:
    found = _kept(read_times(text, slot.language), text)
    if any(item.reason for item in found):
        return Reading(reason=next(item.reason for item in found if item.reason), weight=1)
    if not found and (hour := _HOUR.fullmatch(text)) and int(hour[1]) < 24:
        return _hour(slot, int(hour[1]))
    return _only([item.value for item in found], text, slot)


def _hour(slot: Slot, hour: int) -> Reading:
    """A bare number as an hour, where it can only be one."""
    if hour == 0 or hour > 12:
        return Reading(f"{hour:02}:00", weight=2)
    return Reading(reason=wording.of(slot.language).which_hour.format(hour), weight=1)


def _pattern(slot: Slot, text: str, today: date) -> Reading:
    found = list(_matching(slot.pattern, text))
    if not found and _without_dates(text) != text:
        text = _without_dates(text)
    # a number in a longer message was hardly meant as the answer
    if found or not any(letter.isdigit() for letter in text) or len(words(text)) > _SHORT:
        return _only(found, text, slot)
    return Reading(reason=wording.of(slot.language).unlike.format(slot.description))


def _matching(pattern: re.Pattern[str] | None, text: str) -> Iterator[str]:
    """Every token, or two tokens together, that the pattern takes whole; denied ones are left out."""
    assert pattern is not None
    if len(text) <= LONGEST_VALUE and pattern.fullmatch(text):
        yield text
        return
    tokens = [
        token.strip(".,;:!?\"'()“”#")[:_LONGEST_TOKEN] for token in _TOKEN.findall(_without_dates(text))
    ]
    index = 0
    while index < len(tokens):
        pair = tokens[index : index + 2]
        joined = ["".join(pair), "-".join(pair)] if len(pair) == 2 else []
        forms = [(2, form) for form in joined] + [(1, tokens[index]), (1, re.sub(r"[ -]", "", tokens[index]))]
        taken, value = next(
            ((count, way) for count, form in forms for way in (form, form.upper()) if pattern.fullmatch(way)),
            (1, ""),
        )
        if value and not _is_denied(tokens[:index]):
            yield value
        index += taken


def _is_denied(before: list[str]) -> bool:
    return bool(before) and fold(before[-1]) in ("not", "isn't", "isnt", "nicht")


def _kept(found: list[Read], text: str) -> list[Read]:
    folded = fold(text)
    return [item for item in found if not _is_denied(folded[: item.start].split())]


def _without_dates(text: str) -> str:
    """The text with whole dates taken out, so that a year is not taken for four digits."""
    folded = fold(text)
    if len(folded) != len(text):  # folding moved the letters, so positions in it say nothing about the text
        text = folded
    for item in reversed([item for item in read_dates(text) if not folded[item.start : item.end].isdigit()]):
        text = f"{text[: item.start]} . {text[item.end :]}"
    return text


def _only(found: list[Any], text: str, slot: Slot) -> Reading:
    """The one value that was found; of several the last when the user corrects themselves."""
    distinct = list(dict.fromkeys(found))
    if not distinct:
        return Reading()
    if len(distinct) > 1 and not set(words(text)) & _CORRECTING:
        sentences = wording.of(slot.language)
        return Reading(reason=sentences.which_one.format(sentences.listed(distinct[:4])), weight=1)
    return Reading(distinct[-1], weight=len(str(distinct[-1])))


_READERS: dict[str, Callable[[Slot, str, date], Reading]] = {
    "text": _text,
    "enum": _enum,
    "boolean": _boolean,
    "integer": _number,
    "number": _number,
    "email": _email,
    "phone": _phone,
    "date": _date,
    "time": _time,
    "pattern": _pattern,
}
