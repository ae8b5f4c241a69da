"""The language data of the recognizers: what a language pack fills.

Fields named `*_pattern` or `*_patterns` are regular expressions on folded text. A field with a default is for
a construction that not every language has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

from flows.locales.answer_words import AnswerWords
from flows.locales.choice_words import ChoiceWords
from flows.locales.clause_words import ClauseWords
from flows.locales.condition_words import ConditionWords
from flows.locales.date_words import DateWords
from flows.locales.folding import Phrases, Words
from flows.locales.hand_off_words import HandOffWords
from flows.locales.name_words import NameWords
from flows.locales.number_words import NumberWords
from flows.locales.short_answers import ShortAnswers
from flows.locales.speech_act_words import SpeechActWords
from flows.locales.subject_words import SubjectWords
from flows.locales.time_words import TimeWords
from flows.locales.word_forms import WordForms


@dataclass(frozen=True, slots=True, eq=False)
class Lexicon:
    """The language data of one pack."""

    language_names: Words
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
    choices: ChoiceWords
    clauses: ClauseWords
    conditions: ConditionWords
    dates: DateWords
    forms: WordForms
    hand_off: HandOffWords
    names: NameWords
    numbers: NumberWords
    short_answers: ShortAnswers
    speech_acts: SpeechActWords
    subjects: SubjectWords
    times: TimeWords
    negation_suffixes: Phrases = ()
    stop_words: Words = frozenset()
    """Words without weight in the similarity of sentences; question words are none."""
    contraction_patterns: tuple[str, ...] = ()
    """Endings that the similarity of sentences leaves out."""
    contractions: Words = frozenset()
    """Endings that are words of their own (“passt's”)."""
    abbreviations: Mapping[str, str] = field(default_factory=dict)
    """Chat spellings, and the words they stand for."""

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
