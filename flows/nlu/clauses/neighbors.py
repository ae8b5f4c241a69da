"""Rule for words beside a value: any word that is not known to be harmless leads to a question back."""

from __future__ import annotations

from functools import cache

from flows.locales import DEFAULT_LANGUAGE, Lexicon, lexicon_for
from flows.nlu.clauses.negation import Tokens, is_excepted
from flows.nlu.confirmation import answer_vocabulary

_REACH, _CODE_REACH = 2, 4
CLAUSE_END = ";"
"""Stands for punctuation, and for what another value claims."""


def has_unknown_neighbor(
    before: Tokens, after: Tokens, language: str = DEFAULT_LANGUAGE, names: frozenset[str] = frozenset()
) -> bool:
    """Return whether a word beside a value may make it another one, or leave it out.

    `before` and `after` are the words around it, `CLAUSE_END` for punctuation, and `names` the words of what
    was asked for. Words that are only linked to
    it (“a haircut on Friday”, “Friday for my son”) do not count.
    """
    lexicon = lexicon_for(language)
    ahead, behind = _within_clause(before[::-1]), _within_clause(after)
    if is_excepted(ahead[::-1], language):
        return True
    if f" {' '.join(behind)} ".startswith(_bounds(lexicon)):
        return True
    known = _known_words(lexicon, language) | names
    ordinals = lexicon.dates.ordinals
    return _is_changed(ahead, known, lexicon.clauses.value_links, ordinals=ordinals) or _is_changed(
        behind, known, lexicon.clauses.value_connectors | _replacement_words(lexicon)
    )


def is_excluded(before: Tokens, language: str = DEFAULT_LANGUAGE) -> bool:
    """Return whether the words before a value, `CLAUSE_END` for punctuation, leave it out (“instead of”)."""
    return is_excepted(_within_clause(before[::-1])[::-1], language)


def is_among_unknown(
    value: str, tokens: Tokens, names: frozenset[str], language: str = DEFAULT_LANGUAGE
) -> bool:
    """Return whether digits stand in a clause that is about something else: “I have waited since 2019”.

    `tokens` are the words with `CLAUSE_END` for punctuation, `names` those of what was asked for.
    """
    lexicon = lexicon_for(language)
    if value not in tokens:
        return False
    at = tokens.index(value)
    words = lexicon.clauses
    known = lexicon.fillers | words.code_companions | names | lexicon.correction_words | lexicon.greetings
    links = frozenset((*lexicon.and_words, *lexicon.or_words, *words.reservations))
    sides = _within_clause(tokens[:at][::-1]), _within_clause(tokens[at + 1 :])
    if next((word for word in sides[0] if word not in lexicon.fillers), "") in names:
        sides = (), sides[1]  # “change booking 4321”
    return any(_is_changed(side, known | lexicon.thanks, links, _CODE_REACH) for side in sides)


def _within_clause(words: Tokens) -> Tokens:
    end = next((at for at, word in enumerate(words) if word == CLAUSE_END), len(words))
    return words[:end]


def _is_changed(
    words: Tokens,
    known: frozenset[str],
    links: frozenset[str],
    reach: int = _REACH,
    ordinals: frozenset[str] = frozenset(),
) -> bool:
    for word in words[:reach]:
        if word in ordinals:
            return True
        if word in links or not word.isalpha() or len(word) == 1:
            return False
        if word not in known:
            return True
    return False


@cache
def _replacement_words(lexicon: Lexicon) -> frozenset[str]:
    return frozenset(phrase.split()[0] for phrase in lexicon.clauses.replacements)


@cache
def _bounds(lexicon: Lexicon) -> tuple[str, ...]:
    return tuple(f" {phrase} " for phrase in lexicon.dates.bounds_behind)


@cache
def _known_words(lexicon: Lexicon, language: str) -> frozenset[str]:
    known = lexicon.fillers | lexicon.clauses.value_companions | answer_vocabulary(language).answers
    more = lexicon.greetings | lexicon.thanks | lexicon.negations | lexicon.clauses.consent_companions
    return (known | more | lexicon.correction_words | lexicon.question_words) - lexicon.dates.ordinals
