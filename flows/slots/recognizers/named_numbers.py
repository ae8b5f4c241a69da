"""Numbers that are told by their noun, where others may be meant: “5 people” beside a day and a time."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from itertools import pairwise

from flows.locales import Lexicon, lexicon_for
from flows.nlu import denied_positions, is_replaced, one_of
from flows.slots.recognizers.enum_values import named_values
from flows.slots.recognizers.plain_numbers import is_number, number_values, without_reason
from flows.slots.slot import Slot, words_of_slot
from flows.text import tokenize

_MIN_NOUN, _MAX_NUMBER_WORDS, _MAX_STRESSED_WORDS = 3, 3, 10
_DIMINUTIVE = re.compile(r"(?<=\w\w)it([oa]s?)$")
"""The ending of Spanish words for small things (“horitas”)."""
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
        parts = [words, *map(tokenize, _PART.split(text))]
        found = next(filter(None, (_number_of_people(part, slot) for part in parts)), [])
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


def numbers_that_name(slot: Slot, names: frozenset[str], text: str) -> frozenset[int | float]:
    """Return the numbers of a text that only name which one is meant (“table 4”), and count nothing."""
    numbers = lexicon_for(slot.language).numbers
    ranked = numbers.ranked_nouns if numbers.ranked_nouns & names else frozenset[str]()
    nouns = numbers.numbered_nouns - names - ranked
    return frozenset(
        value
        for noun, word in pairwise(tokenize(text))
        if noun in nouns and is_number(word, slot)
        for value in number_values(word, slot)
    )


def values_of_others(slot: Slot, names: frozenset[str], text: str) -> frozenset[int | float]:
    """Return the numbers of a text that count something else than the slot: “in 5 minutes”, “I have 2 dogs”.

    That is so with a unit that is not asked for; where people or units are asked for, with any other noun.
    """
    lexicon = lexicon_for(slot.language)
    words, numbers = tokenize(text), lexicon.numbers
    spaced = f" {' '.join(tokenize(f'{slot.question} {slot.description}'))} "
    is_age = not names.isdisjoint(numbers.age_words)
    if not names.isdisjoint(numbers.money_questions):
        return _values_with_unit(words, slot)
    if not is_age and not any(f" {phrase} " in spaced for phrase in numbers.count_phrases):
        return frozenset()
    nouns, units = nouns_of_slot(slot, names), frozenset(map(stem_of_noun, numbers.unit_words))
    is_strict = is_age or _is_strict(slot, names)
    nouns |= frozenset(map(stem_of_noun, numbers.age_units)) if is_age else frozenset()
    known = _words_beside_counts(lexicon) if is_strict else frozenset()
    people = frozenset() if names & numbers.people_words else numbers.people_words
    found = set[int | float](_number_of_people(words, slot, needs_statement=True) if people else ())
    parts = [tokenize(part) for part in _PART.split(text)]
    for word, following in (pair for part in parts for pair in pairwise(part)):
        if not following.isalpha() or stem_of_noun(following) in nouns or not is_number(word, slot):
            continue
        is_other = following in people or (
            is_strict and following not in known and not is_number(following, slot)
        )
        if stem_of_noun(following) in units or is_other:
            found.update(number_values(word, slot))
    return frozenset(found)


def _values_with_unit(words: tuple[str, ...], slot: Slot) -> frozenset[int | float]:
    """Return the numbers before a unit other than money, where an amount of money is asked for: “5 kg”."""
    numbers = lexicon_for(slot.language).numbers
    units = (
        numbers.unit_words | numbers.people_words | numbers.unit_abbreviations.keys()
    ) - numbers.money_words
    return frozenset(
        value
        for word, unit in pairwise(words)
        if unit in units and is_number(word, slot)
        for value in number_values(word, slot)
    )


@cache
def _words_beside_counts(lexicon: Lexicon) -> frozenset[str]:
    """Return the words that may follow a number of people or of units without being what is counted."""
    answers, clauses, numbers = lexicon.answers, lexicon.clauses, lexicon.numbers
    known = lexicon.fillers | lexicon.thanks | lexicon.correction_words | lexicon.stop_words
    known |= clauses.value_companions | clauses.consent_companions | clauses.value_connectors
    known |= lexicon.speech_acts.second_thoughts | numbers.people_words | lexicon.names.relatives
    known |= answers.yes | answers.no | answers.correct
    known |= {*lexicon.and_words, *lexicon.or_words, *numbers.amount_multipliers}
    return known.union(
        *(
            phrase.split()
            for phrase in (*numbers.amount_modifiers_after, *clauses.reservations, *clauses.replacements)
        )
    )


def recognize_single_unit(slot: Slot, names: frozenset[str], text: str) -> int | None:
    """Return 1 for a text that names one of what is counted (“a month”)."""
    words, counts = tokenize(text), lexicon_for(slot.language).dates.counts
    nouns = nouns_of_slot(slot, names)
    is_one = any(counts.get(one) == 1 and stem_of_noun(word) in nouns for one, word in pairwise(words))
    is_short = len(words) <= _MAX_NUMBER_WORDS + 2 or _is_stressed_one(words, nouns, slot)
    return 1 if (is_one and is_short) or _is_only_one(words, slot) else None


def _is_stressed_one(words: tuple[str, ...], nouns: frozenset[str], slot: Slot) -> bool:
    """Return whether a longer text stresses that it is one: “it's only one person”, “better one session”."""
    lexicon = lexicon_for(slot.language)
    counts = lexicon.dates.counts
    stressed = lexicon.clauses.particles | lexicon.speech_acts.second_thoughts | lexicon.correction_words
    return len(words) <= _MAX_STRESSED_WORDS and any(
        first in stressed and counts.get(one) == 1 and stem_of_noun(noun) in nouns
        for first, one, noun in zip(words, words[1:], words[2:], strict=False)
    )


def _is_only_one(words: tuple[str, ...], slot: Slot) -> bool:
    """Return whether a text says one and nothing else: “solo una”, “just the one”."""
    lexicon = lexicon_for(slot.language)
    ones = {word for word, count in lexicon.dates.counts.items() if count == 1 and len(word) >= _MIN_NOUN}
    only = lexicon.fillers | {word for phrase in lexicon.clauses.reservations for word in phrase.split()}
    is_said = not ones.isdisjoint(words) and not slot.identified_by
    return is_said and len(words) <= _MAX_NUMBER_WORDS and (only | ones).issuperset(words)


@lru_cache(maxsize=1_000)
def nouns_of_slot(slot: Slot, names: frozenset[str]) -> frozenset[str]:
    """Return the stems of the nouns that may stand beside the slot's number."""
    lexicon = lexicon_for(slot.language)
    if not names.isdisjoint(lexicon.numbers.age_words):  # “2 children” is not an age
        return frozenset(map(stem_of_noun, lexicon.numbers.age_units))
    empty = lexicon.fillers | lexicon.question_words | lexicon.clauses.code_companions
    empty |= lexicon.clauses.consent_companions | lexicon.names.name_words
    nouns = {word for word in names if word not in empty and len(word) >= _MIN_NOUN}
    asked = " ".join(tokenize(f"{slot.question} {slot.description}"))
    counted = re.findall(rf"\b{one_of(lexicon.numbers.count_phrases)} (\w+)", asked)
    nouns |= {word for word in counted if word not in lexicon.fillers and len(word) >= _MIN_NOUN}
    if nouns & lexicon.numbers.people_words:
        nouns |= lexicon.numbers.people_words
    for topic in lexicon.speech_acts.topics:
        nouns |= set(topic) if not nouns.isdisjoint(topic) else set()
    short = lexicon.numbers.unit_abbreviations.items()
    nouns |= {unit for unit, long in short if any(word.startswith(long) for word in names)}
    return frozenset(map(stem_of_noun, nouns))


@lru_cache(maxsize=4_000)
def stem_of_noun(word: str) -> str:
    """Return a noun without the s of its plural."""
    if word.endswith("iones"):
        return word.removesuffix("es")
    word = _DIMINUTIVE.sub(r"\1", word)
    return word.rstrip("s") if len(word) > _MIN_NOUN else word


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
    if _is_strict(slot, names):
        return []
    return [
        number
        for word, following in pairwise(words)
        if is_number(word, slot) and named_values(values, following)
        for number in number_values(word, slot)
    ]


def _is_strict(slot: Slot, names: frozenset[str]) -> bool:
    """Return whether people or units are asked for, which no other noun can be."""
    numbers = lexicon_for(slot.language).numbers
    units = frozenset(map(stem_of_noun, numbers.unit_words))
    return bool(nouns_of_slot(slot, names) & units) or not names.isdisjoint(numbers.people_words)


def _is_one_number(words: tuple[str, ...], slot: Slot) -> bool:
    """Return whether words are one number, or several to choose from (“2 or 3”)."""
    lexicon = lexicon_for(slot.language)
    links = (*lexicon.and_words, *lexicon.or_words, *lexicon.times.range_to_words)
    ends = is_number(words[0], slot) and is_number(words[-1], slot)
    return ends and all(word in links or is_number(word, slot) for word in words)


def _number_of_people(
    words: tuple[str, ...], slot: Slot, *, needs_statement: bool = False
) -> list[int | float]:
    """Return the number of people in “table for 2”: none that counts something else (“for 2 nights”).

    With `is_told` only where more than a preposition says so (“we are 4”).
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
