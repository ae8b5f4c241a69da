"""Recognition of a choice by a word that only its label has: “the one with the sauna”."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from rapidfuzz.distance import OSA

from flows.locales import DEFAULT_LANGUAGE, lexicon_for
from flows.nlu.clauses.modified_names import (
    is_modified_name,
    is_same_shade,
    is_shaded,
    split_at_marks,
)
from flows.nlu.clauses.negation import denied_positions, is_excepted
from flows.nlu.confirmation import answer_vocabulary
from flows.nlu.words.lexicon import is_negation
from flows.nlu.words.stems import have_same_stem
from flows.text import tokenize

_MIN_WORD, _MAX_WORDS = 3, 25
_INFLECTED, _MAX_ENDING = 4, 3


def find_labels(
    text: str, labels: Sequence[Sequence[str]], language: str = DEFAULT_LANGUAGE, *, takes_forms: bool = True
) -> list[int]:
    """Return the indexes of the choices of which a text has a word that no other has, and does not deny it.

    Each choice has one or more labels. One with a denial in it (“no time”) is never known by a word. With
    `takes_forms` a word may have another form than the label's (“abgeholt”, “abholen”).
    """
    words, denied = tokenize(text), denied_positions(text, language)
    if not 0 < len(words) <= _MAX_WORDS:
        return []
    named = [_words_of(tuple(each), language) for each in labels]
    own = [each - frozenset[str]().union(*(other for other in named if other is not each)) for each in named]
    modified = _modified_words(text, language)
    said = [
        word
        for at, word in enumerate(words)
        if at not in denied and word not in modified and not is_excepted(words[:at], language)
    ]
    joins = lexicon_for(language).forms.joins_words
    exact = frozenset[str]().union(*own)
    return [
        index
        for index, each in enumerate(own)
        if any(
            (
                _is_form_of(name, word, language, takes_forms=takes_forms)
                and (word in each or word not in exact)
            )
            or (joins and _ends_joined_word(name, word, language) and word not in exact)
            for name in each
            for word in said
        )
    ]


@lru_cache(maxsize=1_000)
def _words_of(labels: tuple[str, ...], language: str) -> frozenset[str]:
    lexicon = lexicon_for(language)
    empty = lexicon.fillers | lexicon.stop_words | lexicon.question_words | lexicon.answers.generic
    empty |= lexicon.clauses.consent_companions | lexicon.thanks | lexicon.greetings
    empty |= answer_vocabulary(language).answers | lexicon.numbers.choice_pronouns
    empty |= lexicon.numbers.by_name.keys() | lexicon.numbers.pronoun_ones
    every = map(tokenize, labels)
    plain = [words for words in every if not any(is_negation(word, language) for word in words)]
    return frozenset(
        word for words in plain for word in words if word not in empty and len(word) >= _MIN_WORD
    )


def _is_form_of(name: str, word: str, language: str, *, takes_forms: bool) -> bool:
    is_form = _is_form(name, word) or (takes_forms and have_same_stem(name, word, language))
    return is_form and (not is_shaded(name, language) or is_same_shade(name, word, language))  # not “larger”


def _modified_words(text: str, language: str) -> frozenset[str]:
    """Return the adjectives of a text that a word beside them makes another (“navy blue”)."""
    return frozenset(
        word
        for part in map(tokenize, split_at_marks(text))
        for at, word in enumerate(part)
        if is_shaded(word, language) and is_modified_name(part, range(at, at + 1), language)
    )


def _ends_joined_word(name: str, word: str, language: str) -> bool:
    if not word.endswith(name) or len(name) < _INFLECTED or is_shaded(name, language):
        return False
    return word.removesuffix(name) not in lexicon_for(language).choices.joined_prefixes


def _is_form(name: str, word: str) -> bool:
    """Return whether a word is a name or begins as it does (“cancel”, “cancelling”)."""
    if min(len(name), len(word)) < _INFLECTED:
        return name == word
    is_typo = len(name) > _INFLECTED + 1 and OSA.distance(name, word, score_cutoff=1) <= 1
    is_form = word.startswith(name) or name.startswith(word)
    return (is_typo and word[0] == name[0]) or (is_form and abs(len(name) - len(word)) <= _MAX_ENDING)
