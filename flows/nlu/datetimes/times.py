"""Recognition of times of day. An ambiguous hour is an error message that asks for it, never a guess."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from flows.locales import ALL_LEXICONS, DEFAULT_LANGUAGE, Lexicon, LocaleMessages, lexicon_for, messages_for
from flows.locales.lexicon import TimeWords
from flows.nlu.beside import stands_beside_unknown
from flows.nlu.datetimes.dates import Recognized, mask_dates
from flows.nlu.datetimes.time_of_day import INEXACT_TIME, TimeOfDay, resolve_time_of_day
from flows.nlu.patterns import any_pattern, one_of
from flows.text import normalize, normalize_same_length

_DURATION = re.compile(r"\d{1,2}\s*h")

_Parser = Callable[[re.Match[str], "_TimeGrammar"], TimeOfDay | None]
_WORD_OR_MARK = re.compile(r"[^\W_]+(?:'[^\W_]+)*|[^\w\s]")


class _TimeMatch(NamedTuple):
    """A span, and the time that it names, or the error message why it names none."""

    start: int
    end: int
    time: TimeOfDay | None
    error_message: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class _TimeGrammar:
    """A language's time patterns, compiled once."""

    words: TimeWords
    exact: tuple[tuple[re.Pattern[str], _Parser], ...]
    """Patterns that come before ranges, the most certain first."""
    likely: tuple[tuple[re.Pattern[str], _Parser], ...]
    range: re.Pattern[str]
    noon: re.Pattern[str]
    bare_hour: re.Pattern[str]
    hour_only: re.Pattern[str]
    leading_preposition: re.Pattern[str]
    bound_before: re.Pattern[str]
    limits: frozenset[str]
    """Words that bound a time, unless they are asked for (“From what time?”)."""
    negation_before: re.Pattern[str]
    greeting: re.Pattern[str]
    clock_24h: re.Pattern[str]
    day_periods: Mapping[str, re.Pattern[str]]
    any_day_period: re.Pattern[str]
    day_period_answer: re.Pattern[str]

    def classify_day_period(self, period: str) -> str:
        """Return the kind of a part of the day, or an empty string."""
        return next((kind for kind, form in self.day_periods.items() if form.fullmatch(period)), "")

    def parse_hour(self, match: re.Match[str]) -> int | None:
        """Return the hour of a match, or None when it is an article or no hour."""
        written, groups = match["hour"], match.groupdict()
        clock = groups.get("clock")
        if written in self.words.article_hours and not (clock and self.clock_24h.fullmatch(clock)):
            return None
        hour = int(written) if written.isdigit() else self.words.hours[written]
        return hour if hour < 24 or groups.get("half") else None


@cache
def _grammar(lexicon: Lexicon) -> _TimeGrammar:
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
    return _TimeGrammar(
        words=words,
        exact=(
            (
                re.compile(
                    rf"(?<![\w:.,])(?:{one_of(words.minutes_first_articles)}\s)?{offset}"
                    rf"(?P<minutes>\s*{any_pattern(words.minute_unit_patterns)}\b)?\s*"
                    rf"\b(?P<way>{past_or_to})\s*(?P<hour>{hour}){suffix}{not_a_time}"
                ),
                _parse_minutes_first,
            ),
            *(((hour_first, _parse_hour_first),) if words.plus_words else ()),
            (
                re.compile(rf"\b(?P<way>{one_of(words.fractions)})\s*(?P<hour>{hour}){suffix}{not_a_time}"),
                _parse_fraction,
            ),
        ),
        likely=(
            (
                re.compile(
                    r"(?<![\d:.,/+-])(?P<hour>\d{1,2})"
                    rf"(?:[:.h]|\s*(?P<exact>{one_of(words.hour_minute_separators)})\s*)(?P<minute>\d{{2}})(?::\d\d)?"
                    rf"{suffix}(?![\d:]|[.,]\d|\s*(?:[€%]|{one_of(words.counted_noun_prefixes)}))"
                ),
                _parse_numeric,
            ),
            (
                re.compile(
                    rf"\b(?P<hour>{hour_word})\s+(?P<minute>{one_of(words.spoken_minutes)})"
                    rf"(?P<five>{any_pattern(words.spoken_five_patterns)})?\b{suffix}"
                ),
                _parse_spoken,
            ),
            (
                re.compile(rf"(?<![\w:.,/+-])(?P<hour>{hour})(?=\s*[^\W\d]|\s*,\s*[^\W\d]){suffix}"),
                _parse_with_suffix,
            ),
            (
                re.compile(rf"(?:\b{preposition}|@)\s*(?P<hour>{hour})(?![\w-]){not_a_time}"),
                _parse_with_preposition,
            ),
        ),
        range=re.compile(
            rf"(?<![\w:.,/+-])(?P<lead>{one_of(words.range_leads)})?\s*\b(?P<first>{range_end})\s*"
            rf"(?P<link>-|–|\b{one_of(words.range_links)}\b)\s*(?:{one_of(words.second_time_prefixes)}\s)?"
            rf"(?P<last>{range_end})(?![\w:-]|[.,]\d){not_a_time}"
        ),
        noon=re.compile(rf"\b(?P<noon>{noon})\b|\b(?:{midnight})\b"),
        bare_hour=re.compile(
            rf"(?:(?:{any_preposition}|{one_of(words.bare_hour_prefixes)})\s+)?(?P<hour>{hour})"
            rf"(?:\s*{politeness})?\s*[.!]?"
        ),
        hour_only=re.compile(hour),
        leading_preposition=re.compile(rf"^{any_preposition}\s+"),
        limits=lexicon.dates.start_words,
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


def recognize_times(
    text: str, language: str = DEFAULT_LANGUAGE, names: frozenset[str] = frozenset()
) -> list[Recognized]:
    """Return every time of day in `text` as HH:MM or an error message, in order, without the negated ones.

    `names` are the words of what was asked for.
    """
    messages, text = messages_for(language), normalize_same_length(text)
    grammar = _grammar(lexicon_for(language))
    folded, matches = _find_times(text, language, grammar)
    period = _find_separate_day_period(folded, matches, grammar)
    return sorted(
        _to_recognized(item, folded, text, period, grammar, messages, language, names)
        for item in matches
        if not grammar.negation_before.search(folded[: item.start])
    )


def _find_times(text: str, language: str, grammar: _TimeGrammar) -> tuple[str, list[_TimeMatch]]:
    """Return the folded text without its dates and greetings, and what of it may be a time."""
    text = mask_dates(text, language, also_in_digits=True)
    folded = grammar.greeting.sub(lambda match: " " * len(match[0]), normalize(text))
    matches = list[_TimeMatch]()
    for item in _find_candidates(folded, grammar, messages_for(language)):
        # “mittags um 1”
        is_period = bool(matches) and folded.startswith(grammar.words.noon_period_prefixes, item.start)
        if not is_period and all(item.end <= other.start or other.end <= item.start for other in matches):
            matches.append(item)
    return folded, matches


def mask_times(text: str, language: str = DEFAULT_LANGUAGE) -> str:
    """Return the text of the same length with its times of day blanked out."""
    text = normalize_same_length(text)
    folded, matches = _find_times(text, language, _grammar(lexicon_for(language)))
    for item in matches:
        if item.time is not None and not _DURATION.fullmatch(folded[item.start : item.end]):
            text = f"{text[: item.start]};{' ' * (item.end - item.start - 1)}{text[item.end :]}"
    return text


def recognize_bare_hour(text: str, language: str = DEFAULT_LANGUAGE) -> Recognized | None:
    """Return the hour of a text that is a number and nothing else, as an answer to “At what time?”."""
    grammar = _grammar(lexicon_for(language))
    match = grammar.bare_hour.fullmatch(normalize(text).strip())
    hour = grammar.parse_hour(match) if match else None
    if hour is None:
        return None
    is_twelve_hour = 1 <= hour <= 12
    value, error = resolve_time_of_day(
        TimeOfDay(hour, is_twelve_hour=is_twelve_hour), "", text.strip(), messages_for(language)
    )
    return Recognized(0, len(text), value, error)


def complete_hour_answer(text: str, line: str, language: str = DEFAULT_LANGUAGE) -> str:
    """Return an answer such as “in the afternoon” with the hour that the bot's last `line` asked about."""
    before, _, after = re.escape(messages_for(language).ambiguous_hour).partition(re.escape("{0}"))
    question = re.search(rf"{before}(\d{{1,2}}(?::\d\d)?){after.partition(re.escape('{0}'))[0]}", line)
    if not question:
        return text
    grammar = _grammar(lexicon_for(language))
    match = grammar.day_period_answer.fullmatch(normalize(text).strip())
    if not match:
        return text
    period = grammar.words.period_answers.get(match["period"], text)
    return grammar.words.hour_answer.format(hour=question[1], period=period)


def name_day_period(text: str, said_before: str, language: str = DEFAULT_LANGUAGE) -> str:
    """Return the text with the part of the day that was said before it alone: “in the afternoon”, “at five”."""
    grammar = _grammar(lexicon_for(language))
    match = grammar.day_period_answer.fullmatch(normalize(said_before).strip(" .,!?"))
    return f"{text} {grammar.words.period_answers.get(match['period'], said_before)}" if match else text


def _find_candidates(folded: str, grammar: _TimeGrammar, messages: LocaleMessages) -> Iterator[_TimeMatch]:
    """Yield what may be a time, the most certain first; of two that overlap the first counts."""
    yield from _parse_all(folded, grammar.exact, grammar, messages)
    yield from _find_ranges(folded, grammar, messages)
    yield from _parse_all(folded, grammar.likely, grammar, messages)
    for match in grammar.noon.finditer(folded):
        yield _TimeMatch(match.start(), match.end(), TimeOfDay(12 if match["noon"] else 0))


def _parse_all(
    folded: str,
    parsers: tuple[tuple[re.Pattern[str], _Parser], ...],
    grammar: _TimeGrammar,
    messages: LocaleMessages,
) -> Iterator[_TimeMatch]:
    for pattern, parse in parsers:
        for match in pattern.finditer(folded):
            if (time := parse(match, grammar)) is INEXACT_TIME:
                yield _TimeMatch(match.start(), match.end(), None, messages.exact_time_required)
            elif time is not None:
                yield _TimeMatch(match.start(), match.end(), time)


def _parse_minutes_first(match: re.Match[str], grammar: _TimeGrammar) -> TimeOfDay | None:
    """Parse “ten past six” and “ten to six”; the second may be a range."""
    words, minutes, hour = grammar.words, _parse_offset(match, grammar), grammar.parse_hour(match)
    is_range = match["way"] in words.range_to_words and minutes <= 12 and not match["minutes"]
    if hour is None or is_range or not 0 < minutes < 60:
        return None
    is_before = match["way"] in words.to_words
    return _build_time(match, hour, 0 if is_before else minutes, minutes if is_before else 0)


def _parse_hour_first(match: re.Match[str], grammar: _TimeGrammar) -> TimeOfDay | None:
    """Parse “seis y media” and “seis menos cuarto”."""
    minutes, hour = _parse_offset(match, grammar), grammar.parse_hour(match)
    if hour is None or not 0 < minutes < 60:
        return None
    is_before = match["way"] in grammar.words.minus_words
    return _build_time(match, hour, 0 if is_before else minutes, minutes if is_before else 0)


def _parse_offset(match: re.Match[str], grammar: _TimeGrammar) -> int:
    written = match["offset"]
    return int(written) if written.isdigit() else grammar.words.minutes[written]


def _parse_fraction(match: re.Match[str], grammar: _TimeGrammar) -> TimeOfDay | None:
    hour, missing = grammar.parse_hour(match), grammar.words.fractions[match["way"]]
    if hour is None:
        return None
    return _build_time(match, hour, 0, missing) if missing else INEXACT_TIME


def _parse_numeric(match: re.Match[str], grammar: _TimeGrammar) -> TimeOfDay | None:
    hour, minute = int(match["hour"]), int(match["minute"])
    if minute > 59 and ":" not in match[0]:
        return None
    return TimeOfDay(hour, minute, 0, match["half"] or "", match["part"] or "")


def _parse_spoken(match: re.Match[str], grammar: _TimeGrammar) -> TimeOfDay | None:
    minute = grammar.words.minutes[match["minute"]] + (5 if match["five"] else 0)
    hour = grammar.parse_hour(match)
    return None if hour is None else _build_time(match, hour, minute)


def _parse_with_suffix(match: re.Match[str], grammar: _TimeGrammar) -> TimeOfDay | None:
    hour, period, clock = grammar.parse_hour(match), match["part"] or "", match["clock"] or ""
    is_clear_period = bool(period) and period not in grammar.words.vague_day_periods
    if hour is None or not (match["half"] or clock or is_clear_period):
        return None
    is_24h = grammar.clock_24h.fullmatch(clock) is not None
    return _build_time(match, hour, 0)._replace(is_twelve_hour=not is_24h)


def _parse_with_preposition(match: re.Match[str], grammar: _TimeGrammar) -> TimeOfDay | None:
    hour = grammar.parse_hour(match)
    return None if hour is None else TimeOfDay(hour, is_twelve_hour=True)


def _build_time(match: re.Match[str], hour: int, minute: int, minutes_before: int = 0) -> TimeOfDay:
    return TimeOfDay(
        hour, minute, minutes_before, match["half"] or "", match["part"] or "", is_twelve_hour=True
    )


def _find_ranges(folded: str, grammar: _TimeGrammar, messages: LocaleMessages) -> Iterator[_TimeMatch]:
    """Yield two hours with a word such as `to` or `or` between them: no time until one is named."""
    stripped = grammar.leading_preposition.sub("", folded.strip(" .,!?"))
    for match in grammar.range.finditer(folded):
        ends = [match["first"].strip(), match["last"].strip()]
        is_marked = any(grammar.hour_only.fullmatch(end) is None for end in ends)
        if match["lead"] or is_marked or match[0].strip() == stripped:
            is_choice = match["link"] in grammar.words.choice_links and not match["lead"]
            error = (
                messages.ambiguous_value.format(messages.join_list(ends))
                if is_choice
                else messages.exact_time_required
            )
            yield _TimeMatch(match.start(), match.end(), None, error)


def _find_separate_day_period(folded: str, matches: Sequence[_TimeMatch], grammar: _TimeGrammar) -> str:
    """Return the kind of the only part of the day elsewhere in the text, as in “tomorrow evening at 7”."""
    kinds = {
        grammar.classify_day_period(match[0])
        for match in grammar.any_day_period.finditer(folded)
        if all(match.end() <= item.start or item.end <= match.start() for item in matches)
    }
    return kinds.pop() if len(kinds) == 1 else ""


def _to_recognized(  # noqa: PLR0913 - the two texts and what they are read by
    item: _TimeMatch,
    folded: str,
    text: str,
    period: str,
    grammar: _TimeGrammar,
    messages: LocaleMessages,
    language: str,
    names: frozenset[str],
) -> Recognized:
    if item.time is None:
        return Recognized(item.start, item.end, error_message=item.error_message)
    bound = grammar.bound_before.search(folded[: item.start])
    if bound and names.isdisjoint(grammar.limits.intersection(bound[0].split())):
        return Recognized(item.start, item.end, error_message=messages.exact_time_required)
    if stands_beside_unknown(_words(folded[: item.start]), _words(folded[item.end :]), language, names):
        return Recognized(item.start, item.end, error_message=messages.exact_time_required)
    kind = grammar.classify_day_period(item.time.day_period) if item.time.day_period else period
    value, error = resolve_time_of_day(item.time, kind, text[item.start : item.end].strip(), messages)
    return Recognized(item.start, item.end, value, error)


def _words(folded: str) -> tuple[str, ...]:
    """Return the words, with a semicolon for punctuation."""
    return tuple(token if token[0].isalnum() else ";" for token in _WORD_OR_MARK.findall(folded))


for (
    _lexicon
) in ALL_LEXICONS:  # compiled at import, as a worker that forks per job would compile them in each job
    _grammar(_lexicon)
