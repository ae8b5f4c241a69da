"""Classification of words by a language's lexicon: fillers, greetings, thanks, negations."""

from __future__ import annotations

from flows.locales import DEFAULT_LANGUAGE, Lexicon, lexicon_for
from flows.text import tokenize

_NEGATION_DISTANCE = 3


def content_words(text: str, language: str = DEFAULT_LANGUAGE) -> tuple[str, ...]:
    """Return the words that are no fillers; all words when there is none."""
    every, fillers = tokenize(text), lexicon_for(language).fillers
    return tuple(word for word in every if word not in fillers) or every


def is_greeting(text: str, language: str = DEFAULT_LANGUAGE) -> bool:
    """Return whether the text is a greeting and nothing else."""
    tokens = tokenize(text)
    return 0 < len(tokens) <= 5 and lexicon_for(language).greetings.issuperset(tokens)


def is_small_talk(text: str, language: str = DEFAULT_LANGUAGE) -> bool:
    """Return whether the text is nothing but thanks, a goodbye or an okay, as after the end of a flow."""
    tokens, lexicon = tokenize(text), lexicon_for(language)
    if not 0 < len(tokens) <= 8:
        return False
    thanks = lexicon.thanks.intersection(tokens)
    return bool(thanks) and lexicon.thanks_companions.issuperset(set(tokens) - thanks)


def is_negation(word: str, language: str = DEFAULT_LANGUAGE) -> bool:
    """Return whether a word negates another."""
    return _is_negation(word, lexicon_for(language))


def is_negated(start: int, among: tuple[str, ...], language: str = DEFAULT_LANGUAGE) -> bool:
    """Return whether one of the three words before position `start` negates it."""
    lexicon = lexicon_for(language)
    return any(_is_negation(word, lexicon) for word in among[max(0, start - _NEGATION_DISTANCE) : start])


def _is_negation(word: str, lexicon: Lexicon) -> bool:
    return word in lexicon.negations or word.endswith(lexicon.negation_suffixes)
