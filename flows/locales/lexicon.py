"""Language data of the recognizers: the dataclasses that each language pack fills.

Words are given as people write them and folded here (lower case, no accents), because the recognizers work on
folded text. Fields named `*_pattern` or `*_patterns` are regular expressions on folded text. A field with a
default is for a construction that not every language has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

from flows.locales.clause_words import ClauseWords as ClauseWords  # packs import it from here
from flows.locales.condition_words import ConditionWords as ConditionWords
from flows.locales.short_answers import ShortAnswers as ShortAnswers
from flows.locales.subject_words import SubjectWords as SubjectWords
from flows.locales.value_words import DateWords as DateWords
from flows.locales.value_words import NumberWords as NumberWords
from flows.locales.value_words import TimeWords as TimeWords
from flows.locales.word_forms import WordForms as WordForms
from flows.text import normalize, tokenize

Words = frozenset[str]
"""Single folded words, for membership."""

Phrases = tuple[str, ...]
"""Folded words or phrases, for patterns."""


def words(text: str) -> Words:
    """Return the folded words of a text, as a set."""
    return frozenset(tokenize(text))


def phrases(text: str) -> Phrases:
    """Return the folded phrases of a comma-separated list."""
    return tuple(normalize(phrase.strip()) for phrase in text.split(",") if phrase.strip())


def numbered(text: str, start: int = 0, step: int = 1) -> dict[str, int]:
    """Number the words of a text: `start`, `start + step` and so on."""
    return {word: start + step * index for index, word in enumerate(tokenize(text))}


def fold_keys(entries: Mapping[str, str]) -> dict[str, str]:
    """Return the entries by their folded names."""
    return {normalize(name): value for name, value in entries.items()}


def alternatives(text: str) -> tuple[tuple[str, ...], ...]:
    """Return the folded spellings of each item of a list such as `january jan, february feb`."""
    return tuple(tokenize(item) for item in text.split(","))


@dataclass(frozen=True, slots=True, eq=False)
class AnswerWords:
    """Words of a yes or a no."""

    yes: Words
    """Words that are a yes and nothing else."""
    no: Words
    correct: Words
    """Words that agree, but have other meanings too; negated they are a no."""
    emphatic_yes: Words
    incorrect: Words
    intensifiers: Words
    """Words between a negation and what it negates (“not quite right”)."""
    yes_phrases: Phrases
    no_phrases: Phrases
    doubt_phrases: Phrases
    neutral_phrases: Phrases = ()
    """Phrases whose words would be taken for an answer, but are none (“right now”)."""
    negating_no: Words = frozenset()
    """Words for no that also negate what follows, as “not” does (Spanish “no es correcto”)."""
    lone_no: Words = frozenset()
    """Words for no that never negate what follows (German “nein ich meinte 6”)."""
    modal_particles: Words = frozenset()
    """Answers that say nothing inside of a clause (“das ist ja teuer”, “hab ne Frage”)."""
    yes_alone: Words = frozenset()
    """Words that are a yes only as the complete answer."""
    no_alone: Words = frozenset()
    not_yet: Phrases = ()
    """Phrases that deny what has not happened so far (“not yet”); before an act they ask to wait."""
    generic: Words = frozenset()
    """Short keywords that count as an answer only at the start of a message."""


def _no_conditions() -> ConditionWords:
    return ConditionWords((), (), frozenset(), frozenset(), ())


@dataclass(frozen=True, slots=True, eq=False)
class Lexicon:
    """The language data of one pack."""

    names: Words
    """The language's name, in its own and in other languages."""
    also_reads: tuple[str, ...]
    """Codes of the packs that people who write this language mix in; their words are read too."""
    region: str
    """The country of a phone number without a country code; empty where the language has too many."""
    fillers: Words
    marker_words: Words
    """Words beside the fillers by which the language is detected."""
    language_request_words: Words
    """Words of a request for a language, beside its name."""
    greetings: Words
    greeting_patterns: tuple[str, ...]
    """Greetings that contain a part of the day or a day."""
    thanks: Words
    thanks_companions: Words
    """Words beside thanks that do not make it more than that."""
    negations: Words
    value_negations: Phrases
    """Negations right before a value (“not 4 May”)."""
    trailing_negations: Words
    """Negations that may follow what they negate."""
    correction_words: Words
    """Words of a user who corrects themselves: of two values the last counts."""
    question_words: Words
    politeness: Phrases
    and_words: Phrases
    or_words: Phrases
    answers: AnswerWords
    numbers: NumberWords
    dates: DateWords
    times: TimeWords
    clauses: ClauseWords = field(default_factory=ClauseWords)
    conditions: ConditionWords = field(default_factory=_no_conditions)
    short_answers: ShortAnswers = field(default_factory=ShortAnswers)
    subjects: SubjectWords = field(default_factory=SubjectWords)
    forms: WordForms = field(default_factory=WordForms)
    negation_suffixes: Phrases = ()
    stop_words: Words = frozenset()
    """Words without weight in the similarity of sentences; question words are none."""
    contraction_patterns: tuple[str, ...] = ()
    """Endings that the similarity of sentences leaves out."""
    contractions: Words = frozenset()
    """Endings that are words of their own (“passt's”)."""
    abbreviations: Mapping[str, str] = field(default_factory=dict)
    """Chat spellings, and the words they stand for."""
    people: Words = frozenset()
    """Words for somebody of the business, whom a user may ask for."""
    people_phrases: Phrases = ()
    """The same as several words (“customer service”)."""
    contact_wishes: Phrases = ()
    """Words of a wish to reach somebody (“talk to”)."""
    callback_wishes: Phrases = ()
    """Words behind somebody who is to call (“can someone call me”)."""
    direct_wishes: Phrases = ()
    """Words of a wish to be connected that need nobody beside them (“put me through to”)."""
    presence_patterns: tuple[str, ...] = ()
    """Patterns of the question whether a person is there, without accents."""
    help_wishes: Phrases = ()
    """Words behind a person of the business who is to help (“can a real person look into this”)."""
    anybody: Words = frozenset()
    """Those of `people` that may be anybody (“someone”)."""
    callback_leads: Words = frozenset()
    """Words before somebody who is to call, without which a fact may be told (“someone called me”)."""
    transfer_promises: tuple[str, ...] = ()
    """Patterns of a reply that promises a person."""
    deed_claims: tuple[str, ...] = ()
    """Patterns of a reply that says that something was done."""

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        """Yield each field's path and value, those of the groups included."""
        yield from _iter_fields(self, "")


def _iter_fields(part: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    for each in fields(part):
        value = getattr(part, each.name)
        if is_dataclass(value):
            yield from _iter_fields(value, f"{prefix}{each.name}.")
        else:
            yield f"{prefix}{each.name}", value
