"""Times of day as people write them. A spoken hour is one of two, and is asked back rather than guessed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from flows import locales as wording
from flows.locales import Sentences
from flows.nlu.datetimes.dates import Read, without_dates
from flows.nlu.datetimes.time_of_day import INEXACT, PARTS, Clock, kind_of, time_of
from flows.text.tokens import evenly_folded, fold, words

_ENGLISH = words("one two three four five six seven eight nine ten eleven twelve")
_GERMAN = words(
    "eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn "
    "siebzehn achtzehn neunzehn zwanzig einundzwanzig zweiundzwanzig dreiundzwanzig"
)
_HOURS = {"ein": 1} | {name: hour for names in (_ENGLISH, _GERMAN) for hour, name in enumerate(names, 1)}
_MINUTES = {
    "quarter": 15, "viertel": 15, "half": 30, "fifteen": 15, "thirty": 30, "dreissig": 30, "fourty": 40,
    "forty": 40, "fifty": 50, "twenty": 20, "zwanzig": 20, "ten": 10, "zehn": 10, "five": 5, "funf": 5,
}  # fmt: skip
_NOON = re.compile(r"\b(?P<noon>noon|midday|mittags?)\b|\b(?:midnight|mitternachts?)\b")


def _either(names: Sequence[str]) -> str:
    return "|".join(sorted(names, key=len, reverse=True))


_DAY_NAME = (
    r"(?:mon|diens|donners|frei|sams|sonn)tag|mittwoch|sonnabend|\d|tag\b|(?:vor|nach)mittag|morgen|abend"
)
_HOUR = rf"(?:\d{{1,2}}|(?:{_either([*_HOURS])})(?!\w))"
_PART = "|".join(PARTS.values())
_MARK = (
    rf"(?:\s*(?P<half>[ap]\.?\s?m\b\.?)(?!\s*(?:{_DAY_NAME}))|\s*(?P<clock>uhr|o'?\s?clock|h)\b)?"
    rf"(?:\s*,?\s*(?P<part>{_PART})\b)?"
)
_PLAIN_MARK = re.sub(r"\?P<\w+>", "?:", _MARK)
_NOT_OF_A_DAY = (
    r"(?!\s*(?:\d|[.,:/]\d|[€%$]|people\b|persons?\b|personen\b|leute\b|guests?\b|euros?\b|dollars?\b|hours?\b"
    r"|minutes?\b|mins?\b|stunden?\b|minuten?\b|days?\b|tagen?\b|weeks?\b|wochen?\b|of\b|point\b|least\b|once\b))"
)
_OFFSET = rf"(?P<offset>\d{{1,2}}|{_either([*_MINUTES])})"
_RELATIVE = re.compile(
    rf"(?<![\w:.,])(?:a )?{_OFFSET}(?P<minutes>\s*min(?:ute)?[ns]?\b)?\s*"
    rf"\b(?P<way>past|after|to|till|before|vor|nach)\s*(?P<hour>{_HOUR}){_MARK}{_NOT_OF_A_DAY}"
)
_HALF = re.compile(rf"\b(?P<way>halb|dreiviertel|half|viertel)\s*(?P<hour>{_HOUR}){_MARK}{_NOT_OF_A_DAY}")
_IN_DIGITS = re.compile(
    rf"(?<![\d:.,/+-])(?P<hour>\d{{1,2}})(?:[:.h]|\s*(?P<exact>uhr)\s*)(?P<minute>\d{{2}})(?::\d\d)?{_MARK}"
    r"(?![\d:]|[.,]\d|\s*(?:person|leute|gast|gaste|[€%]|euro|minute|stunde))"
)
_SPOKEN = re.compile(
    rf"\b(?P<hour>{_either([*_HOURS])})\s+(?P<minute>thirty|fifteen|forty|fifty|twenty|ten)"
    rf"(?:[ -](?P<five>five))?\b{_MARK}"
)
_MARKED = re.compile(rf"(?<![\w:.,/+-])(?P<hour>{_HOUR})(?=\s*[^\W\d]|\s*,\s*[^\W\d]){_MARK}")
_BARE = re.compile(rf"(?:\b(?:at|um|gegen)|@)\s*(?P<hour>{_HOUR})(?![\w-]){_NOT_OF_A_DAY}")
_ONLY = re.compile(
    rf"(?:(?:at|um|around|about|gegen|make it|so)\s+)?(?P<hour>{_HOUR})"
    r"(?:\s*(?:please|bitte|then|dann))?\s*[.!]?"
)
_END = rf"{_HOUR}(?:[:.]\d{{2}})?{_PLAIN_MARK}"
_RANGE = re.compile(
    rf"(?<![\w:.,/+-])(?P<lead>between|from|zwischen|von)?\s*\b(?P<first>{_END})\s*"
    rf"(?P<link>-|–|\b(?:to|till|until|bis|and|und|or|oder)\b)\s*(?:at |um )?"
    rf"(?P<last>{_END})(?![\w:-]|[.,]\d){_NOT_OF_A_DAY}"
)
_BOUND = re.compile(
    r"\b(?:before|after|by|until|till|from|since|than|past|vor|nach|ab|bis|spatestens|fruhestens)"
    r"(?:\s+(?:at|um|about|gegen))?\s*$"
)
_DENIED = re.compile(
    r"(?:\b(?:not|nicht|never|cannot)|n't)(?:\s+(?:at|um|before|after|around|about|gegen|vor|nach))?\s*$"
)
_HOUR_ALONE = re.compile(_HOUR)
_LEADING = re.compile(r"^(?:at|um|around|about|gegen)\s+")
_ANY_PART = re.compile(rf"\b(?:{_PART})\b")
_VAGUE = ("morning", "mornings", "afternoon", "afternoons", "evening", "evenings")
_ONLY_PART = re.compile(
    rf"(?:(?:yes|ja|the|in the|am|um)\s+)?(?:{_PART}|morgen|[ap]\.?\s?m\.?)(?:\s+(?:please|bitte))?\s*[.!]?"
)
_DURATION = re.compile(r"\d{1,2}\s*h")
_GREETING = re.compile(r"\b(?:good (?:morning|afternoon|evening)|gute[nr]? (?:morgen|tag|abend|nacht))\b")


class _Found(NamedTuple):
    """Where something stands, and the time that it is; or else why it is none, as a sentence."""

    start: int
    end: int
    clock: Clock | None
    reason: str = ""


def read_times(text: str, language: str = "en") -> list[Read]:
    """Every time of day in `text` as HH:MM or with a reason, in order; a denied one is left out."""
    sentences, text = wording.of(language), evenly_folded(text)
    folded, found = _found(text, language)
    part = _loose_part(folded, found)
    return sorted(
        _read(item, folded, text, part, sentences)
        for item in found
        if not _DENIED.search(folded[: item.start])
    )


def _found(text: str, language: str) -> tuple[str, list[_Found]]:
    """The folded text without its dates and greetings, and what of it may be a time."""
    sentences = wording.of(language)
    text = without_dates(text, language, also_in_digits=True)
    folded = _GREETING.sub(lambda match: " " * len(match[0]), fold(text))
    found = list[_Found]()
    for item in _candidates(folded, sentences):
        is_part = bool(found) and folded.startswith("mittag", item.start)  # “mittags um 1”
        if not is_part and all(item.end <= other.start or other.end <= item.start for other in found):
            found.append(item)
    return folded, found


def without_times(text: str, language: str = "en") -> str:
    """The text with its times of day blanked out, every letter at its place."""
    text = evenly_folded(text)
    folded, found = _found(text, language)
    for item in found:
        if item.clock is not None and not _DURATION.fullmatch(folded[item.start : item.end]):
            text = f"{text[: item.start]};{' ' * (item.end - item.start - 1)}{text[item.end :]}"
    return text


def read_hour(text: str, language: str = "en") -> Read | None:
    """A number and nothing else, as who is asked for a time may answer; above 12 there is no doubt."""
    match = _ONLY.fullmatch(fold(text).strip())
    hour = _hour(match) if match else None
    if hour is None:
        return None
    is_spoken = 1 <= hour <= 12
    value, reason = time_of(Clock(hour, is_spoken=is_spoken), "", text.strip(), wording.of(language))
    return Read(0, len(text), value, reason)


def with_hour_asked(text: str, line: str, language: str = "en") -> str:
    """An answer such as “in the afternoon” with the hour that the bot's last `line` has asked about."""
    before, _, after = re.escape(wording.of(language).which_hour).partition(re.escape("{0}"))
    asked = re.search(rf"{before}(\d{{1,2}}(?::\d\d)?){after.partition(re.escape('{0}'))[0]}", line)
    return f"at {asked[1]} {text}" if asked and _ONLY_PART.fullmatch(fold(text).strip()) else text


def _candidates(folded: str, sentences: Sentences) -> Iterator[_Found]:
    """What may be a time, the surest first; of two that overlap the first counts."""
    for form, meaning in _FORMS:
        for match in form.finditer(folded):
            if (clock := meaning(match)) is not None:
                reason = sentences.exact_time if clock is INEXACT else ""
                yield _Found(match.start(), match.end(), None if reason else clock, reason)
        if form is _HALF:
            yield from _ranges(folded, sentences)
    for match in _NOON.finditer(folded):
        yield _Found(match.start(), match.end(), Clock(12 if match["noon"] else 0))


def _relative(match: re.Match[str]) -> Clock | None:
    written, hour = match["offset"], _hour(match)
    minutes = int(written) if written.isdigit() else _MINUTES[written]
    is_range = match["way"] in ("to", "till") and minutes <= 12 and not match["minutes"]
    if hour is None or is_range or not 0 < minutes < 60:
        return None
    is_before = match["way"] in ("to", "till", "before", "vor")
    return _marked_with(match, hour, 0 if is_before else minutes, minutes if is_before else 0)


def _half(match: re.Match[str]) -> Clock | None:
    hour = _hour(match)
    if hour is None:
        return None
    if match["way"] in ("half", "viertel"):  # an hour earlier to some, and later to others
        return INEXACT
    return _marked_with(match, hour, 0, 30 if match["way"] == "halb" else 15)


def _in_digits(match: re.Match[str]) -> Clock | None:
    hour, minute = int(match["hour"]), int(match["minute"])
    if minute > 59 and ":" not in match[0]:
        return None
    return Clock(hour, minute, 0, match["half"] or "", match["part"] or "")


def _spoken(match: re.Match[str]) -> Clock | None:
    minute = _MINUTES[match["minute"]] + (5 if match["five"] else 0)
    hour = _hour(match)
    return None if hour is None else _marked_with(match, hour, minute)


def _marked(match: re.Match[str]) -> Clock | None:
    hour, part = _hour(match), match["part"] or ""
    if hour is None or not (match["half"] or match["clock"] or (part and part not in _VAGUE)):
        return None
    is_spoken = match["clock"] not in ("uhr", "h")
    return _marked_with(match, hour, 0)._replace(is_spoken=is_spoken)


def _bare(match: re.Match[str]) -> Clock | None:
    hour = _hour(match)
    return None if hour is None else Clock(hour, is_spoken=True)


def _hour(match: re.Match[str]) -> int | None:
    written = match["hour"]
    if written == "ein" and match.groupdict().get("clock") != "uhr":  # an article
        return None
    hour = int(written) if written.isdigit() else _HOURS[written]
    return hour if hour < 24 or match.groupdict().get("half") else None


def _marked_with(match: re.Match[str], hour: int, minute: int, back: int = 0) -> Clock:
    return Clock(hour, minute, back, match["half"] or "", match["part"] or "", is_spoken=True)


def _ranges(folded: str, sentences: Sentences) -> Iterator[_Found]:
    """Two hours with a word such as `to` or `or` between them, which are no time until one is named."""
    whole = _LEADING.sub("", folded.strip(" .,!?"))
    for match in _RANGE.finditer(folded):
        ends = [match["first"].strip(), match["last"].strip()]
        is_marked = any(_HOUR_ALONE.fullmatch(end) is None for end in ends)
        if match["lead"] or is_marked or match[0].strip() == whole:
            is_choice = match["link"] in ("or", "oder", "and", "und") and not match["lead"]
            reason = sentences.which_one.format(sentences.listed(ends)) if is_choice else sentences.exact_time
            yield _Found(match.start(), match.end(), None, reason)


def _loose_part(folded: str, found: Sequence[_Found]) -> str:
    """The one part of the day that is named elsewhere in the text, as in “tomorrow evening at 7”."""
    parts = {
        kind
        for match in _ANY_PART.finditer(folded)
        if all(match.end() <= item.start or item.end <= match.start() for item in found)
        for kind in [kind_of(match[0])]
    }
    return parts.pop() if len(parts) == 1 else ""


def _read(item: _Found, folded: str, text: str, part: str, sentences: Sentences) -> Read:
    if item.clock is None:
        return Read(item.start, item.end, reason=item.reason)
    if _BOUND.search(folded[: item.start]):
        return Read(item.start, item.end, reason=sentences.exact_time)
    kind = kind_of(item.clock.part) if item.clock.part else part
    value, reason = time_of(item.clock, kind, text[item.start : item.end].strip(), sentences)
    return Read(item.start, item.end, value, reason)


_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Clock | None]], ...] = (
    (_RELATIVE, _relative),
    (_HALF, _half),
    (_IN_DIGITS, _in_digits),
    (_SPOKEN, _spoken),
    (_MARKED, _marked),
    (_BARE, _bare),
)
