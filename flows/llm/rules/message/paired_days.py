"""Days and times of which a form has several: which one a correction means, by its label or old value."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

from flows.llm.model import TransitionRequest
from flows.llm.rules.message.known_days import excluded_words
from flows.locales import lexicon_for, messages_for
from flows.nlu import have_same_stem, is_request
from flows.slots import Slot, SlotReading, label_words, words_of_slot
from flows.text import tokenize

_HALF_DAY = 12


def without_other_day(slot: Slot, reading: SlotReading, request: TransitionRequest) -> SlotReading:
    """Return the reading of a day that its label or its old value tells from others of its kind.

    With neither, the reading asks which one is meant. Who only asks something corrects nothing, nor who
    tells of one of theirs (“my friend returns on the 9th”).
    """
    if _only_asks(request.text, request.language) or _is_about_other_person(request.text, request.language):
        return SlotReading()
    rivals = _competing_slots(slot, request)
    meant = _find_meant_names(rivals, request)
    if meant == {slot.name}:
        return reading
    if meant or reading.value is None:
        return SlotReading()
    messages = messages_for(request.language)
    names = [each.description for each in rivals]
    listed = f" {messages.word_or} ".join(names)
    return SlotReading(error_message=messages.which_value.format(listed), weight=1)


def _only_asks(text: str, language: str) -> bool:
    wishes = lexicon_for(language).subjects.openness_words
    is_wish = is_request(" ".join(tokenize(text)), language) or not wishes.isdisjoint(tokenize(text))
    return text.rstrip().endswith("?") and not is_wish


def _is_about_other_person(text: str, language: str) -> bool:
    lexicon, words = lexicon_for(language), tokenize(text)
    owned = any(
        one in lexicon.names.owners and other in lexicon.names.relatives for one, other in pairwise(words)
    )
    return owned and lexicon.subjects.speakers.isdisjoint(words)


def _competing_slots(slot: Slot, request: TransitionRequest) -> list[Slot]:
    """Return the values of this kind that are told by their label, the slot itself among them."""
    slots = {
        each.name: each
        for edge in request.available_edges
        for each in edge.slots
        if each.kind == slot.kind and each.identified_by
    }
    return list(slots.values())


def _find_meant_names(rivals: list[Slot], request: TransitionRequest) -> set[str]:
    """Return the names of the values that a text can mean, empty if it says nothing of it."""
    left_out = excluded_words(request.text, request.language)
    old = {each.name for each in rivals if _is_old(request.values.get(each.name), left_out, request.language)}
    names = {each.name: _distinctive_words(each, rivals) for each in rivals}
    counts = {each.name: _count_named(names[each.name], each, request) for each in rivals}
    most = max(counts.values(), default=0)
    named = {name for name, count in counts.items() if count == most > 0}
    if named and old:
        return named & old
    return (named or old) if len(named or old) == 1 else set()


def _distinctive_words(slot: Slot, rivals: list[Slot]) -> frozenset[str]:
    """Return the words of a value's label that no other has, with all words of its end of a period."""
    dates, words = lexicon_for(slot.language).dates, _labels(slot)
    others = frozenset[str]().union(*(_labels(each) for each in rivals if each.name != slot.name))
    asked = frozenset[str]().union(*(words_of_slot(each) for each in rivals if each.name != slot.name))
    for ends in (dates.start_question_words, dates.end_question_words):
        if not ends.isdisjoint(words_of_slot(slot)) and ends.isdisjoint(asked):
            words |= ends
    return words - others


def _labels(slot: Slot) -> frozenset[str]:
    lexicon = lexicon_for(slot.language)
    return label_words(slot) | (frozenset(tokenize(slot.nouns)) - lexicon.fillers)


def _count_named(names: frozenset[str], slot: Slot, request: TransitionRequest) -> int:
    """Return how many words of a text name a value, also if written apart; an ordinal only beside a noun."""
    words, lexicon = tokenize(request.text), lexicon_for(request.language)
    ordinals, moves = lexicon.dates.days_in_words, lexicon.speech_acts.move_words
    names = names if moves.isdisjoint(words) else names & _labels(slot)  # “push it back”
    found = 0
    for at, word in enumerate(words):
        following = words[at + 1] if at + 1 < len(words) else ""
        if word in ordinals and following not in _labels(slot):
            continue
        joined = f"{word}{following}"
        found += joined in names or any(
            word == name or have_same_stem(word, name, request.language) for name in names
        )
    return found


def _is_old(known: object, left_out: frozenset[str], language: str) -> bool:
    """Return whether words that a text denies or leaves out are a known day or time."""
    if not isinstance(known, str) or not left_out:
        return False
    numbers = {int(digits) for word in left_out if (digits := _leading_digits(word))}
    if ":" in known:
        return int(known[:2]) % _HALF_DAY in {number % _HALF_DAY for number in numbers}
    try:
        day = date.fromisoformat(known)
    except ValueError:
        return False
    names = lexicon_for(language).dates.weekdays[day.weekday()]
    return day.day in numbers or not left_out.isdisjoint(names)


def _leading_digits(word: str) -> str:
    end = next((at for at, letter in enumerate(word) if not letter.isdecimal()), len(word))
    return word[:end] if end <= len("31") else ""
