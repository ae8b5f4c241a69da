"""The patterns of times of day, compiled once for each language."""

from __future__ import annotations

import re
from functools import cache

from flows.locales import ALL_LEXICONS, Lexicon
from flows.nlu.datetimes.time_parsers import (
    TimeGrammar,
    parse_fraction,
    parse_hour_first,
    parse_minutes_first,
    parse_numeric,
    parse_spoken,
    parse_with_preposition,
    parse_with_suffix,
)
from flows.nlu.words.patterns import any_pattern, one_of


@cache
def time_grammar(lexicon: Lexicon) -> TimeGrammar:
    words = lexicon.times
    hour_word = one_of(words.hours)
    hour = rf"(?:\d{{1,2}}|{hour_word}(?!\w))"
    period = "|".join(dict.fromkeys(form for forms in words.day_periods.values() for form in forms))
    clock = any_pattern((*words.clock_12h_patterns, *words.clock_24h_patterns))
    meridiem_exceptions = any_pattern(words.meridiem_exception_patterns)
    suffix = (
        rf"(?:\s*(?P<half>[ap]\.?\s?m\b\.?)(?!\s*{meridiem_exceptions})|\s*(?P<clock>{clock})\b)?"
        rf"(?:\s*,?\s*(?P<part>{period})\b)?"
    )
    plain_suffix = re.sub(r"\?P<\w+>", "?:", suffix)
    not_a_time = rf"(?!\s*(?:\d|[.,:/]\d|[€%$]|{any_pattern(words.not_after_hour_patterns)}))"
    offset = rf"(?P<offset>\d{{1,2}}|{one_of(words.minutes)})"
    preposition = one_of(words.prepositions)
    any_preposition = one_of((*words.prepositions, *words.approximate_prepositions))
    past_or_to = one_of((*words.past_words, *words.to_words))
    plus_or_minus = one_of((*words.plus_words, *words.minus_words))
    bounds = one_of((*lexicon.dates.bound_words, *words.bound_words))
    negated_prepositions = one_of(
        (*words.prepositions, *words.approximate_prepositions, *words.negated_prepositions)
    )
    range_end = rf"{hour}(?:[:.]\d{{2}})?{plain_suffix}"
    noon, midnight = any_pattern(words.noon_patterns), any_pattern(words.midnight_patterns)
    suffixes = any_pattern(re.escape(each) for each in lexicon.negation_suffixes)
    answer_periods = one_of(words.period_answers)
    politeness = one_of(lexicon.politeness)
    # minutes of one digit are none here: “3 y 4” is two numbers
    hour_first = re.compile(
        rf"(?<![\w:.,])(?P<hour>{hour})\s+(?P<way>{plus_or_minus})\s+(?P<offset>\d\d|{one_of(words.minutes)})"
        rf"(?!\w){suffix}{not_a_time}"
    )
    return TimeGrammar(
        words=words,
        exact=(
            (
                re.compile(
                    rf"(?<![\w:.,])(?:{one_of(words.minutes_first_articles)}\s)?{offset}"
                    rf"(?P<minutes>\s*{any_pattern(words.minute_unit_patterns)}\b)?\s*"
                    rf"\b(?P<way>{past_or_to})\s*(?P<hour>{hour}){suffix}{not_a_time}"
                ),
                parse_minutes_first,
            ),
            *(((hour_first, parse_hour_first),) if words.plus_words else ()),
            (
                re.compile(rf"\b(?P<way>{one_of(words.fractions)})\s*(?P<hour>{hour}){suffix}{not_a_time}"),
                parse_fraction,
            ),
        ),
        likely=(
            (
                re.compile(
                    r"(?<![\d:.,/+-])(?P<hour>\d{1,2})"
                    rf"(?:[:.h]|\s*(?P<exact>{one_of(words.hour_minute_separators)})\s*)(?P<minute>\d{{2}})(?::\d\d)?"
                    rf"{suffix}(?![\d:]|[.,]\d|\s*(?:[€%]|{one_of(words.counted_noun_prefixes)}))"
                ),
                parse_numeric,
            ),
            (
                re.compile(
                    rf"\b(?P<hour>{hour_word})\s+(?P<minute>{one_of(words.spoken_minutes)})"
                    rf"(?P<five>{any_pattern(words.spoken_five_patterns)})?\b{suffix}"
                ),
                parse_spoken,
            ),
            (
                re.compile(rf"(?<![\w:.,/+-])(?P<hour>{hour})(?=\s*[^\W\d]|\s*,\s*[^\W\d]){suffix}"),
                parse_with_suffix,
            ),
            (
                re.compile(rf"(?:\b{preposition}|@)\s*(?P<hour>{hour})(?![\w-]){not_a_time}"),
                parse_with_preposition,
            ),
        ),
        range=re.compile(
            rf"(?<![\w:.,/+-])(?P<lead>{one_of(words.range_leads)})?\s*\b(?P<first>{range_end})\s*"
            rf"(?P<link>-|–|\b{one_of(words.range_links)}\b)\s*(?:{one_of(words.second_time_prefixes)}\s)?"
            rf"(?P<last>{range_end})(?![\w:-]|[.,]\d){not_a_time}"
        ),
        day_before=re.compile(rf"\b{one_of((*lexicon.dates.day_prepositions, *lexicon.dates.articles))}\s*$"),
        noon=re.compile(rf"\b(?P<noon>{noon})\b|\b(?:{midnight})\b"),
        bare_hour=re.compile(
            rf"(?:{politeness}\s+)?(?:(?:{any_preposition}|{one_of(words.bare_hour_prefixes)})\s+)?(?P<hour>{hour})"
            rf"(?:\s*{politeness})?\s*[.!]?"
        ),
        hour_only=re.compile(hour),
        leading_preposition=re.compile(rf"^{any_preposition}\s+"),
        limits=lexicon.dates.start_words,
        alternative_behind=re.compile(rf"\s+{one_of(lexicon.or_words)}\s+\w"),
        bound_before=re.compile(rf"\b{bounds}(?:\s+{any_preposition})?\s*$"),
        negation_before=re.compile(
            rf"(?:\b{one_of(lexicon.value_negations)}|{suffixes})(?:\s+{negated_prepositions})?\s*$"
        ),
        greeting=re.compile(rf"\b{any_pattern(lexicon.greeting_patterns)}\b"),
        clock_24h=re.compile(any_pattern(words.clock_24h_patterns)),
        day_periods={kind: re.compile(any_pattern(forms)) for kind, forms in words.day_periods.items()},
        any_day_period=re.compile(rf"\b(?:{period})\b"),
        day_period_answer=re.compile(
            rf"(?:{one_of(words.answer_prefixes)}\s+)?(?P<period>{period}|{answer_periods}|[ap]\.?\s?m\.?)"
            rf"(?:\s+{politeness})?\s*[.!]?"
        ),
    )


for (
    _lexicon
) in ALL_LEXICONS:  # compiled at import, as a worker that forks per job would compile them in each job
    time_grammar(_lexicon)
