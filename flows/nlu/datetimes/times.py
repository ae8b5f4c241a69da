"""Times of day as people write them. A spoken hour is one of two, and is asked back rather than guessed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from flows.locales import LocaleMessages, messages_for
from flows.nlu.datetimes.dates import Recognized, mask_dates
from flows.nlu.datetimes.time_of_day import (
    DAY_PERIOD_PATTERNS,
    INEXACT_TIME,
    TimeOfDay,
    classify_day_period,
    resolve_time_of_day,
)
from flows.text import normalize, normalize_same_length, tokenize

_ENGLISH_HOURS = tokenize("one two three four five six seven eight nine ten eleven twelve")
_GERMAN_HOURS = tokenize(
    "eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn "
    "siebzehn achtzehn neunzehn zwanzig einundzwanzig zweiundzwanzig dreiundzwanzig"
)
_HOUR_WORDS = {"ein": 1} | {
    name: hour for names in (_ENGLISH_HOURS, _GERMAN_HOURS) for hour, name in enumerate(names, 1)
}
_MINUTE_WORDS = {
    "quarter": 15, "viertel": 15, "half": 30, "fifteen": 15, "thirty": 30, "dreissig": 30, "fourty": 40,
    "forty": 40, "fifty": 50, "twenty": 20, "zwanzig": 20, "ten": 10, "zehn": 10, "five": 5, "funf": 5,
}  # fmt: skip
_NOON = re.compile(r"\b(?P<noon>noon|midday|mittags?)\b|\b(?:midnight|mitternachts?)\b")


def _alternatives(names: Sequence[str]) -> str:
    return "|".join(sorted(names, key=len, reverse=True))


_DAY_NAME_PATTERN = (
    r"(?:mon|diens|donners|frei|sams|sonn)tag|mittwoch|sonnabend|\d|tag\b|(?:vor|nach)mittag|morgen|abend"
)
_HOUR_PATTERN = rf"(?:\d{{1,2}}|(?:{_alternatives([*_HOUR_WORDS])})(?!\w))"
_DAY_PERIOD_PATTERN = "|".join(DAY_PERIOD_PATTERNS.values())
_SUFFIX_PATTERN = (
    rf"(?:\s*(?P<half>[ap]\.?\s?m\b\.?)(?!\s*(?:{_DAY_NAME_PATTERN}))|\s*(?P<clock>uhr|o'?\s?clock|h)\b)?"
    rf"(?:\s*,?\s*(?P<part>{_DAY_PERIOD_PATTERN})\b)?"
)
_UNNAMED_SUFFIX_PATTERN = re.sub(r"\?P<\w+>", "?:", _SUFFIX_PATTERN)
_NOT_A_TIME_LOOKAHEAD = (
    r"(?!\s*(?:\d|[.,:/]\d|[€%$]|people\b|persons?\b|personen\b|leute\b|guests?\b|euros?\b|dollars?\b|hours?\b"
    r"|minutes?\b|mins?\b|stunden?\b|minuten?\b|days?\b|tagen?\b|weeks?\b|wochen?\b|of\b|point\b|least\b|once\b))"
)
_OFFSET_PATTERN = rf"(?P<offset>\d{{1,2}}|{_alternatives([*_MINUTE_WORDS])})"
_RELATIVE_TIME = re.compile(
    rf"(?<![\w:.,])(?:a )?{_OFFSET_PATTERN}(?P<minutes>\s*min(?:ute)?[ns]?\b)?\s*"
    rf"\b(?P<way>past|after|to|till|before|vor|nach)\s*(?P<hour>{_HOUR_PATTERN}){_SUFFIX_PATTERN}{_NOT_A_TIME_LOOKAHEAD}"
)
_FRACTION_TIME = re.compile(
    rf"\b(?P<way>halb|dreiviertel|half|viertel)\s*(?P<hour>{_HOUR_PATTERN}){_SUFFIX_PATTERN}{_NOT_A_TIME_LOOKAHEAD}"
)
_NUMERIC_TIME = re.compile(
    rf"(?<![\d:.,/+-])(?P<hour>\d{{1,2}})(?:[:.h]|\s*(?P<exact>uhr)\s*)(?P<minute>\d{{2}})(?::\d\d)?{_SUFFIX_PATTERN}"
    r"(?![\d:]|[.,]\d|\s*(?:person|leute|gast|gaste|[€%]|euro|minute|stunde))"
)
_SPOKEN_TIME = re.compile(
    rf"\b(?P<hour>{_alternatives([*_HOUR_WORDS])})\s+(?P<minute>thirty|fifteen|forty|fifty|twenty|ten)"
    rf"(?:[ -](?P<five>five))?\b{_SUFFIX_PATTERN}"
)
_HOUR_WITH_SUFFIX = re.compile(
    rf"(?<![\w:.,/+-])(?P<hour>{_HOUR_PATTERN})(?=\s*[^\W\d]|\s*,\s*[^\W\d]){_SUFFIX_PATTERN}"
)
_HOUR_WITH_PREPOSITION = re.compile(
    rf"(?:\b(?:at|um|gegen)|@)\s*(?P<hour>{_HOUR_PATTERN})(?![\w-]){_NOT_A_TIME_LOOKAHEAD}"
)
_BARE_HOUR = re.compile(
    rf"(?:(?:at|um|around|about|gegen|make it|so)\s+)?(?P<hour>{_HOUR_PATTERN})"
    r"(?:\s*(?:please|bitte|then|dann))?\s*[.!]?"
)
_RANGE_END_PATTERN = rf"{_HOUR_PATTERN}(?:[:.]\d{{2}})?{_UNNAMED_SUFFIX_PATTERN}"
_TIME_RANGE = re.compile(
    rf"(?<![\w:.,/+-])(?P<lead>between|from|zwischen|von)?\s*\b(?P<first>{_RANGE_END_PATTERN})\s*"
    rf"(?P<link>-|–|\b(?:to|till|until|bis|and|und|or|oder)\b)\s*(?:at |um )?"
    rf"(?P<last>{_RANGE_END_PATTERN})(?![\w:-]|[.,]\d){_NOT_A_TIME_LOOKAHEAD}"
)
_BOUND_PREPOSITION = re.compile(
    r"\b(?:before|after|by|until|till|from|since|than|past|vor|nach|ab|bis|spatestens|fruhestens)"
    r"(?:\s+(?:at|um|about|gegen))?\s*$"
)
_NEGATION_BEFORE = re.compile(
    r"(?:\b(?:not|nicht|never|cannot)|n't)(?:\s+(?:at|um|before|after|around|about|gegen|vor|nach))?\s*$"
)
_HOUR_ONLY = re.compile(_HOUR_PATTERN)
_LEADING_PREPOSITION = re.compile(r"^(?:at|um|around|about|gegen)\s+")
_ANY_DAY_PERIOD = re.compile(rf"\b(?:{_DAY_PERIOD_PATTERN})\b")
_VAGUE_DAY_PERIODS = ("morning", "mornings", "afternoon", "afternoons", "evening", "evenings")
_DAY_PERIOD_ONLY = re.compile(
    rf"(?:(?:yes|ja|the|in the|am|um)\s+)?(?:{_DAY_PERIOD_PATTERN}|morgen|[ap]\.?\s?m\.?)(?:\s+(?:please|bitte))?\s*[.!]?"
)
_DURATION = re.compile(r"\d{1,2}\s*h")
_GREETING = re.compile(r"\b(?:good (?:morning|afternoon|evening)|gute[nr]? (?:morgen|tag|abend|nacht))\b")


class _TimeMatch(NamedTuple):
    """Where something stands, and the time that it is; or else why it is none, as a sentence."""

    start: int
    end: int
    time: TimeOfDay | None
    error_message: str = ""


def recognize_times(text: str, language: str = "en") -> list[Recognized]:
    """Every time of day in `text` as HH:MM or with a reason, in order; a denied one is left out."""
    sentences, text = messages_for(language), normalize_same_length(text)
    folded, found = _find_times(text, language)
    part = _find_separate_day_period(folded, found)
    return sorted(
        _to_recognized(item, folded, text, part, sentences)
        for item in found
        if not _NEGATION_BEFORE.search(folded[: item.start])
    )


def _find_times(text: str, language: str) -> tuple[str, list[_TimeMatch]]:
    """The folded text without its dates and greetings, and what of it may be a time."""
    sentences = messages_for(language)
    text = mask_dates(text, language, also_in_digits=True)
    folded = _GREETING.sub(lambda match: " " * len(match[0]), normalize(text))
    found = list[_TimeMatch]()
    for item in _find_candidates(folded, sentences):
        is_part = bool(found) and folded.startswith("mittag", item.start)  # “mittags um 1”
        if not is_part and all(item.end <= other.start or other.end <= item.start for other in found):
            found.append(item)
    return folded, found


def mask_times(text: str, language: str = "en") -> str:
    """The text with its times of day blanked out, every letter at its place."""
    text = normalize_same_length(text)
    folded, found = _find_times(text, language)
    for item in found:
        if item.time is not None and not _DURATION.fullmatch(folded[item.start : item.end]):
            text = f"{text[: item.start]};{' ' * (item.end - item.start - 1)}{text[item.end :]}"
    return text


def recognize_bare_hour(text: str, language: str = "en") -> Recognized | None:
    """A number and nothing else, as who is asked for a time may answer; above 12 there is no doubt."""
    match = _BARE_HOUR.fullmatch(normalize(text).strip())
    hour = _parse_hour(match) if match else None
    if hour is None:
        return None
    is_spoken = 1 <= hour <= 12
    value, reason = resolve_time_of_day(
        TimeOfDay(hour, is_twelve_hour=is_spoken), "", text.strip(), messages_for(language)
    )
    return Recognized(0, len(text), value, reason)


def complete_hour_answer(text: str, line: str, language: str = "en") -> str:
    """An answer such as “in the afternoon” with the hour that the bot's last `line` has asked about."""
    before, _, after = re.escape(messages_for(language).ambiguous_hour).partition(re.escape("{0}"))
    asked = re.search(rf"{before}(\d{{1,2}}(?::\d\d)?){after.partition(re.escape('{0}'))[0]}", line)
    return f"at {asked[1]} {text}" if asked and _DAY_PERIOD_ONLY.fullmatch(normalize(text).strip()) else text


def _find_candidates(folded: str, sentences: LocaleMessages) -> Iterator[_TimeMatch]:
    """What may be a time, the surest first; of two that overlap the first counts."""
    for form, meaning in _TIME_PARSERS:
        for match in form.finditer(folded):
            if (clock := meaning(match)) is not None:
                reason = sentences.exact_time_required if clock is INEXACT_TIME else ""
                yield _TimeMatch(match.start(), match.end(), None if reason else clock, reason)
        if form is _FRACTION_TIME:
            yield from _find_ranges(folded, sentences)
    for match in _NOON.finditer(folded):
        yield _TimeMatch(match.start(), match.end(), TimeOfDay(12 if match["noon"] else 0))


def _parse_relative(match: re.Match[str]) -> TimeOfDay | None:
    written, hour = match["offset"], _parse_hour(match)
    minutes = int(written) if written.isdigit() else _MINUTE_WORDS[written]
    is_range = match["way"] in ("to", "till") and minutes <= 12 and not match["minutes"]
    if hour is None or is_range or not 0 < minutes < 60:
        return None
    is_before = match["way"] in ("to", "till", "before", "vor")
    return _build_time(match, hour, 0 if is_before else minutes, minutes if is_before else 0)


def _parse_fraction(match: re.Match[str]) -> TimeOfDay | None:
    hour = _parse_hour(match)
    if hour is None:
        return None
    if match["way"] in ("half", "viertel"):  # an hour earlier to some, and later to others
        return INEXACT_TIME
    return _build_time(match, hour, 0, 30 if match["way"] == "halb" else 15)


def _parse_numeric(match: re.Match[str]) -> TimeOfDay | None:
    hour, minute = int(match["hour"]), int(match["minute"])
    if minute > 59 and ":" not in match[0]:
        return None
    return TimeOfDay(hour, minute, 0, match["half"] or "", match["part"] or "")


def _parse_spoken(match: re.Match[str]) -> TimeOfDay | None:
    minute = _MINUTE_WORDS[match["minute"]] + (5 if match["five"] else 0)
    hour = _parse_hour(match)
    return None if hour is None else _build_time(match, hour, minute)


def _parse_with_suffix(match: re.Match[str]) -> TimeOfDay | None:
    hour, part = _parse_hour(match), match["part"] or ""
    if hour is None or not (match["half"] or match["clock"] or (part and part not in _VAGUE_DAY_PERIODS)):
        return None
    is_spoken = match["clock"] not in ("uhr", "h")
    return _build_time(match, hour, 0)._replace(is_twelve_hour=is_spoken)


def _parse_with_preposition(match: re.Match[str]) -> TimeOfDay | None:
    hour = _parse_hour(match)
    return None if hour is None else TimeOfDay(hour, is_twelve_hour=True)


def _parse_hour(match: re.Match[str]) -> int | None:
    written = match["hour"]
    if written == "ein" and match.groupdict().get("clock") != "uhr":  # an article
        return None
    hour = int(written) if written.isdigit() else _HOUR_WORDS[written]
    return hour if hour < 24 or match.groupdict().get("half") else None


def _build_time(match: re.Match[str], hour: int, minute: int, back: int = 0) -> TimeOfDay:
    return TimeOfDay(hour, minute, back, match["half"] or "", match["part"] or "", is_twelve_hour=True)


def _find_ranges(folded: str, sentences: LocaleMessages) -> Iterator[_TimeMatch]:
    """Two hours with a word such as `to` or `or` between them, which are no time until one is named."""
    whole = _LEADING_PREPOSITION.sub("", folded.strip(" .,!?"))
    for match in _TIME_RANGE.finditer(folded):
        ends = [match["first"].strip(), match["last"].strip()]
        is_marked = any(_HOUR_ONLY.fullmatch(end) is None for end in ends)
        if match["lead"] or is_marked or match[0].strip() == whole:
            is_choice = match["link"] in ("or", "oder", "and", "und") and not match["lead"]
            reason = (
                sentences.ambiguous_value.format(sentences.join_list(ends))
                if is_choice
                else sentences.exact_time_required
            )
            yield _TimeMatch(match.start(), match.end(), None, reason)


def _find_separate_day_period(folded: str, found: Sequence[_TimeMatch]) -> str:
    """The one part of the day that is named elsewhere in the text, as in “tomorrow evening at 7”."""
    parts = {
        kind
        for match in _ANY_DAY_PERIOD.finditer(folded)
        if all(match.end() <= item.start or item.end <= match.start() for item in found)
        for kind in [classify_day_period(match[0])]
    }
    return parts.pop() if len(parts) == 1 else ""


def _to_recognized(
    item: _TimeMatch, folded: str, text: str, part: str, sentences: LocaleMessages
) -> Recognized:
    if item.time is None:
        return Recognized(item.start, item.end, error_message=item.error_message)
    if _BOUND_PREPOSITION.search(folded[: item.start]):
        return Recognized(item.start, item.end, error_message=sentences.exact_time_required)
    kind = classify_day_period(item.time.day_period) if item.time.day_period else part
    value, reason = resolve_time_of_day(item.time, kind, text[item.start : item.end].strip(), sentences)
    return Recognized(item.start, item.end, value, reason)


_TIME_PARSERS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], TimeOfDay | None]], ...] = (
    (_RELATIVE_TIME, _parse_relative),
    (_FRACTION_TIME, _parse_fraction),
    (_NUMERIC_TIME, _parse_numeric),
    (_SPOKEN_TIME, _parse_spoken),
    (_HOUR_WITH_SUFFIX, _parse_with_suffix),
    (_HOUR_WITH_PREPOSITION, _parse_with_preposition),
)
