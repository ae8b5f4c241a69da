"""Recognition of times of day. An ambiguous hour is an error message that asks for it, never a guess."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import NamedTuple

from flows.locales import DEFAULT_LANGUAGE, LocaleMessages, lexicon_for, messages_for
from flows.nlu.clauses.neighbors import has_unknown_neighbor, is_excluded
from flows.nlu.datetimes.dates import Recognized, mask_dates
from flows.nlu.datetimes.time_grammar import time_grammar
from flows.nlu.datetimes.time_of_day import INEXACT_TIME, TimeOfDay, resolve_time_of_day
from flows.nlu.datetimes.time_parsers import TimeGrammar, TimeParser
from flows.text import normalize, normalize_same_length

_HOUR = re.compile(r"\d{1,2}(?![\d:.])")
_DURATION = re.compile(r"\d{1,2}\s*h")

_WORD_OR_MARK = re.compile(r"[^\W_]+(?:'[^\W_]+)*|[^\w\s]")


class _TimeMatch(NamedTuple):
    """A span, and the time that it names, or the error message why it names none."""

    start: int
    end: int
    time: TimeOfDay | None
    error_message: str = ""


def recognize_times(
    text: str, language: str = DEFAULT_LANGUAGE, names: frozenset[str] = frozenset()
) -> list[Recognized]:
    """Return every time of day in `text` as HH:MM or an error message, in order, without the negated ones.

    `names` are the words of what was asked for.
    """
    messages, text = messages_for(language), normalize_same_length(text)
    grammar = time_grammar(lexicon_for(language))
    folded, matches = _find_times(text, language, grammar)
    if len(matches) == 1 and grammar.alternative_behind.match(folded[matches[0].end :]):
        return [Recognized(matches[0].start, matches[0].end, error_message=messages.exact_time_required)]
    period = _find_separate_day_period(folded, matches, grammar)
    return sorted(
        _to_recognized(item, folded, text, period, grammar, messages, language, names)
        for item in matches
        if not grammar.negation_before.search(folded[: item.start])
        and not is_excluded(_tokenize_clauses(folded[: item.start]), language)
    )


def _find_times(text: str, language: str, grammar: TimeGrammar) -> tuple[str, list[_TimeMatch]]:
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
    folded, matches = _find_times(text, language, time_grammar(lexicon_for(language)))
    for item in matches:
        if item.time is not None and not _DURATION.fullmatch(folded[item.start : item.end]):
            text = f"{text[: item.start]};{' ' * (item.end - item.start - 1)}{text[item.end :]}"
    return text


def recognize_bare_hour(text: str, language: str = DEFAULT_LANGUAGE) -> Recognized | None:
    """Return the hour of a text that is a number and nothing else, as an answer to “At what time?”."""
    grammar = time_grammar(lexicon_for(language))
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
    question = _question_about_hour(language).search(line)
    if not question:
        return text
    grammar = time_grammar(lexicon_for(language))
    match = grammar.day_period_answer.fullmatch(normalize(text).strip())
    if not match:
        return text
    period = grammar.words.period_answers.get(match["period"], text)
    return grammar.words.hour_answer.format(hour=question[1], period=period)


def hour_within_question(error_message: str, question: str, language: str = DEFAULT_LANGUAGE) -> str:
    """Return the only hour that lies within those a question names: 15:00 for “3”, “open from 8 to 18”.

    `error_message` is the question back about an hour of twelve; empty when it is none, or the hours of the
    question leave both open.
    """
    hours = _hours_of_question(question, language)
    asked = _question_about_hour(language).match(error_message)
    if not hours or not (asked or error_message == messages_for(language).noon_or_midnight):
        return ""
    hour, minute = (int(asked["hour"]) % 12, int(asked["minute"] or 0)) if asked else (0, 0)
    within = [each for each in (hour, hour + 12) if hours[0] * 60 <= each * 60 + minute <= hours[1] * 60]
    return f"{within[0]:02}:{minute:02}" if len(within) == 1 else ""


@cache
def _question_about_hour(language: str) -> re.Pattern[str]:
    """Return the pattern of the question whether an hour is before or after noon; group 1 is the time."""
    before, _, after = re.escape(messages_for(language).ambiguous_hour).partition(re.escape("{0}"))
    return re.compile(
        rf"{before}((?P<hour>\d{{1,2}})(?::(?P<minute>\d\d))?){after.partition(re.escape('{0}'))[0]}"
    )


@lru_cache(maxsize=500)
def _hours_of_question(question: str, language: str) -> tuple[int, int] | None:
    """Return the hours from which and until which a question says that there is a choice."""
    grammar = time_grammar(lexicon_for(language))
    ends = [
        (_HOUR.match(match["first"].strip()), _HOUR.match(match["last"].strip()))
        for match in grammar.range.finditer(normalize(question))
    ]
    found = [(int(first[0]), int(last[0])) for first, last in ends if first and last]
    return found[0] if len(found) == 1 and found[0][0] < found[0][1] else None


def name_day_period(text: str, said_before: str, language: str = DEFAULT_LANGUAGE) -> str:
    """Return the text with the part of the day that was said before it: “in the afternoon”, “at five”."""
    grammar, said = time_grammar(lexicon_for(language)), normalize(said_before).strip(" .,!?")
    if said in lexicon_for(language).dates.near_days:
        return text  # “mañana” was an answer to “which day?”
    match = grammar.day_period_answer.fullmatch(said)
    return f"{text} {grammar.words.period_answers.get(match['period'], said_before)}" if match else text


def _find_candidates(folded: str, grammar: TimeGrammar, messages: LocaleMessages) -> Iterator[_TimeMatch]:
    """Yield what may be a time, the most certain first; of two that overlap the first counts."""
    yield from _parse_all(folded, grammar.exact, grammar, messages)
    yield from _find_ranges(folded, grammar, messages)
    yield from _parse_all(folded, grammar.likely, grammar, messages)
    for match in grammar.noon.finditer(folded):
        yield _TimeMatch(match.start(), match.end(), TimeOfDay(12 if match["noon"] else 0))


def _parse_all(
    folded: str,
    parsers: tuple[tuple[re.Pattern[str], TimeParser], ...],
    grammar: TimeGrammar,
    messages: LocaleMessages,
) -> Iterator[_TimeMatch]:
    for pattern, parse in parsers:
        for match in pattern.finditer(folded):
            if (time := parse(match, grammar)) is INEXACT_TIME:
                yield _TimeMatch(match.start(), match.end(), None, messages.exact_time_required)
            elif time is not None:
                yield _TimeMatch(match.start(), match.end(), time)


def _find_ranges(folded: str, grammar: TimeGrammar, messages: LocaleMessages) -> Iterator[_TimeMatch]:
    """Yield two hours with a word such as `to` or `or` between them: no time until one is named."""
    stripped = grammar.leading_preposition.sub("", folded.strip(" .,!?"))
    for match in grammar.range.finditer(folded):
        if grammar.day_before.search(folded[: match.start("first")]):
            continue
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


def _find_separate_day_period(folded: str, matches: Sequence[_TimeMatch], grammar: TimeGrammar) -> str:
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
    grammar: TimeGrammar,
    messages: LocaleMessages,
    language: str,
    names: frozenset[str],
) -> Recognized:
    if item.time is None:
        return Recognized(item.start, item.end, error_message=item.error_message)
    bound = grammar.bound_before.search(folded[: item.start])
    if bound and names.isdisjoint(grammar.limits.intersection(bound[0].split())):
        return Recognized(item.start, item.end, error_message=messages.exact_time_required)
    if has_unknown_neighbor(
        _tokenize_clauses(folded[: item.start]), _tokenize_clauses(folded[item.end :]), language, names
    ):
        return Recognized(item.start, item.end, error_message=messages.exact_time_required)
    kind = grammar.classify_day_period(item.time.day_period) if item.time.day_period else period
    value, error = resolve_time_of_day(item.time, kind, text[item.start : item.end].strip(), messages)
    return Recognized(item.start, item.end, value, error)


def _tokenize_clauses(folded: str) -> tuple[str, ...]:
    """Return the words, with a semicolon for punctuation."""
    return tuple(token if token[0].isalnum() else ";" for token in _WORD_OR_MARK.findall(folded))
