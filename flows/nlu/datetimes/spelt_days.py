"""Days in words: “the first of January”, “dem dritten März”, “dos de enero”, “Heiligabend”."""

from __future__ import annotations

import re
from functools import cache

from flows.locales import ALL_LEXICONS, DEFAULT_LANGUAGE, Lexicon, lexicon_for
from flows.nlu.words.patterns import any_pattern, one_of
from flows.text import normalize, tokenize

_MAX_SHORT_WORDS = 6


@cache
def _patterns(lexicon: Lexicon) -> tuple[re.Pattern[str], ...]:
    words = lexicon.dates
    months = one_of(name for names in words.months for name in names)
    day = one_of(words.days_in_words)
    articles = rf"(?:{one_of((*words.articles, *words.bound_articles))}\s+)?"
    weekdays = one_of(name for names in words.weekdays for name in names)
    return (
        re.compile(rf"(?P<day>\b{weekdays}\s+{articles}\d{{1,2}})(?=\s+{one_of(words.day_part_leads)}\b)"),
        re.compile(rf"\b{day}(?=(?:\s+{one_of(words.particles)})?\s+{months}\b)"),
        re.compile(rf"\b(?P<month>{months})\s+{articles}(?P<day>{day})\b"),
        re.compile(rf"\b{one_of((*words.named_days, *words.seasons))}\b"),
        re.compile(rf"\b(?P<day>{day}|\d{{1,2}}\.?)\s+(?P<month>{one_of(words.months_in_words)})(?!\w)"),
    )


def write_days_in_digits(text: str, language: str = DEFAULT_LANGUAGE) -> str:
    """Return the text with its days in words as digits; the text itself where it has none."""
    lexicon = lexicon_for(language)
    words, (parted, before, behind, named, numbered) = lexicon.dates, _patterns(lexicon)
    folded = normalize(text)
    if alone := _day_alone(lexicon).fullmatch(folded):
        number = words.days_in_words[_normalize_spaces(alone["day"])]
        return f"{alone['article']} {number}{_ordinal_mark(lexicon)}"
    if not words.months_in_words.keys().isdisjoint(tokenize(folded)):
        folded = text = numbered.sub(lambda match: _numbered_day(match, lexicon), folded)
    if not (parted.search(folded) or before.search(folded) or behind.search(folded) or named.search(folded)):
        return text
    folded = parted.sub(r"\g<day>;", folded)  # “sábado 12 por la tarde” is no hour
    folded = before.sub(lambda match: str(words.days_in_words[_normalize_spaces(match[0])]), folded)
    folded = behind.sub(
        lambda match: f"{words.days_in_words[_normalize_spaces(match['day'])]} {match['month']}", folded
    )
    return named.sub(lambda match: _written_day(match, lexicon), folded)


def _numbered_day(match: re.Match[str], lexicon: Lexicon) -> str:
    """Return a day and a month that are both ordinals, in digits: “5.12.” for “fünften zwölften”."""
    words, day = lexicon.dates, match["day"].rstrip(".")
    return f"{words.days_in_words.get(day, day)}.{words.months_in_words[match['month']]}."


def _written_day(match: re.Match[str], lexicon: Lexicon) -> str:
    """Return a day with a name in digits; its name where it is no day (“the week of Christmas”)."""
    before, behind = match.string[: match.start()], match.string[match.end() :]
    no_day_before, no_day_behind = _no_day(lexicon)
    if no_day_before.search(before) or no_day_behind.match(behind):
        return match[0]
    dates, name = lexicon.dates, _normalize_spaces(match[0])
    if name in dates.seasons:
        return dates.seasons[name] if len(tokenize(match.string)) <= _MAX_SHORT_WORDS else name
    return dates.named_days[name]


@cache
def _no_day(lexicon: Lexicon) -> tuple[re.Pattern[str], re.Pattern[str]]:
    dates = lexicon.dates
    return re.compile(any_pattern(dates.not_named_before)), re.compile(any_pattern(dates.not_named_behind))


@cache
def _day_alone(lexicon: Lexicon) -> re.Pattern[str]:
    """Return the pattern of a text that is nothing but a day of the month in words: “the thirtieth”."""
    words = lexicon.dates
    articles = one_of((*words.articles, *words.bound_articles, *words.day_prepositions))
    return re.compile(
        rf"\W*(?:{one_of(words.day_prepositions)}\s+)?(?P<article>{articles})\s+(?P<day>{one_of(words.days_in_words)})"
        rf"(?:\s+{one_of(lexicon.politeness)})?\W*"
    )


def _ordinal_mark(lexicon: Lexicon) -> str:
    """Return what stands behind a day of the month in digits: “30th”, “30.”."""
    dates = lexicon.dates
    return (
        "th"
        if "th" in dates.ordinal_suffixes
        else "."
        if any("[.;]" in each for each in dates.bare_day_patterns)
        else ""
    )


def _normalize_spaces(phrase: str) -> str:
    return " ".join(phrase.split())


# compiled at import, because a worker that forks per job would compile them in each job
for _lexicon in ALL_LEXICONS:
    _patterns(_lexicon)
    _day_alone(_lexicon)
    _no_day(_lexicon)
