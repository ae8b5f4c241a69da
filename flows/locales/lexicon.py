"""Language data of the recognizers: the dataclasses that each language pack fills.

Words are given as people write them and folded here (lower case, no accents), because the recognizers work on
folded text. Fields named `*_pattern` or `*_patterns` are regular expressions on folded text. A field with a
default is for a construction that not every language has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, TypeVar

from flows.locales.clause_words import ClauseWords as ClauseWords  # packs import it from here
from flows.locales.condition_words import ConditionWords as ConditionWords
from flows.locales.short_answers import ShortAnswers as ShortAnswers
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
    yes_alone: Words = frozenset()
    """Words that are a yes only as the complete answer."""
    no_alone: Words = frozenset()
    not_yet: Phrases = ()
    """Phrases that deny what has not happened so far (“not yet”); before an act they ask to wait."""
    generic: Words = frozenset()
    """Short keywords that count as an answer only at the start of a message."""


@dataclass(frozen=True, slots=True, eq=False)
class NumberWords:
    """Words of amounts and of positions in a list."""

    text2num_code: str
    """The language's code in the text2num library; empty where it has none, then `by_name` alone is used."""
    by_name: Mapping[str, int]
    """0 to 20 and the tens up to 90."""
    positions: Mapping[str, int]
    """Numbers and ordinals that name a choice, 1 to 12."""
    scales: Mapping[str, int]
    """Words that multiply digits before them (“3 thousand”)."""
    decimal_comma: bool
    decimal_words: Words
    minus: Words
    choice_words: Words
    """Words before the number of a choice (“option two”)."""
    choice_abbreviations: Words = frozenset()
    choice_pronouns: Words = frozenset()
    """Words after an ordinal (“the second one”)."""
    spellings: Mapping[str, str] = field(default_factory=dict)
    """Patterns of parts of folded number words, and how text2num expects them."""
    not_alone: Words = frozenset()
    """Words that are part of a number, but alone an article or no exact amount."""
    half_numbers: Mapping[str, float] = field(default_factory=dict)
    """Words for a number and a half (“anderthalb”)."""
    half_phrases: Phrases = ()
    """Phrases that add a half (“and a half”)."""
    half_words: Words = frozenset()
    """Words before an amount that make it another one (“half a million”)."""
    pronoun_ones: Words = frozenset()
    """Words for 1 that are a pronoun after `not_before_one` and before `not_after_one`."""
    not_before_one: Words = frozenset()
    not_after_one: Words = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class DateWords:
    """Words of dates and of days relative to today."""

    months: tuple[tuple[str, ...], ...]
    """The spellings of each month."""
    weekdays: tuple[tuple[str, ...], ...]
    """The spellings of each weekday, Monday first."""
    short_weekdays: Mapping[str, int]
    """Abbreviations, Monday 0."""
    short_weekday_patterns: tuple[str, ...]
    """Patterns of an abbreviated weekday that names a day, with the group `short`."""
    near_days: Mapping[str, int]
    """Words and phrases for a day, and its distance from today."""
    month_may_come_first: bool
    """True if 4/5 can be the fifth of April."""
    dotted_dates: bool
    """True if `4.5.` is a day."""
    articles: Phrases
    """Words before the day of the month."""
    day_prepositions: Phrases
    counts: Mapping[str, int]
    """Number words of a duration."""
    day_unit_patterns: tuple[str, ...]
    week_unit_patterns: tuple[str, ...]
    in_words: Phrases
    """Words before a duration that lies ahead (“in two weeks”)."""
    after_words: Phrases
    """Words between a duration and the day it is counted from."""
    now_words: Phrases
    next_week: Phrases
    this_words: Phrases
    bound_words: Phrases
    """Words that make a day or a time a limit (“after Friday”)."""
    bound_articles: Phrases
    recurrence_words: Phrases
    contrast_words: Phrases
    """Words that end the scope of a negation (“not Monday but Tuesday”)."""
    ago_before_words: Phrases = ()
    ago_after_words: Phrases = ()
    """Words before or after a duration that lies behind (“two weeks ago”)."""
    bare_day_patterns: tuple[str, ...] = ()
    """Patterns of a day of the month that stands alone, with the group `number`."""
    last_before_words: Phrases = ()
    last_after_words: Phrases = ()
    particles: Phrases = ()
    """Words between day, month and year (“4 of May”)."""
    ordinal_suffixes: Phrases = ()
    not_after_month: Phrases = ()
    """Words that show that a month's name before them is another word (“at 9 may I come”)."""
    weeks_after_weekday: Phrases = ()
    """Words after a weekday that add a week (“Friday week”)."""
    day_of_month_patterns: tuple[str, ...] = ()
    """Patterns of a bare day of the month after a weekday, with the group `number`."""
    near_day_not_after: Phrases = ()
    """Words after which a near day's name is a part of the day."""
    near_day_after_weekday: Phrases = ()
    """Near days that are a part of the day after a weekday (“Dienstag morgen”)."""
    compound_weekday_patterns: tuple[str, ...] = ()
    """Words that are a weekday with a part of the day; the first group is the weekday."""
    spelling_variants: Mapping[str, str] = field(default_factory=dict)
    correctable_near_days: Phrases = ()
    """Near days that are recognized with a typo."""
    open_words: Phrases = ()
    """Words behind an “or” that leave a day open (“Monday or later”)."""
    days_in_words: Mapping[str, int] = field(default_factory=dict)
    """Days of a month in words, beside its name (“the first of January”)."""
    named_days: Mapping[str, str] = field(default_factory=dict)
    """Days with a name, and what they are in digits."""
    start_words: Words = frozenset()
    """Limits that are a first day (“from”)."""
    start_question_words: Words = frozenset()
    """Words of a question for a first day."""


@dataclass(frozen=True, slots=True, eq=False)
class TimeWords:
    """Words of times of day."""

    hours: Mapping[str, int]
    minutes: Mapping[str, int]
    prepositions: Phrases
    """Words before a time (“at 3”)."""
    approximate_prepositions: Phrases
    clock_24h_patterns: tuple[str, ...]
    """Words after an hour that make it an hour of 24."""
    range_leads: Phrases
    range_links: Phrases
    choice_links: Phrases
    """Words between two times of which one is to be chosen."""
    noon_patterns: tuple[str, ...]
    midnight_patterns: tuple[str, ...]
    day_periods: Mapping[str, tuple[str, ...]]
    """Patterns by kind: `early`, `late`, `night`, `noon`, and `evening_or_night` where one word is both."""
    answer_prefixes: Phrases
    """Words before a part of the day that is the complete answer (“in the afternoon”)."""
    hour_answer: str
    """The time that such an answer makes: `{hour}` as asked about, `{period}` as answered."""
    not_after_hour_patterns: tuple[str, ...]
    """Patterns of what follows a number that is not an hour."""
    counted_noun_prefixes: Phrases
    """Beginnings of nouns after a number with a fraction that is no time (“9.30 euros”)."""
    clock_12h_patterns: tuple[str, ...] = ()
    article_hours: Words = frozenset()
    """Hours that are articles without a clock word."""
    past_words: Phrases = ()
    """Words between minutes and the hour they follow (“ten past six”)."""
    to_words: Phrases = ()
    range_to_words: Phrases = ()
    """Those of `to_words` that may be a range (“ten to six”)."""
    minutes_first_articles: Phrases = ()
    minute_unit_patterns: tuple[str, ...] = ()
    fractions: Mapping[str, int] = field(default_factory=dict)
    """Words before an hour, and the minutes that are missing to it; 0 where regions disagree."""
    plus_words: Phrases = ()
    """Words between an hour and the minutes added to it (“seis y media”)."""
    minus_words: Phrases = ()
    spoken_minutes: Phrases = ()
    """Minutes that follow an hour directly (“six thirty”)."""
    spoken_five_patterns: tuple[str, ...] = ()
    """Patterns of what adds five to them (“six forty-five”)."""
    hour_minute_separators: Phrases = ()
    second_time_prefixes: Phrases = ()
    """Words before the second time of a range."""
    bound_words: Phrases = ()
    """Limits of times alone, beside those of dates."""
    negated_prepositions: Phrases = ()
    """Words between a negation and the time it negates, beside the prepositions (“not before 5”)."""
    bare_hour_prefixes: Phrases = ()
    noon_period_prefixes: Phrases = ()
    """Beginnings of words that are noon, and after noon a part of the day (“mittags um 1”)."""
    vague_day_periods: Words = frozenset()
    """Parts of the day that do not make a number before them a time."""
    period_answers: Mapping[str, str] = field(default_factory=dict)
    """Parts of the day as an answer names them, and as they stand in a time."""
    meridiem_exception_patterns: tuple[str, ...] = ()
    """Patterns of what follows the word “am” when it is not the abbreviation."""


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
    negation_suffixes: Phrases = ()
    stop_words: Words = frozenset()
    """Words without weight in the similarity of sentences; question words are none."""
    contraction_patterns: tuple[str, ...] = ()
    """Endings that the similarity of sentences leaves out."""
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


_PartT = TypeVar("_PartT")
_OWN_FIELDS = ("names", "also_reads", "text2num_code", "spellings", "half_numbers", "half_words")


def merge(own: _PartT, others: Sequence[_PartT]) -> _PartT:
    """Return `own` with the words of `others` added; single values stay its own."""
    if not others:
        return own
    merged = {
        each.name: getattr(own, each.name)
        if each.name in _OWN_FIELDS
        else _merge_values(getattr(own, each.name), [getattr(other, each.name) for other in others])
        for each in fields(own)  # type: ignore[arg-type]
    }
    return type(own)(**merged)


def _merge_values(own: Any, others: list[Any]) -> Any:
    if is_dataclass(own):
        return merge(own, others)
    if isinstance(own, frozenset):
        return own.union(*others)
    if isinstance(own, Mapping):
        return _merge_mappings(own, others)
    if isinstance(own, tuple) and own and isinstance(own[0], tuple):
        return tuple(
            _unique(item for group in groups for item in group) for groups in zip(own, *others, strict=True)
        )
    # sorted, so that the patterns of two packs that read each other are the same
    return (
        _unique(sorted(item for group in (own, *others) for item in group)) if isinstance(own, tuple) else own
    )


def _merge_mappings(own: Mapping[str, Any], others: list[Mapping[str, Any]]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for mapping in (*others, own):
        for key, value in mapping.items():
            is_list = isinstance(value, tuple)
            merged[key] = _unique(sorted((*merged.get(key, ()), *value))) if is_list else value
    return merged


def _unique(items: Any) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(items))
