"""Numbers that are told by their noun, where others may be meant: “5 people” beside a day and a time."""

from __future__ import annotations

import re
from itertools import pairwise

from flows.locales import lexicon_for
from flows.nlu import denied_positions, is_replaced
from flows.slots.recognizers.enum_values import named_values
from flows.slots.recognizers.numbers.plain_numbers import is_number, number_values, without_reason
from flows.slots.recognizers.numbers.slot_nouns import is_countable_only, nouns_of_slot, stem_of_noun
from flows.slots.slot import Slot, words_of_slot
from flows.text import tokenize

_MAX_NUMBER_WORDS, _MAX_STRESSED_WORDS = 3, 10
_PART = re.compile(r"[,;:!?]+(?=\s|$)")
_MIN_BARE = 32
"""A smaller number alone may be a day or an hour."""


def recognize_named_numbers(slot: Slot, names: frozenset[str], text: str) -> list[int | float]:
    """Return the numbers of a text beside a noun of the slot, and those that cannot mean anything else."""
    words, nouns = tokenize(text), nouns_of_slot(slot, names)
    found = [
        value
        for at, word in enumerate(words)
        if stem_of_noun(word) in nouns
        for value in _number_beside_noun(at, words, slot)
    ]
    if not found and not lexicon_for(slot.language).numbers.people_words.isdisjoint(names):
        parts = [words, *tokenize_parts(text)]
        found = next(filter(None, (number_of_people(part, slot) for part in parts)), [])
    if found or slot.identified_by != "noun or size":
        return found
    return _bare_number(tokenize(without_reason(slot, text)), slot)


def is_changed_behind_noun(slot: Slot, names: frozenset[str], text: str) -> bool:
    """Return whether words behind the slot's noun make its number another one (“one guest more”)."""
    words, nouns = tokenize(text), nouns_of_slot(slot, names)
    return any(
        stem_of_noun(word) in nouns and _is_changed_behind(at, words, slot) and is_number(words[at - 1], slot)
        for at, word in enumerate(words)
    )


def adds_unit(slot: Slot, names: frozenset[str], text: str) -> bool:
    """Return whether words behind the slot's noun make one of them another number (“eine Person mehr”)."""
    words, nouns = tokenize(text), nouns_of_slot(slot, names)
    return any(
        stem_of_noun(word) in nouns and _is_changed_behind(at, words, slot) for at, word in enumerate(words)
    )


def denied_numbers(slot: Slot, text: str) -> frozenset[int | float]:
    """Return the numbers of a text that it denies (“I am not 45”)."""
    denied, words = denied_positions(text, slot.language), tokenize(text)
    replaced = {at for at in range(1, len(words)) if is_replaced(words[:at], slot.language)}
    denied |= frozenset(at for at in replaced if is_number(words[at], slot))  # “4 instead of 3”
    numbers = [(at, word) for at, word in enumerate(words) if at in denied and is_number(word, slot)]
    kept = {value for at, word in enumerate(words) if at not in denied for value in number_values(word, slot)}
    return frozenset(value for _, word in numbers for value in number_values(word, slot)) - kept


def ranked_number(slot: Slot, names: frozenset[str], text: str, *, is_asked: bool) -> int | None:
    """Return the number of an ordinal where a floor or the like is asked for: 3 for “third floor”.

    An ordinal alone counts only where it `is_asked` for; “ground floor” is 0.
    """
    lexicon, words = lexicon_for(slot.language), tokenize(text)
    ranked = lexicon.numbers.ranked_nouns & names
    if not ranked or slot.kind != "integer" or denied_positions(text, slot.language):
        return None
    spaced = f" {' '.join(words)} "
    if any(f" {each} " in spaced for each in lexicon.numbers.ground_words):
        return 0
    positions = lexicon.numbers.positions
    found = {
        number
        for at, word in enumerate(words)
        if (number := positions.get(word) or positions.get(word[:-1]))
        and not is_number(word, slot)
        and (is_asked or not lexicon.numbers.ranked_nouns.isdisjoint(words[at + 1 : at + 2]))
    }
    known = lexicon.fillers | lexicon.numbers.ranked_nouns | lexicon.clauses.value_companions
    is_clear = len(words) <= _MAX_STRESSED_WORDS and (not is_asked or len(set(words) - known) <= 2)
    return found.pop() if len(found) == 1 and is_clear else None


def _number_beside_noun(at: int, words: tuple[str, ...], slot: Slot) -> list[int | float]:
    """Return the number before the noun at a position, or the digits behind it (“guests: 5”).

    None where words behind the noun make it another number (“one guest more”).
    """
    if _is_changed_behind(at, words, slot):
        return []
    for length in range(_MAX_NUMBER_WORDS, 0, -1):
        before = words[max(0, at - length) : at]
        if before and _is_one_number(before, slot):
            return number_values(" ".join(before), slot)
    lexicon = lexicon_for(slot.language)
    fillers = (
        lexicon.fillers
        | lexicon.clauses.consent_companions
        | set(" ".join(lexicon.names.naming_phrases).split())
    )
    behind = [word for word in words[at + 1 : at + 4] if word not in fillers][:1]
    return number_values(behind[0], slot) if behind and is_number(behind[0], slot) else []


def _is_changed_behind(at: int, words: tuple[str, ...], slot: Slot) -> bool:
    behind = f"{' '.join(words[at + 1 : at + 4])} "
    changing = lexicon_for(slot.language).numbers.amount_modifiers_after
    return at > 0 and any(behind.startswith(f"{each} ") for each in changing)


def numbers_of_values(slot: Slot, values: Slot, text: str) -> list[int | float]:
    """Return the numbers of a text right before a value of a list (“2 large boxes”)."""
    words, names = tokenize(text), words_of_slot(slot)
    if is_countable_only(slot, names):
        return []
    return [
        number
        for word, following in pairwise(words)
        if is_number(word, slot) and named_values(values, following)
        for number in number_values(word, slot)
    ]


def _is_one_number(words: tuple[str, ...], slot: Slot) -> bool:
    """Return whether words are one number, or several to choose from (“2 or 3”)."""
    lexicon = lexicon_for(slot.language)
    links = (*lexicon.and_words, *lexicon.or_words, *lexicon.times.range_to_words)
    ends = is_number(words[0], slot) and is_number(words[-1], slot)
    return ends and all(word in links or is_number(word, slot) for word in words)


def tokenize_parts(text: str) -> list[tuple[str, ...]]:
    """Return the words of each part of a text between its punctuation."""
    return list(map(tokenize, _PART.split(text)))


def number_of_people(
    words: tuple[str, ...], slot: Slot, *, needs_statement: bool = False
) -> list[int | float]:
    """Return the number of people in “table for 2”: none that counts something else (“for 2 nights”).

    With `needs_statement` only where more than a preposition says so (“we are 4”).
    """
    lexicon = lexicon_for(slot.language)
    skipped = lexicon.clauses.particles | lexicon.correction_words
    words = tuple(word for word in words if word not in skipped)
    spaced = f" {' '.join(words)} "
    if told := [count for name, count in lexicon.numbers.count_alone.items() if f" {name} " in spaced]:
        return [*told]
    known = lexicon.fillers | lexicon.thanks | lexicon.clauses.value_companions | lexicon.clauses.value_links
    for phrase in lexicon.numbers.people_counts:
        before, _, after = phrase.partition("#")
        ahead, behind = tokenize(before), tokenize(after)
        if needs_statement and known.issuperset((*ahead, *behind)):
            continue
        for at, word in enumerate(words):
            is_framed = (
                words[max(0, at - len(ahead)) : at] == ahead
                and words[at + 1 : at + 1 + len(behind)] == behind
            )
            following = words[at + 1 + len(behind) : at + 2 + len(behind)]
            if is_framed and is_number(word, slot) and known.issuperset(following):
                return number_values(word, slot)
    return []


def _bare_number(words: tuple[str, ...], slot: Slot) -> list[int | float]:
    lexicon = lexicon_for(slot.language)
    known = lexicon.fillers | lexicon.correction_words | lexicon.answers.no | lexicon.clauses.value_companions
    rest = [word for word in words if word not in known]
    values = (
        number_values(" ".join(words), slot) if rest and all(is_number(word, slot) for word in rest) else []
    )
    return values if len(values) == 1 and values[0] >= _MIN_BARE else []
