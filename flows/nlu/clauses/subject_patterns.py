"""A language's words of what a clause is about, compiled once, and the words of what was asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from flows.locales import ALL_LEXICONS, DEFAULT_LANGUAGE, Lexicon, lexicon_for
from flows.nlu.words.patterns import any_pattern, one_of
from flows.nlu.words.stems import stem_of
from flows.text import tokenize

VERB_STEM = 5
_MIN_JOINED = 5


class AskedWords(NamedTuple):
    """Words of what was asked for, by which a subject is known.

    With `is_own_verb` the verb of the question is one of its subject (“when does it start?”), so that it says
    what a clause is about; `takes_bare` also looks for subjects without an article, which may be a name where
    an age is asked for.
    """

    language: str
    stems: frozenset[str]
    is_own_verb: bool = False
    takes_bare: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class SubjectPatterns:
    """A language's words of subjects and verbs."""

    separator: re.Pattern[str]
    verb: re.Pattern[str]
    inverted_verb: re.Pattern[str]
    quoting: re.Pattern[str]
    passed_on: re.Pattern[str]
    inquiry: re.Pattern[str]
    request: re.Pattern[str]
    own_nouns: frozenset[str]
    """Words of a subject that an answer may have."""
    adjectives: frozenset[str]
    empty: frozenset[str]
    """Words that are no subject without an article."""


@cache
def subject_patterns(lexicon: Lexicon) -> SubjectPatterns:
    words, names, dates = lexicon.subjects, lexicon.names, lexicon.dates
    conditions = lexicon.clauses.conditions
    links = one_of((*lexicon.and_words, *conditions, *dates.contrast_words, *words.reason_words))
    links = rf"(?!{one_of(words.changes_of_mind)}\b){links}"
    named = (name for names in (*dates.months, *dates.weekdays) for name in names)
    days = {word for name in (*named, *dates.near_days, *dates.vague_days) for word in tokenize(name)}
    adjectives = words.answer_adjectives | lexicon.numbers.by_name.keys() | lexicon.numbers.positions.keys()
    own = words.answer_subjects | names.relatives | days | lexicon.times.vague_day_periods
    return SubjectPatterns(
        separator=re.compile(rf"[.,;:!?()\n…]+(?=\s|$)|(?<=\s)(?={links}\s)"),
        verb=re.compile(any_pattern(words.verb_patterns)),
        inverted_verb=re.compile(any_pattern(words.inverted_verb_patterns)),
        quoting=re.compile(rf" {any_pattern(words.quoting_patterns)} "),
        passed_on=re.compile(
            rf" {one_of(names.owners)} {one_of(names.relatives)} {one_of(words.passing_verbs)}"
            rf" (?:.* )?{one_of(words.changes_of_mind)} "
        ),
        inquiry=re.compile(rf"\b{any_pattern(words.inquiry_patterns)}\b"),
        request=re.compile(rf"(?:\w+ )?{one_of(lexicon.speech_acts.request_starts)}\b"),
        own_nouns=own - words.determiners - adjectives,
        adjectives=adjectives,
        empty=own | adjectives | _empty_words(lexicon),
    )


def _empty_words(lexicon: Lexicon) -> frozenset[str]:
    clauses, answers = lexicon.clauses, lexicon.answers
    companions = clauses.value_companions | clauses.consent_companions | lexicon.stop_words
    said = answers.yes | answers.no | answers.correct | lexicon.negations | lexicon.correction_words
    return companions | said | lexicon.fillers | lexicon.greetings | lexicon.thanks | lexicon.question_words


def stems_of(words: frozenset[str], language: str = DEFAULT_LANGUAGE) -> frozenset[str]:
    """Return words, their stems and their beginnings, without those that have no meaning of their own."""
    lexicon = lexicon_for(language)
    told = words - lexicon.stop_words - lexicon.fillers - lexicon.question_words
    return told | {stem_of(word, language) for word in told} | {word[:VERB_STEM] for word in told}


def is_known_subject(word: str, asked: AskedWords) -> bool:
    """Return whether what was asked for, or an answer, may be about a word."""
    lexicon = lexicon_for(asked.language)
    own, word = subject_patterns(lexicon).own_nouns, word.removesuffix("'s")
    if word in own or word in asked.stems or any(map(str.isdigit, word)):
        return True
    if stem_of(word, asked.language) in asked.stems:
        return True
    is_joined = lexicon.forms.joins_words and len(word) > _MIN_JOINED
    return is_joined and any(word.endswith(noun) for noun in own | asked.stems if len(noun) >= _MIN_JOINED)


# compiled at import, because a worker that forks per job would compile them in each job
for _lexicon in ALL_LEXICONS:
    subject_patterns(_lexicon)
