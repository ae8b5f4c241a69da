"""Reads days in relation to known ones: “the 27th” after 20 December is in December."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta

from flows.llm.model import TransitionRequest
from flows.locales import lexicon_for
from flows.nlu import denied_positions, have_same_stem, is_excepted, recognize_confirmation
from flows.slots import Slot, SlotReading, extract_slot, label_words, words_of_slot
from flows.text import tokenize

_MIN_NAME = 3
_LEADING_DIGITS = re.compile(r"\d{1,2}(?!\d)")


def follow_known_day(slot: Slot, reading: SlotReading, text: str, request: TransitionRequest) -> SlotReading:
    """Return the reading of a coming day, with what is known of it and of the day that it ends.

    A mere day of the month stays in the month of the day that it corrects. The day that ends something (“back
    on Monday”) is the next one behind the beginning.
    """
    if slot.kind != "date" or not slot.must_be_future or not isinstance(reading.value, str):
        return reading
    if (known := _day(request.values.get(slot.name))) is not None:
        if _repeats_weekday(known, _day(reading.value), text, slot.language):
            return SlotReading(known.isoformat(), weight=reading.weight)
        again = extract_slot(slot, text, max(known.replace(day=1), request.today))
        day, moved = _day(reading.value), _day(again.value)
        if day is None or moved is None or day.day != moved.day or moved == day:
            return _reading_after_start(slot, reading, text, request)
        return again if moved.month == known.month else reading
    return _reading_after_start(slot, reading, text, request)


def _repeats_weekday(known: date, day: date | None, text: str, language: str) -> bool:
    """Return whether a yes names the known day by its weekday: “yes, Tuesday at 10” for Tuesday the 8th."""
    if day is None or day.weekday() != known.weekday() or not recognize_confirmation(text, language):
        return False
    named = {
        word for names in lexicon_for(language).dates.weekdays for name in names for word in tokenize(name)
    }
    words = tokenize(text)
    following = {word for at, word in enumerate(words) if at and words[at - 1] in named}
    return not named.isdisjoint(words) and not any(word.isdigit() for word in following)


def _reading_after_start(
    slot: Slot, reading: SlotReading, text: str, request: TransitionRequest
) -> SlotReading:
    """Return the reading of an end behind its beginning; one that corrects another only as a weekday."""
    begun, day = _day_before(slot, request), _day(reading.value)
    if begun is None or day is None or day > begun:
        return reading
    again = extract_slot(slot, text, begun + timedelta(1))
    moved = _day(again.value)
    if moved is None or moved <= day:
        return reading
    is_new = slot.name not in request.values
    return (
        again if is_new or (moved.weekday() == day.weekday() and not any(map(str.isdigit, text))) else reading
    )


def is_about_other_day(slot: Slot, request: TransitionRequest) -> bool:
    """Return whether a text corrects another known day than the slot's.

    It names the other one's label (“the return is the 9th”), or says that the other one's day is not meant
    (“the 9th, not the 8th”).
    """
    days = {each.name: each for edge in request.available_edges for each in edge.slots if each.kind == "date"}
    others = [each for name, each in days.items() if name != slot.name and name in request.values]
    if not others or slot.name not in request.values:
        return False
    words = frozenset(tokenize(request.text))
    own = len(label_words(slot) & words)
    if most := max(len(label_words(other) & words) for other in others):
        return own < most
    old = _excluded_days(request.text, request.language)
    known = _day(request.values[slot.name])
    is_own = known is not None and known.day in old
    return not is_own and any(
        (day := _day(request.values[other.name])) is not None and day.day in old for other in others
    )


def names_rival(slot: Slot, request: TransitionRequest) -> bool:
    """Return whether a text names only another day or time of the form than the slot's.

    “The arrival is the 6th” is no answer to “When do you leave?”.
    """
    if not slot.rivals:
        return False
    lexicon = lexicon_for(slot.language)
    own, rivals = words_of_slot(slot), frozenset(tokenize(slot.rivals.replace("_", " ")))
    common = lexicon.fillers | lexicon.question_words | lexicon.dates.ordinals | lexicon.times.hours.keys()
    said = frozenset(tokenize(request.text)) - common
    other = rivals - own - common - lexicon.clauses.value_companions  # “date”, “day”
    return _names_any(said, other, request.language) and not _names_any(
        said, own - rivals - common, request.language
    )


def _names_any(said: Iterable[str], names: frozenset[str], language: str) -> bool:
    return any(
        len(word) >= _MIN_NAME
        and (word in names or any(have_same_stem(word, name, language) for name in names))
        for word in said
    )


def _excluded_days(text: str, language: str) -> frozenset[int]:
    """Return the days of a month that a text denies or leaves out (“not the 8th”, “instead of the 8th”)."""
    found = map(_LEADING_DIGITS.match, excluded_words(text, language))
    return frozenset(int(match[0]) for match in found if match)


def excluded_words(text: str, language: str) -> frozenset[str]:
    """Return the words that a text denies or replaces by others."""
    denied, words = denied_positions(text, language), tokenize(text)
    return frozenset(
        word for at, word in enumerate(words) if at in denied or is_excepted(words[:at], language)
    )


def _day_before(slot: Slot, request: TransitionRequest) -> date | None:
    """Return the only other day that is known, where the slot asks for an end."""
    if words_of_slot(slot).isdisjoint(lexicon_for(slot.language).dates.end_question_words):
        return None
    names = {
        other.name
        for edge in request.available_edges
        for other in edge.slots
        if other.kind == "date" and other.must_be_future and other.name != slot.name
    }
    days = [day for name in names if (day := _day(request.values.get(name))) is not None]
    return days[0] if len(days) == 1 else None


def _day(value: object) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
