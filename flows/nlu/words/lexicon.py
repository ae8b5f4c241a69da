"""Classification of words by a language's lexicon: fillers, greetings, thanks, negations."""

from __future__ import annotations

import re
from collections.abc import Container
from functools import lru_cache

from flows.locales import DEFAULT_LANGUAGE, Lexicon, lexicon_for
from flows.text import tokenize

_NEGATION_DISTANCE = 3
_STRETCHED = re.compile(r"(\w)\1{2,}")


def content_words(text: str, language: str = DEFAULT_LANGUAGE) -> tuple[str, ...]:
    """Return the words that are no fillers; all words when there is none."""
    every, fillers = tokenize(text), lexicon_for(language).fillers
    return tuple(word for word in every if word not in fillers) or every


@lru_cache(maxsize=1_000)
def imperatives(word: str, language: str = DEFAULT_LANGUAGE) -> frozenset[str]:
    """Return the words of a verb's imperative (“trag … ein” of “eintragen”), where the language has such."""
    forms = lexicon_for(language).forms
    if not forms.infinitive_ending or not word.endswith(forms.infinitive_ending):
        return frozenset()
    prefix = next((each for each in forms.verb_prefixes if word.startswith(each)), "")
    plain = {word, word.removeprefix(prefix)}
    stems = {each.removesuffix(forms.infinitive_ending) for each in plain}
    found = {f"{stem}{ending}" for stem in stems for ending in ("", "e", forms.infinitive_ending)}
    return frozenset(form for form in found | {prefix} if len(form) > 1)


def is_greeting(text: str, language: str = DEFAULT_LANGUAGE) -> bool:
    """Return whether the text is a greeting and nothing else."""
    tokens = tokenize(text)
    return 0 < len(tokens) <= 5 and lexicon_for(language).greetings.issuperset(tokens)


def is_small_talk(text: str, language: str = DEFAULT_LANGUAGE) -> bool:
    """Return whether the text is nothing but thanks, a goodbye or an okay, as after the end of a flow.

    Stretched words (“thaaanks”, “byeee”) are read as the plain ones.
    """
    lexicon = lexicon_for(language)
    known = lexicon.thanks | lexicon.thanks_companions
    tokens = tuple(_without_stretching(word, known) for word in tokenize(text))
    if not 0 < len(tokens) <= 8:
        return False
    thanks = lexicon.thanks.intersection(tokens)
    return bool(thanks) and lexicon.thanks_companions.issuperset(set(tokens) - thanks)


def _without_stretching(word: str, known: Container[str]) -> str:
    forms = (word, _STRETCHED.sub(r"\1", word), _STRETCHED.sub(r"\1\1", word))
    return next((form for form in forms if form in known), word)


def is_negation(word: str, language: str = DEFAULT_LANGUAGE) -> bool:
    """Return whether a word negates another."""
    return _is_negation(word, lexicon_for(language))


def is_negated(start: int, among: tuple[str, ...], language: str = DEFAULT_LANGUAGE) -> bool:
    """Return whether one of the three words before position `start` negates it."""
    lexicon = lexicon_for(language)
    before = among[max(0, start - _NEGATION_DISTANCE) : start]
    return any(_is_negation(word, lexicon) and word not in lexicon.answers.lone_no for word in before)


def _is_negation(word: str, lexicon: Lexicon) -> bool:
    return word in lexicon.negations or word.endswith(lexicon.negation_suffixes)
