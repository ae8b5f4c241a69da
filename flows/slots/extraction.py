"""Reading a slot's value out of what a person wrote, and checking what a model extracted."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from typing import Any, NamedTuple

from pydantic import JsonValue

from core.model.message import Choice
from flows import locales as wording
from flows.nlu.choices import find_label
from flows.nlu.confirmation import agreement
from flows.nlu.datetimes.dateparser_fallback import foreign_day
from flows.nlu.datetimes.dates import Read, is_part_of_date, read_dates, without_dates
from flows.nlu.datetimes.relative_dates import read_days
from flows.nlu.datetimes.times import read_hour, read_times, without_times
from flows.nlu.numbers import MOST_DIGITS, Number, read_numbers
from flows.nlu.pattern_entities import read_codes
from flows.nlu.phone_numbers import read_phones
from flows.slots.constraint_messages import beyond
from flows.slots.list_items import item_of, parts_of
from flows.slots.slot import Slot
from flows.text.tokens import LONGEST_READ, fold, plain_digits, words

LONGEST_VALUE = 500
_SHORT = 6

_CORRECTING = frozenset(
    words("sorry no actually wait mean rather correction instead oops")
    + words("nein doch eigentlich meine sondern entschuldigung")
)
_DENIED = re.compile(r"(?:\b(?:not|nicht)|n't)(?:\s+(?:on|the|am|den))*\s*$")
_EMAIL = re.compile(
    r"(?<![\w.+@-])(?<!\w')[\w+-]+(?:[.'][\w+-]+)*@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[A-Za-z]{2,}(?![\w@-]|\.\w)"
)


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
    return _within(slot, reader(slot, text, today)) if reader and text else Reading()


def accept(slot: Slot, value: JsonValue, today: date) -> Reading:
    """The value as it is stored, or the reason why what a model extracted will not do."""
    if value is None or value == "":
        return Reading()
    return _within(slot, _taken(slot, value, today) or _refused(slot))


def _within(slot: Slot, reading: Reading) -> Reading:
    """The reading, unless its value is beyond what the slot's schema allows."""
    reason = "" if reading.value is None else beyond(slot, reading.value)
    return Reading(reason=reason, weight=1) if reason else reading


def _refused(slot: Slot) -> Reading:
    return Reading(reason=wording.of(slot.language).unlike.format(slot.description), weight=1)


def _taken(slot: Slot, value: JsonValue, today: date) -> Reading | None:
    """A model's value in the form that the slot has; None where it is of another kind."""
    if slot.kind in ("array", "object"):
        whole = _list(slot, value, today) if slot.kind == "array" else Reading(value, weight=1)
        is_kind = isinstance(whole.value, list if slot.kind == "array" else dict)
        return (
            whole if whole.reason or (is_kind and len(json.dumps(whole.value)) <= 2 * LONGEST_VALUE) else None
        )
    if slot.kind == "boolean" and isinstance(value, bool):
        return Reading(value, weight=1)
    if slot.kind == "enum" and (same := [each for each in slot.values if _is_same(each, value)]):
        return Reading(same[0], weight=1)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if slot.kind in ("integer", "number") and not isinstance(value, str):
        amount = _plain_amount(value)
        is_kind = amount is not None and not (slot.kind == "integer" and isinstance(amount, float))
        return Reading(amount, weight=1) if is_kind else None
    text = str(value).strip()
    if slot.kind == "pattern":
        is_kind = slot.pattern is not None and len(text) <= LONGEST_VALUE and bool(slot.pattern.search(text))
        return Reading(text, weight=len(text)) if is_kind else None
    reading = read(slot, text, today)
    return reading if reading.value is not None or reading.reason else None


def _list(slot: Slot, value: JsonValue, today: date) -> Reading:
    """A model's list, each part as its schema has it; a text is the list that it names."""
    if isinstance(value, str):
        return _array(slot, value, today)
    item = item_of(slot)
    parts: list[JsonValue] = value if isinstance(value, list) else [value]
    if item is None:
        return Reading(parts, weight=1)
    readings = [accept(item, part, today) for part in parts]
    if reason := next((reading.reason for reading in readings if reading.reason), ""):
        return Reading(reason=reason, weight=1)
    return Reading([reading.value for reading in readings if reading.value is not None], weight=1)


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
    amounts = {number.value for number in _numbers(slot, text)}
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
    found = _numbers(slot, text)
    sentences = wording.of(slot.language)
    if doubtful := next((number for number in found if number.other is not None), None):
        both = [number for number in doubtful if number is not None]
        return Reading(reason=sentences.which_one.format(sentences.listed(both)), weight=1)
    if any(number.value is None for number in found):
        return _refused(slot)
    reading = _only([number.value for number in found], text, slot)
    if slot.kind == "integer" and isinstance(reading.value, float):
        return Reading(reason=sentences.whole, weight=1)
    return reading


def _numbers(slot: Slot, text: str) -> list[Number]:
    return read_numbers(without_times(without_dates(text, slot.language), slot.language), slot.language)


def _email(slot: Slot, text: str, today: date) -> Reading:
    return _only([match[0] for match in _EMAIL.finditer(text.replace("’", "'"))], text, slot)


def _phone(slot: Slot, text: str, today: date) -> Reading:
    found = read_phones(without_dates(text), slot.region, wording.of(slot.language))
    if reason := next((reason for _, reason in found if reason), ""):
        return Reading(reason=reason, weight=1)
    return _only([number for number, _ in found], text, slot)


def _date(slot: Slot, text: str, today: date) -> Reading:
    sentences = wording.of(slot.language)
    found = (
        read_days(text, slot.language, today)
        if slot.future
        else _undenied(read_dates(text, slot.language), text)
    )
    if reason := next((item.reason for item in found if item.reason), ""):
        return Reading(reason=reason, weight=1)
    if not found and not slot.future:
        foreign = _foreign(slot, text, today)
        is_begun = foreign.value is None and len(words(text)) <= _SHORT and is_part_of_date(text)
        return Reading(reason=sentences.whole_date, weight=1) if is_begun else foreign
    reading = _only([item.value for item in found], text, slot)
    if not isinstance(reading.value, str):
        return reading
    day = date.fromisoformat(reading.value)
    if slot.past and day >= today:
        return Reading(reason=sentences.not_yet, weight=1)
    if slot.future and day < today:
        return Reading(reason=sentences.passed, weight=1)
    return reading


def _time(slot: Slot, text: str, today: date) -> Reading:
    found = read_times(text, slot.language)
    if not found and (hour := read_hour(text, slot.language)):
        found = [hour]
    if reason := next((item.reason for item in found if item.reason), ""):
        return Reading(reason=reason, weight=1)
    return _only([item.value for item in found], text, slot)


def _foreign(slot: Slot, text: str, today: date) -> Reading:
    """A whole date in a language whose months we do not know."""
    is_known = slot.language in wording.LANGUAGES or not is_part_of_date(text)
    day = None if is_known else foreign_day(text, slot.language, today)
    return Reading(day.isoformat(), weight=10) if day else Reading()


def _pattern(slot: Slot, text: str, today: date) -> Reading:
    assert slot.pattern is not None
    found = list(read_codes(slot.pattern, text))
    rest = text if found else without_dates(text)
    # a number in a longer message was hardly meant as the answer
    if found or not any(letter.isdigit() for letter in rest) or len(words(rest)) > _SHORT:
        return _only(found, text, slot)
    return _refused(slot)


def _array(slot: Slot, text: str, today: date) -> Reading:
    """Every part that stands between commas and the like; all of them, or nothing where none is read."""
    item = item_of(slot)
    if item is None:
        return Reading(list[JsonValue](parts_of(text)), weight=1)
    whole = Reading() if item.is_free else read(item, text, today)
    if whole.value is not None:
        return Reading([whole.value], weight=whole.weight)
    readings = [read(item, part, today) for part in parts_of(text)]
    values = list[JsonValue](reading.value for reading in readings if reading.value is not None)
    if not values:
        return whole
    if len(values) < len(readings):
        return next((each for each in readings if each.reason), _refused(slot))
    return Reading(values, weight=sum(reading.weight for reading in readings))


def _undenied(found: list[Read], text: str) -> list[Read]:
    folded = fold(text)
    return [item for item in found if not _DENIED.search(folded[: item.start])]


def _only(found: list[Any], text: str, slot: Slot) -> Reading:
    """The one value that was found; of several the last when the user corrects themselves."""
    distinct = list(dict.fromkeys(found))
    if not distinct:
        return Reading()
    if len(distinct) > 1 and not set(words(text)) & _CORRECTING:
        sentences = wording.of(slot.language)
        is_day = slot.kind == "date"
        said = [sentences.spoken(date.fromisoformat(item)) if is_day else item for item in distinct[:4]]
        return Reading(reason=sentences.which_one.format(sentences.listed(said)), weight=1)
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
    "array": _array,
}
