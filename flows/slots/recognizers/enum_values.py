"""Recognition of an enum's values and their synonyms inside a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache

from pydantic import JsonValue
from rapidfuzz.distance import OSA

from flows.locales import Lexicon, lexicon_for
from flows.nlu import (
    answer_vocabulary,
    any_pattern,
    denied_positions,
    have_same_stem,
    is_excepted,
    is_modified_name,
    is_same_shade,
    is_shaded,
    one_of,
    split_at_marks,
)
from flows.slots.slot import Slot, words_of_slot
from flows.text import normalize, normalize_same_length, tokenize

_MIN_INFLECTED_LENGTH, _MIN_TYPO_LENGTH = 3, 5
_MAX_ANSWER_WORDS = 40

_Phrase = tuple[str, ...]


def named_values(slot: Slot, text: str) -> list[JsonValue]:
    """Return the different values that a sentence names, in order, without those that it denies.

    A question names none, unless it is a request (“could I have the large one?”).
    """
    spaced = f"{' '.join(tokenize(text))} "
    is_request = _request(lexicon_for(slot.language)).match(spaced) is not None
    if not is_request and (text.rstrip().endswith("?") or begins_inquiry(text, slot.language)):
        return []
    return _values_in(slot, text)


def begins_inquiry(text: str, language: str) -> bool:
    """Return whether a text begins as a question about what there is: “how much is the open one”."""
    return _inquiry_pattern(lexicon_for(language)).match(f"{' '.join(tokenize(text))} ") is not None


def names_several(slot: Slot, text: str) -> bool:
    """Return whether a text, maybe a question, names more than one value: “the price of red and green”."""
    return slot.kind == "enum" and len(_values_in(slot, text)) > 1


def _values_in(slot: Slot, text: str) -> list[JsonValue]:
    lexicon = lexicon_for(slot.language)
    plain = normalize(normalize_same_length(text))
    words = tokenize(_greetings(lexicon).sub(lambda match: " " * len(match[0]), plain))
    if not words or len(words) > _MAX_ANSWER_WORDS:
        return []
    denied = denied_positions(text, slot.language) if len(words) == len(tokenize(text)) else frozenset()
    found = [
        (span.start, slot.allowed_values[index])
        for span, index in _names_in(slot, words)
        if span.start not in denied
        and not _is_frequency(words[span.stop :], lexicon)
        and not is_excepted(words[: span.start], slot.language)
    ]
    found.sort(key=lambda pair: pair[0])
    values = [value for _, value in found]
    return [value for number, value in enumerate(values) if value not in values[:number]]


def _names_in(slot: Slot, words: _Phrase) -> Iterator[tuple[range, int]]:
    """Yield where words are a name of a value, the longest names first, and the value's index."""
    lexicon, claimed = lexicon_for(slot.language), set[int]()
    for phrase, index in _phrases(slot):
        for at in range(len(words) - len(phrase) + 1):
            span = range(at, at + len(phrase))
            if claimed.isdisjoint(span) and _has_forms_of(
                phrase, words[at : at + len(phrase)], lexicon, slot.language
            ):
                claimed.update(span)
                yield span, index


def without_modified_names(slot: Slot, text: str) -> str:
    """Return the text without the parts in which words beside a value's name make it another."""
    parts = split_at_marks(text)
    kept = [part for part in parts if not _has_modified_name(slot, tokenize(part))]
    return text if len(kept) == len(parts) else "; ".join(kept)


def _has_modified_name(slot: Slot, words: _Phrase) -> bool:
    return len(words) > 1 and any(
        is_modified_name(words, span, slot.language, _known_words(slot))
        and not is_excepted(words[: span.start], slot.language)
        for span, _ in _names_in(slot, words)
    )


def weak_value(slot: Slot, text: str) -> list[JsonValue]:
    """Return the value that a text is by a name that elsewhere only answers: “just ok” where ok is one."""
    particles = lexicon_for(slot.language).clauses.particles
    index = _weak_names(slot).get(tuple(word for word in tokenize(text) if word not in particles))
    return [] if index is None or text.rstrip().endswith("?") else [slot.allowed_values[index]]


@lru_cache(maxsize=1_000)
def _known_words(slot: Slot) -> frozenset[str]:
    """Return words that make no value beside them another one: those of the question and the values."""
    return words_of_slot(slot) | {word for phrase, _ in _phrases(slot) for word in phrase}


@lru_cache(maxsize=1_000)
def _weak_names(slot: Slot) -> dict[_Phrase, int]:
    strong = {phrase for phrase, _ in _phrases(slot)}
    return {
        words: index
        for index, value in enumerate(slot.allowed_values)
        for name in (str(value), *(other for other, named in slot.synonyms if named == str(value)))
        if not isinstance(value, bool | int | float) and (words := tokenize(name)) and words not in strong
    }


def _is_frequency(after: _Phrase, lexicon: Lexicon) -> bool:
    """Return whether a unit of time follows, of which the word before it is only a count: “once a week”."""
    numbers = lexicon.numbers
    is_linked = " ".join(after[:1]) in numbers.per_words or " ".join(after[:2]) in numbers.per_words
    return is_linked and not numbers.unit_words.isdisjoint(after[1:3])


@lru_cache(maxsize=1_000)
def _phrases(slot: Slot) -> tuple[tuple[_Phrase, int], ...]:
    """Return the values and synonyms as words with the index of their value, the longest first."""
    vocabulary, lexicon = answer_vocabulary(slot.language), lexicon_for(slot.language)
    weak = vocabulary.answers | lexicon.fillers | lexicon.negations
    found = [
        (words, index)
        for index, value in enumerate(slot.allowed_values)
        for name in (str(value), *(other for other, named in slot.synonyms if named == str(value)))
        if (words := tokenize(name))
        and not weak.issuperset(words)
        and not isinstance(value, bool | int | float)
    ]
    return tuple(sorted(dict.fromkeys(found), key=lambda pair: (-sum(map(len, pair[0])), pair[1])))


def _has_forms_of(phrase: _Phrase, words: _Phrase, lexicon: Lexicon, language: str) -> bool:
    return all(_is_form(name, word, lexicon, language) for name, word in zip(phrase, words, strict=True))


def _is_form(name: str, word: str, lexicon: Lexicon, language: str) -> bool:
    """Return whether a word is a name, an inflected form of it, or misspelt by one letter."""
    if name == word:
        return True
    is_form = word.startswith(name) or have_same_stem(name, word, language)
    if is_form and is_shaded(name, language):
        return is_same_shade(name, word, language)  # not “larger”, “bluish”
    if len(name) >= _MIN_INFLECTED_LENGTH and word.startswith(name):
        return word[len(name) :] in lexicon.forms.inflections
    return have_same_stem(name, word, language) or (
        len(name) >= _MIN_TYPO_LENGTH
        and name.isalpha()
        and word not in lexicon.negations  # “kein” is no “klein”
        and word[0] == name[0]
        and OSA.distance(name, word, score_cutoff=1) <= 1
    )


@cache
def _greetings(lexicon: Lexicon) -> re.Pattern[str]:
    return re.compile(rf"\b{any_pattern(lexicon.greeting_patterns)}\b")


@cache
def _inquiry_pattern(lexicon: Lexicon) -> re.Pattern[str]:
    acts, links = lexicon.speech_acts, (*lexicon.and_words, *lexicon.numbers.conclusions)
    lead = one_of((*lexicon.greetings, *links, *acts.second_thoughts))
    return re.compile(rf"(?:{lead} )?{one_of(acts.inquiry_starts)} ")


@cache
def _request(lexicon: Lexicon) -> re.Pattern[str]:
    return re.compile(rf"{one_of(lexicon.speech_acts.request_starts)}\b")
