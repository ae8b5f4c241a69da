"""Dates and times as people write them. What could mean two days is asked again, never guessed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from flows import wording
from flows.wording import Sentences
from flows.words import fold

_MONTHS = {
    name: number
    for names in (
        "jan feb mar apr may jun jul aug sep oct nov dec",
        "jan feb mar apr mai jun jul aug sep okt nov dez",
    )
    for number, name in enumerate(names.split(), start=1)
}
_MONTH = (
    r"(?P<month>jan(?:uary?|ner)?|feb(?:ruary?)?|mar(?:ch|z)?|apr(?:il)?|ma[yi]|jun[ei]?|jul[yi]?"
    r"|aug(?:ust)?|sept?(?:ember)?|o[ck]t(?:ober)?|nov(?:ember)?|de[cz](?:ember)?)\.?"
)
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>\d{4}|'?\d{2})(?!\d)"
_FORMS = (
    re.compile(r"(?<!\d)(?P<a>\d{4})\s?[-/.]\s?(?P<b>\d{1,2})\s?[-/.]\s?(?P<c>\d{1,2})(?!\d)"),
    re.compile(r"(?<!\d)(?P<a>\d{1,2})\s?[-/.]\s?(?P<b>\d{1,2})\s?[-/.]\s?(?P<c>\d{4}|\d{2})(?!\d)"),
    re.compile(r"(?<!\d)(?P<a>\d{1,2})\s(?P<b>\d{1,2})\s(?P<c>\d{4})(?!\d)"),
    re.compile(rf"(?<!\d){_DAY}(?:\s+of)?[\s,.-]*{_MONTH}[\s,.-]*(?:of\s+)?{_YEAR}"),
    re.compile(rf"\b{_MONTH}[\s.-]*{_DAY}[\s,.-]+{_YEAR}"),
    re.compile(rf"(?<!\d)(?P<year>\d{{4}})[\s,.-]+{_MONTH}[\s,.-]*{_DAY}(?!\d)"),
    re.compile(r"(?<!\d)(?P<packed>\d{8})(?!\d)"),
)
_TIME = re.compile(
    r"(?<![\d:])(?P<hour>\d{1,2})(?:[:.h](?P<minute>\d{2}))?\s*"
    r"(?P<half>a\.?m\.?|p\.?m\.?|(?:uhr\s+)?(?:am )?(?:morgens|vormittag|nachmittag|abend)s?\b|uhr\b|h\b"
    r"|(?:in the )?(?:morning|afternoon|evening)\b)?(?![\d:])"
)
_LATE = re.compile(r"p\.?m|afternoon|evening|nachmittag|abend")
_EARLY = re.compile(r"a\.?m|morning|morgens|vormittag")


class Read(NamedTuple):
    """What stands from `start` to `end` of the folded text: a `value`, or the `reason` why there is none."""

    start: int
    end: int
    value: str = ""
    reason: str = ""


def read_dates(text: str, language: str = "en") -> list[Read]:
    """Every whole date (day, month and year) in `text`, as ISO 8601 or with a reason, in order.

    In English 04/05 may be the fourth of May or the fifth of April; elsewhere the day stands first.
    """
    sentences, day_first = wording.of(language), language != "en"
    folded, found = fold(text), list[Read]()
    for form in _FORMS:
        for match in form.finditer(folded):
            if all(match.end() <= other.start or other.end <= match.start() for other in found):
                value, reason = _meaning(match, sentences, day_first=day_first)
                found.append(Read(match.start(), match.end(), value, reason))
    return sorted(found)


def _meaning(match: re.Match[str], sentences: Sentences, *, day_first: bool) -> tuple[str, str]:
    groups = match.groupdict()
    year = groups.get("year") or groups.get("c") or ""
    if len(groups.get("a") or "") == 4:
        year = groups["a"]
    if year and len(year) != 4:
        return "", sentences.four_digits
    readings = list(_readings(groups))
    days = set(readings[:1] if day_first and not groups.get("packed") else readings)
    if not days:
        return "", sentences.no_day.format(match[0].strip())
    if len(days) > 1:
        either = f" {sentences.word_or} ".join(sentences.spoken(day) for day in sorted(days)[:2])
        return "", sentences.which_day.format(match[0].strip(), either)
    return days.pop().isoformat(), ""


def _readings(groups: dict[str, str | None]) -> Iterator[date]:
    if month := groups.get("month"):
        yield from _day(groups["year"], _MONTHS[month[:3]], groups["day"])
    elif packed := groups.get("packed"):
        yield from _day(packed[:4], packed[4:6], packed[6:])
        yield from _day(packed[4:], packed[2:4], packed[:2])
        yield from _day(packed[4:], packed[:2], packed[2:4])
    elif len(groups["a"] or "") == 4:
        yield from _day(groups["a"], groups["b"], groups["c"])
    else:
        yield from _day(groups["c"], groups["b"], groups["a"])
        yield from _day(groups["c"], groups["a"], groups["b"])


def _day(year: str | None, month: str | int | None, day: str | None) -> Iterator[date]:
    # a packed number has readings such as the year 2304: no date of a customer's life
    if 1900 <= int(year or 0) <= 2199:
        try:
            yield date(int(year or 0), int(month or 0), int(day or 0))
        except ValueError:
            return


def read_times(text: str, language: str = "en") -> list[Read]:
    """Every time of day in `text` as HH:MM, in order; a bare number is not one."""
    folded, found = fold(text), list[Read]()
    for match in re.finditer(r"\b(noon|midday|midnight)\b", folded):
        found.append(Read(match.start(), match.end(), "00:00" if match[1] == "midnight" else "12:00"))
    for match in _TIME.finditer(folded):
        if match["minute"] is None and match["half"] is None:
            continue
        hour, minute = int(match["hour"]), int(match["minute"] or 0)
        half = match["half"] or ""
        late = _LATE.search(half) is not None
        if late or _EARLY.search(half):
            hour = hour % 12 + (12 if late else 0) if 1 <= hour <= 12 else 24
        if hour < 24 and minute < 60:
            found.append(Read(match.start(), match.end(), f"{hour:02}:{minute:02}"))
        else:
            reason = wording.of(language).no_time.format(match[0].strip())
            found.append(Read(match.start(), match.end(), reason=reason))
    return sorted(found)
