"""Answers that are complete in themselves (“I do”, “none”), and refusals to answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from flows.locales import ALL_LEXICONS, DEFAULT_LANGUAGE, Lexicon, lexicon_for
from flows.nlu.words.patterns import any_pattern, one_of
from flows.text import normalize, tokenize

_CLAUSE_SEPARATOR = re.compile(r"[.,;:!?()\n¿¡]+")
_MAX_UNTOLD_WORDS, _MAX_OPENING = 12, 4

_Words = tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _AnswerIndex:
    """A language's complete answers by their words."""

    agreed: Mapping[_Words, bool]
    first_words: frozenset[str]
    amounts: Mapping[_Words, int]
    tags: frozenset[_Words]
    untold: re.Pattern[str]
    skip: re.Pattern[str]
    courtesy: re.Pattern[str]
    ignorance: re.Pattern[str]
    indifference: re.Pattern[str]


@cache
def _answer_index(lexicon: Lexicon) -> _AnswerIndex:
    short = lexicon.short_answers
    agreed = {tokenize(phrase): True for phrase in short.yes} | {
        tokenize(phrase): False for phrase in short.no
    }
    agreed |= {_without_apostrophes(words): value for words, value in agreed.items()}
    return _AnswerIndex(
        agreed=agreed,
        first_words=frozenset(words[0] for words in agreed),
        amounts={tokenize(phrase): amount for phrase, amount in short.amounts.items()},
        tags=frozenset(map(tokenize, short.tags)),
        untold=re.compile(any_pattern(short.untold_patterns)),
        skip=re.compile(any_pattern(short.skip_patterns)),
        indifference=re.compile(rf" (?:{one_of(lexicon.fillers)} )*{one_of(short.indifference)} "),
        ignorance=re.compile(rf" {one_of(short.ignorance)} "),
        courtesy=re.compile(rf" {one_of((*short.courtesies, *lexicon.thanks))}(?= )"),
    )


def _without_apostrophes(words: _Words) -> _Words:
    return tuple(word.replace("'", "") for word in words)


def read_short_answer(text: str, language: str = DEFAULT_LANGUAGE) -> bool | None:
    """Return the yes or no that a text is, beside thanks, where it is nothing else."""
    lexicon = lexicon_for(language)
    if _answer_index(lexicon).first_words.isdisjoint(tokenize(text)[:_MAX_OPENING]):
        return None
    said = [words for words in map(tokenize, _CLAUSE_SEPARATOR.split(text)) if words]
    empty = lexicon.thanks_companions | lexicon.thanks | _politeness(lexicon)
    own = [words for words in said if not empty.issuperset(words)]
    if not own or text.rstrip().endswith("?"):
        return None
    agreed = _answer_index(lexicon).agreed
    if (
        len(own) > 1
        and own[0] in {(word,) for word in lexicon.answers.no}
        and agreed.get(own[0] + own[1]) is False
    ):
        own = [own[0] + own[1], *own[2:]]  # “no, that's it”, but “no, está mal” is no “no está mal”
    found = [agreed.get(_without_ends(words, lexicon)) for words in own]
    is_alone = all(answer is None for answer in found[1:]) and not _answers_otherwise(own[1:], lexicon)
    return found[0] if is_alone else None


def read_short_amount(text: str, names: frozenset[str], language: str = DEFAULT_LANGUAGE) -> int | None:
    """Return the amount that a text is where it is nothing else; `names` are words of what is counted."""
    lexicon, words = lexicon_for(language), tokenize(text)
    amounts = _answer_index(lexicon).amounts
    told = {word for phrase in amounts for word in phrase}
    empty = _politeness(lexicon) | lexicon.answers.no | names - told
    if text.rstrip().endswith("?"):
        return None
    first, *rest = [tuple(tokenize(part)) for part in _CLAUSE_SEPARATOR.split(text) if tokenize(part)] or [()]
    if any(word.isdigit() or word in lexicon.numbers.by_name for part in rest for word in part):
        first = words  # “none, well 2”
    found = (tuple(word for word in each if word not in empty) for each in (words, first))
    return next((amounts[own] for own in found if own in amounts), None)


def asks_for_agreement(text: str, language: str = DEFAULT_LANGUAGE) -> bool:
    """Return whether a text ends by asking whether it is right: “no, I don't need one, right?”."""
    if not text.rstrip().endswith("?"):
        return False
    *before, last = [words for words in map(tokenize, _CLAUSE_SEPARATOR.split(text)) if words] or [()]
    return bool(before) and last in _answer_index(lexicon_for(language)).tags


def refuses_to_tell(text: str, language: str = DEFAULT_LANGUAGE) -> bool:
    """Return whether a text says that its writer does not want to answer: “I'd rather not say”."""
    folded = normalize(text)
    if len(folded.split()) > _MAX_UNTOLD_WORDS:
        return False
    return _answer_index(lexicon_for(language)).untold.search(folded) is not None


def is_ignorant(text: str, language: str = DEFAULT_LANGUAGE) -> bool:
    """Return whether a text says that its writer does not know the answer: “no idea”."""
    return _answer_index(lexicon_for(language)).ignorance.search(f" {' '.join(tokenize(text))} ") is not None


def is_indifferent(text: str, language: str = DEFAULT_LANGUAGE) -> bool:
    """Return whether a text only says that its writer does not care: “whatever”."""
    spaced = f" {' '.join(tokenize(text))} "
    return _answer_index(lexicon_for(language)).indifference.fullmatch(spaced) is not None


def wants_to_skip(text: str, language: str = DEFAULT_LANGUAGE) -> bool:
    """Return whether a text is only a wish to go on without an answer: “skip it”."""
    return _answer_index(lexicon_for(language)).skip.search(normalize(text)) is not None


def without_courtesies(text: str, language: str = DEFAULT_LANGUAGE) -> str:
    """Return a text without praise, thanks and goodbyes; the text itself if it has none of them."""
    words = tokenize(text)
    spaced = f" {' '.join(words)} "
    rest = _answer_index(lexicon_for(language)).courtesy.sub("; ", spaced)
    if rest == spaced:
        return text
    return f"{rest.strip(' ;')}{'?' if text.rstrip().endswith('?') else ''}"


def _politeness(lexicon: Lexicon) -> frozenset[str]:
    return frozenset(word for phrase in lexicon.politeness for word in phrase.split())


def _answers_otherwise(rest: list[_Words], lexicon: Lexicon) -> bool:
    """Return whether what follows an answer has a yes, a no or a denial of its own."""
    answers = lexicon.answers.yes | lexicon.answers.no | lexicon.answers.correct | lexicon.negations
    return any(not answers.isdisjoint(words) for words in rest)


def _without_ends(words: _Words, lexicon: Lexicon) -> _Words:
    ends = _politeness(lexicon)
    openings = lexicon.clauses.particles | lexicon.correction_words
    while len(words) > 1 and words[0] in openings - lexicon.answers.no:
        words = words[1:]
    while words and words[-1] in ends:
        words = words[:-1]
    return words


# compiled at import, because a worker that forks per job would compile them in each job
for _lexicon in ALL_LEXICONS:
    _answer_index(_lexicon)
