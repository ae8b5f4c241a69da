"""The patterns of times of day, compiled once for each language."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from flows.locales import ALL_LEXICONS, Lexicon
from flows.locales.time_words import TimeWords
from flows.nlu.datetimes.time_parsers import (
    TimeGrammar,
    TimePattern,
    parse_beside_fraction,
    parse_fraction,
    parse_hour_first,
    parse_minutes_first,
    parse_numeric,
    parse_spoken,
    parse_spoken_clock,
    parse_with_preposition,
    parse_with_suffix,
)
from flows.nlu.words.patterns import any_pattern, one_of


@dataclass(frozen=True, slots=True)
class _Fragments:
    """Parts of a language's patterns, as regular expressions; `suffix` is what may follow an hour."""

    hour_word: str
    hour: str
    period: str
    suffix: str
    not_a_time: str
    prepositions: str


@cache
def time_grammar(lexicon: Lexicon) -> TimeGrammar:
    """Return the compiled patterns of a language."""
    words, parts = lexicon.times, _build_fragments(lexicon.times)
    bounds = one_of((*lexicon.dates.bound_words, *words.bound_words))
    negated_prepositions = one_of(
        (*words.prepositions, *words.approximate_prepositions, *words.negated_prepositions)
    )
    noon, midnight = any_pattern(words.noon_patterns), any_pattern(words.midnight_patterns)
    suffixes = any_pattern(re.escape(each) for each in lexicon.negation_suffixes)
    answer_periods = one_of(words.period_answers)
    politeness = one_of(lexicon.politeness)
    return TimeGrammar(
        words=words,
        exact=_compile_exact(words, parts),
        likely=_compile_likely(words, parts),
        range=_compile_range(words, parts),
        day_before=re.compile(rf"\b{one_of((*lexicon.dates.day_prepositions, *lexicon.dates.articles))}\s*$"),
        noon=re.compile(rf"\b(?P<noon>{noon})\b|\b(?:{midnight})\b"),
        bare_hour=re.compile(
            rf"(?:{politeness}\s+)?(?:(?:{parts.prepositions}|{one_of(words.bare_hour_prefixes)})\s+)?"
            rf"(?P<hour>{parts.hour})(?:\s*{politeness})?\s*[.!]?"
        ),
        hour_only=re.compile(parts.hour),
        leading_preposition=re.compile(rf"^{parts.prepositions}\s+"),
        limits=lexicon.dates.start_words,
        alternative_behind=re.compile(rf"\s+{one_of(lexicon.or_words)}\s+\w"),
        bound_before=re.compile(rf"\b{bounds}(?:\s+{parts.prepositions})?\s*$"),
        negation_before=re.compile(
            rf"(?:\b{one_of(lexicon.value_negations)}|{suffixes})(?:\s+{negated_prepositions})?\s*$"
        ),
        greeting=re.compile(rf"\b{any_pattern(lexicon.greeting_patterns)}\b"),
        clock_24h=re.compile(any_pattern(words.clock_24h_patterns)),
        day_periods={kind: re.compile(any_pattern(forms)) for kind, forms in words.day_periods.items()},
        any_day_period=re.compile(rf"\b(?:{parts.period})\b"),
        day_period_answer=re.compile(
            rf"(?:{one_of(words.answer_prefixes)}\s+)?"
            rf"(?P<period>{parts.period}|{answer_periods}|[ap]\.?\s?m\.?)(?:\s+{politeness})?\s*[.!]?"
        ),
    )


def _build_fragments(words: TimeWords) -> _Fragments:
    hour_word = one_of(words.hours)
    period = "|".join(dict.fromkeys(form for forms in words.day_periods.values() for form in forms))
    clock = any_pattern((*words.clock_12h_patterns, *words.clock_24h_patterns))
    meridiem_exceptions = any_pattern(words.meridiem_exception_patterns)
    return _Fragments(
        hour_word=hour_word,
        hour=rf"(?:\d{{1,2}}|{hour_word}(?!\w))",
        period=period,
        suffix=(
            rf"(?:\s*(?P<half>[ap]\.?\s?m\b\.?)(?!\s*{meridiem_exceptions})|\s*(?P<clock>{clock})\b)?"
            rf"(?:\s*,?\s*(?P<part>{period})\b)?"
        ),
        not_a_time=rf"(?!\s*(?:\d|[.,:/]\d|[€%$]|{any_pattern(words.not_after_hour_patterns)}))",
        prepositions=one_of((*words.prepositions, *words.approximate_prepositions)),
    )


def _compile_exact(words: TimeWords, parts: _Fragments) -> tuple[TimePattern, ...]:
    """Return the patterns of relative hours: “ten past six”, “seis y media”, “halb sieben”."""
    offset = rf"(?P<offset>\d{{1,2}}|{one_of(words.minutes)})"
    past_or_to = one_of((*words.past_words, *words.to_words))
    plus_or_minus = one_of((*words.plus_words, *words.minus_words))
    ending = rf"{parts.suffix}{parts.not_a_time}"
    # minutes of one digit are none here: “3 y 4” is two numbers
    hour_first = re.compile(
        rf"(?<![\w:.,])(?P<hour>{parts.hour})\s+(?P<way>{plus_or_minus})\s+"
        rf"(?P<offset>\d\d|{one_of(words.minutes)})(?!\w){ending}"
    )
    return (
        (
            re.compile(
                rf"(?<![\w:.,]){offset}(?:\s*{any_pattern(words.minute_unit_patterns)}\b)?\s*"
                rf"\b(?P<way>{past_or_to})\s+(?P<fraction>{one_of(words.fractions)})\s*(?P<hour>{parts.hour}){ending}"
            ),
            parse_beside_fraction,
        ),
        (
            re.compile(
                rf"(?<![\w:.,])(?:{one_of(words.minutes_first_articles)}\s)?{offset}"
                rf"(?P<minutes>\s*{any_pattern(words.minute_unit_patterns)}\b)?\s*"
                rf"\b(?P<way>{past_or_to})\s*(?P<hour>{parts.hour}){ending}"
            ),
            parse_minutes_first,
        ),
        *(((hour_first, parse_hour_first),) if words.plus_words else ()),
        (
            re.compile(rf"\b(?P<way>{one_of(words.fractions)})\s*(?P<hour>{parts.hour}){ending}"),
            parse_fraction,
        ),
    )


def _compile_likely(words: TimeWords, parts: _Fragments) -> tuple[TimePattern, ...]:
    """Return the patterns of plain hours, the most certain first: “15:30”, “six thirty”, “3 pm”, “at 3”."""
    hour, suffix = parts.hour, parts.suffix
    return (
        (
            re.compile(
                r"(?<![\d:.,/+-])(?P<hour>\d{1,2})"
                rf"(?:[:.]|\s?h\s?|\s*(?P<exact>{one_of(words.hour_minute_separators)})\s*)(?P<minute>\d{{2}})(?::\d\d)?"
                rf"{suffix}(?![\d:]|[.,]\d|\s*(?:[€%]|{one_of(words.counted_noun_prefixes)}))"
            ),
            parse_numeric,
        ),
        (
            re.compile(
                rf"(?<![\w:.,/+-])(?P<hour>{hour})\s*\b{one_of(words.hour_minute_separators)}\s+"
                rf"(?P<minute>{one_of(words.clock_minutes)})\b{suffix}{parts.not_a_time}"
            ),
            parse_spoken_clock,
        ),
        (
            re.compile(
                rf"\b(?P<hour>{parts.hour_word})\s+(?P<minute>{one_of(words.spoken_minutes)})"
                rf"(?P<five>{any_pattern(words.spoken_five_patterns)})?\b{suffix}"
            ),
            parse_spoken,
        ),
        (
            re.compile(rf"(?<![\w:.,/+-])(?P<hour>{hour})(?=\s*[^\W\d]|\s*,\s*[^\W\d]){suffix}"),
            parse_with_suffix,
        ),
        (
            re.compile(
                rf"(?:\b{one_of(words.prepositions)}|@)\s*(?P<hour>{hour})(?![\w-]){parts.not_a_time}"
            ),
            parse_with_preposition,
        ),
    )


def _compile_range(words: TimeWords, parts: _Fragments) -> re.Pattern[str]:
    end = rf"{parts.hour}(?:[:.]\d{{2}})?" + re.sub(r"\?P<\w+>", "?:", parts.suffix)
    return re.compile(
        rf"(?<![\w:.,/+-])(?P<lead>{one_of(words.range_leads)})?\s*\b(?P<first>{end})\s*"
        rf"(?P<link>-|–|\b{one_of(words.range_links)}\b)\s*(?:{one_of(words.second_time_prefixes)}\s)?"
        rf"(?P<last>{end})(?![\w:-]|[.,]\d){parts.not_a_time}"
    )


# compiled at import, because a worker that forks per job would compile them in each job
for _lexicon in ALL_LEXICONS:
    time_grammar(_lexicon)
