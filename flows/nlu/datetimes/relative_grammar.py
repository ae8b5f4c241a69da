"""The patterns of days relative to today, compiled once for each language."""

from __future__ import annotations

import re
from functools import cache

from flows.locales import ALL_LEXICONS, Lexicon
from flows.nlu.datetimes import date_resolvers as resolvers
from flows.nlu.datetimes.date_resolvers import RelativeGrammar, Resolver
from flows.nlu.datetimes.weekdays import DayNames, day_names
from flows.nlu.words.patterns import any_pattern, one_of


@cache
def relative_grammar(lexicon: Lexicon) -> RelativeGrammar:
    words, names = lexicon.dates, day_names(lexicon)
    articles = rf"(?:{one_of(words.articles)} )?"
    short = one_of(words.short_weekdays)
    days = any_pattern(form.replace("?P<number>", "?:") for form in words.day_of_month_patterns)
    return RelativeGrammar(
        names=names,
        short_weekdays=words.short_weekdays,
        short_weekday_before_date=re.compile(rf"(?<= ){short}(?= (?:; )?(?:{articles}#|{days} ))"),
        weekday_by_number=tuple(spellings[0] for spellings in words.weekdays),
        near_days=words.near_days,
        counts=words.counts,
        resolvers=_compile_resolvers(lexicon, names),
        greeting=re.compile(rf"\b{any_pattern(lexicon.greeting_patterns)}\b"),
        range_before=re.compile(
            rf" \d{{1,2}}(?:st|nd|rd|th)?[.ºª]?(?: [.;])? {one_of(lexicon.times.range_links)}"
            rf"(?: {one_of((*words.bound_articles, *words.articles))})? $"
        ),
        bound_before=re.compile(
            rf" {one_of((*words.bound_words, *words.approximate_words))}"
            rf"(?: {one_of(words.bound_articles)})? $"
        ),
        alternative_behind=re.compile(
            rf" (?:{one_of((*lexicon.or_words, *lexicon.times.range_to_words))}) "
            rf"(?:{one_of((*words.articles, *words.bound_articles))} )?\d{{1,2}}(?:st|nd|rd|th)?(?: [.;])* $"
        ),
        named_month=re.compile(rf" {one_of((*words.next_month, *words.this_month))} "),
        half_behind=re.compile(rf" {one_of(lexicon.numbers.half_phrases)} "),
        open_behind=re.compile(rf" {one_of(lexicon.or_words)} [^;]"),
        recurrence_before=re.compile(
            rf" {one_of(words.recurrence_words)}(?: {one_of(words.day_prepositions)})? $"
        ),
        indefinite_before=re.compile(
            rf" {one_of(word for word, count in words.counts.items() if count == 1)} $"
        ),
        clause_separator=re.compile(rf" (?:;|{one_of(words.contrast_words)})(?= )"),
        # not “no”, which stands for itself (“no, Saturday”), unless it is the language's “not” too
        negations=lexicon.negations - (lexicon.answers.no | lexicon.answers.incorrect)
        | lexicon.answers.negating_no,
        negation_suffixes=lexicon.negation_suffixes,
    )


def _compile_resolvers(lexicon: Lexicon, names: DayNames) -> tuple[tuple[re.Pattern[str], Resolver], ...]:
    """Return the patterns with their resolvers; of two matches that overlap the first counts."""
    words = lexicon.dates
    near_phrases = [name for name in words.near_days if " " in name]
    near_words = [name for name in words.near_days if " " not in name]
    weekday, near = f"(?P<weekday>{one_of(names.weekdays)})", f"(?P<near>{one_of(near_words)})"
    duration = (
        rf"(?P<count>\d{{1,3}}|{one_of(words.counts)}) "
        rf"(?:(?P<days>{any_pattern(words.day_unit_patterns)})|(?P<weeks>{any_pattern(words.week_unit_patterns)})"
        rf"|(?P<months>{any_pattern(words.month_unit_patterns)})|(?P<years>{any_pattern(words.year_unit_patterns)}))"
    )
    articles, preposition = f"(?:{one_of(words.articles)} )?", f"(?:{one_of(words.day_prepositions)} )?"
    next_month = one_of(words.next_month)
    next_week, ahead = one_of(words.next_week), one_of(words.in_words)
    last_before, last_after = one_of(words.last_before_words), one_of(words.last_after_words)
    not_after = "".join(f"(?<! {phrase} )" for phrase in words.near_day_not_after)
    return (
        (_compile_phrase(f"(?P<near>{one_of(near_phrases)})"), resolvers.resolve_near_day),
        (
            _compile_phrase(
                rf"(?:{ahead} )?{duration} {one_of(words.after_words)} "
                rf"(?:{weekday}|{near}|{one_of(words.now_words)})"
            ),
            resolvers.resolve_offset_from_day,
        ),
        (
            _compile_phrase(rf"{weekday} (?:{one_of(words.weeks_after_weekday)}|{ahead} {duration})"),
            resolvers.resolve_weekday_in_weeks,
        ),
        (_compile_phrase(rf"{ahead} {duration} {preposition}{weekday}"), resolvers.resolve_weekday_in_weeks),
        (
            _compile_phrase(rf"{duration} {one_of(words.day_prepositions)} {weekday}"),  # “a week on Monday”
            resolvers.resolve_weekday_in_weeks,
        ),
        *(
            (_compile_phrase(form), resolvers.resolve_day_of_named_month)
            for form in _days_of_named_month(lexicon)
        ),
        *(
            (_compile_phrase(form), resolvers.resolve_no_day)
            for form in (rf"{weekday} (?:\w+ )?{next_month}", rf"{next_month} (?:; )?{preposition}{weekday}")
        ),
        (_compile_phrase(rf"{weekday} {next_week}"), resolvers.resolve_weekday_next_week),
        (_compile_phrase(rf"{next_week} {preposition}{weekday}"), resolvers.resolve_weekday_next_week),
        (_compile_phrase(rf"(?:{near} )?{ahead} {duration}"), resolvers.resolve_duration),
        *(
            (
                _compile_phrase(rf"{duration} {ago}" if is_behind else rf"{ago} {duration}"),
                resolvers.resolve_duration_ago,
            )
            for is_behind, phrases in ((True, words.ago_after_words), (False, words.ago_before_words))
            for ago in phrases
        ),
        (_compile_phrase(rf"{last_before} {weekday}"), resolvers.resolve_last_weekday),
        *(
            ((_compile_phrase(rf"{weekday} {last_after}"), resolvers.resolve_last_weekday),)
            if words.last_after_words
            else ()
        ),
        (
            _compile_phrase(rf"{weekday} (?:; )*{articles}#(?P<number>\d+)"),
            resolvers.resolve_weekday_and_date,
        ),
        (_compile_phrase(rf"#(?P<number>\d+) (?:; )*{weekday}"), resolvers.resolve_weekday_and_date),
        *(
            (_compile_phrase(rf"{weekday} (?:; )*{form}"), resolvers.resolve_weekday_and_day)
            for form in words.day_of_month_patterns
        ),
        (_compile_phrase(r"#(?P<number>\d+)"), resolvers.resolve_date),
        (
            _compile_phrase(
                rf"(?:(?P<this>{one_of(words.this_words)}) )?{weekday}"
                rf"(?: {one_of(words.near_day_after_weekday)})?"
            ),
            resolvers.resolve_weekday,
        ),
        (re.compile(rf"(?<= ){not_after}{near}(?= )"), resolvers.resolve_near_day),
        *((re.compile(form), resolvers.resolve_short_weekday) for form in words.short_weekday_patterns),
        *((_compile_phrase(form), resolvers.resolve_day_of_month) for form in words.bare_day_patterns),
    )


def _days_of_named_month(lexicon: Lexicon) -> list[str]:
    """Return the patterns of a day of the next or of this month: “the 5th of next month”."""
    words = lexicon.dates
    month = rf"(?:(?P<next_month>{one_of(words.next_month)})|{one_of(words.this_month)})"
    lead = rf"(?:{one_of((*words.day_prepositions, *words.articles))} )*"
    days = [rf"{lead}(?P<number>\d{{1,2}})(?:{one_of(words.ordinal_suffixes)})?(?: [.;])?"]
    if not words.next_month:
        return []
    particle = rf"(?:{one_of(words.particles)} )?"
    return [each for day in days for each in (rf"{day} {particle}{month}", rf"{month} (?:; )?{day}")]


def _compile_phrase(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<= )(?:{pattern})(?= )")


# compiled at import, because a worker that forks per job would compile them in each job
for _lexicon in ALL_LEXICONS:
    relative_grammar(_lexicon)
