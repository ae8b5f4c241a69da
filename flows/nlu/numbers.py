"""Numbers as people write them, in digits or in words: 1,234.56, 1.234,56, three hundred, zweiundzwanzig."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from flows.text import normalize, tokenize

Amount = int | float

MAX_DIGITS = 15
"""What is longer is a code and no amount, and a computer's number would not keep it whole."""

_NUMBER_PATTERN = r"\d+(?:[.,]\d+)?"
_RANGE_PATTERN = (
    rf"(?<![\w.,:/'-])(?P<low>{_NUMBER_PATTERN})\s?[-–—]\s?(?P<high>{_NUMBER_PATTERN})(?![\w:/-]|[.,]\d)"
)
_GROUPED_PATTERN = r"\d{1,3} 0\d\d(?: \d{3})*|\d+(?:[.,'\u00a0\u202f]\d+)*"
_DIGITS_PATTERN = rf"(?<![\w.,:/'-])(?P<digits>[-−]?(?:{_GROUPED_PATTERN}))(?!\w|[.,:/'-]\d)"
_TOKEN = re.compile(rf"{_RANGE_PATTERN}|{_DIGITS_PATTERN}|(?P<word>[^\W\d_]+)|(?P<other>[^\s-])")
_GROUP_SPACES = re.compile(r"['\u00a0\u202f ]")

_ENGLISH_SMALL = tokenize(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
)
_ENGLISH_SMALL += tokenize("fifteen sixteen seventeen eighteen nineteen")
_ENGLISH_TENS = tokenize("twenty thirty forty fifty sixty seventy eighty ninety")
_ENGLISH_SMALL_NUMBERS = {
    **{name: number for number, name in enumerate(_ENGLISH_SMALL)},
    **{name: 10 * number for number, name in enumerate(_ENGLISH_TENS, 2)},
}
_SCALES = {
    "hundred": 100, "thousand": 1_000, "million": 1_000_000,
    "hundert": 100, "tausend": 1_000, "millionen": 1_000_000,
}  # fmt: skip

_GERMAN_UNITS = dict(
    zip(tokenize("null ein zwei drei vier fünf sechs sieben acht neun"), range(10), strict=True),
    eins=1,
    zwo=2,
)
_GERMAN_TEENS = tokenize("zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn")
_GERMAN_TENS = tokenize("zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig")
_GERMAN_SMALL_NUMBERS = {
    **_GERMAN_UNITS,
    **{name: number for number, name in enumerate(_GERMAN_TEENS, 10)},
    **{name: 10 * number for number, name in enumerate(_GERMAN_TENS, 2)},
    **{
        f"{unit}und{ten}": 10 * tens + number
        for unit, number in list(_GERMAN_UNITS.items())[1:10]
        for tens, ten in enumerate(_GERMAN_TENS, 2)
    },
}
_GERMAN_HALVES = {"anderthalb": 1.5, "eineinhalb": 1.5, "zweieinhalb": 2.5, "dreieinhalb": 3.5}
_GERMAN_NUMBER_WORD = re.compile(
    r"(?:(?P<thousands>\w*?)tausend)?(?:(?P<hundreds>\w*?)hundert)?(?:und)?(?P<rest>\w*)"
)

_MINUS_WORDS = ("minus", "negative")
_NON_AMOUNT_PREDECESSORS = frozenset(
    tokenize("this that the other another which each no any every last first second third next")
)
_NON_AMOUNT_SUCCESSORS = frozenset(tokenize("moment second sec day"))


class RecognizedNumber(NamedTuple):
    """An amount in a text. Where it can mean two, `other` is the second; None when no amount has its size."""

    value: Amount | None
    alternative: Amount | None = None


class _Token(NamedTuple):
    kind: str
    text: str
    range_end: str = ""


def recognize_numbers(text: str, language: str = "en") -> list[RecognizedNumber]:
    """Every amount in `text`, in order. Which of comma and point ends the whole is the language's habit."""
    tokens = [
        _Token("range", match["low"], match["high"])
        if match["low"]
        else _Token(match.lastgroup or "", match[0])
        for match in _TOKEN.finditer(normalize(text))
    ]
    found, at = list[RecognizedNumber](), 0
    while at < len(tokens):
        length, number = _parse_number(tokens, at, language)
        if number is not None:
            found.append(number)
        at += length
    return found


def _parse_number(tokens: list[_Token], at: int, language: str) -> tuple[int, RecognizedNumber | None]:
    """How many tokens belong together, and the amount that they make."""
    token = tokens[at]
    if token.kind == "range":
        low, high = _parse_digits(token.text, language), _parse_digits(token.range_end, language)
        return 1, RecognizedNumber(low.value, high.value) if low and high else None
    if token.kind == "digits":
        number = _parse_digits(token.text, language)
        scale = _SCALES.get(tokens[at + 1].text) if at + 1 < len(tokens) else None
        if number and scale and number.value is not None and number.alternative is None:
            return 2, RecognizedNumber(_simplify_float(number.value * scale))
        return 1, number
    if token.kind != "word":
        return 1, None
    spoken = _parse_german_words(tokens, at) if language == "de" else _parse_english_words(tokens, at)
    if spoken is None:
        return 1, None
    length, value = spoken
    is_negative = at > 0 and tokens[at - 1].text in _MINUS_WORDS
    return length, RecognizedNumber(-value if is_negative else value)


def _parse_digits(written: str, language: str) -> RecognizedNumber | None:
    """`written` is digits with points, commas and the like between them."""
    sign = -1 if written[0] in "-−" else 1
    text = _GROUP_SPACES.sub("", written.lstrip("-−"))
    if sum(map(str.isdigit, text)) > MAX_DIGITS:
        return RecognizedNumber(None)
    marks = [letter for letter in text if letter in ".,"]
    if not marks:
        return RecognizedNumber(sign * int(text))
    last = marks[-1]
    whole, _, fraction = text.rpartition(last)
    decimal = _simplify_float(sign * float(f"{re.sub('[.,]', '', whole)}.{fraction}"))
    grouped = sign * int(re.sub("[.,]", "", text))
    if len(set(marks)) == 2:
        is_one = marks.count(last) == 1 and _has_digit_grouping(whole)
        return RecognizedNumber(decimal) if is_one else None
    if not _has_digit_grouping(text):
        return RecognizedNumber(decimal) if len(marks) == 1 else None
    if len(marks) > 1 or last == ("," if language == "en" else "."):
        return RecognizedNumber(grouped)
    return RecognizedNumber(decimal, grouped)


def _has_digit_grouping(text: str) -> bool:
    return re.fullmatch(r"[1-9]\d{0,2}(?:([.,])\d{3})(?:\1\d{3})*", text) is not None


def _parse_english_words(tokens: list[_Token], at: int) -> tuple[int, Amount] | None:
    start, total, current = at, 0, None
    while at < len(tokens) and tokens[at].kind == "word":
        word = tokens[at].text
        small, scale = _ENGLISH_SMALL_NUMBERS.get(word), _SCALES.get(word)
        if small is not None and (current is None or _can_append(current, small)):
            current = (current or 0) + small
        elif scale and (current is None or current < scale) and (current or total == 0):
            current = (current or 1) * scale
            if scale >= 1_000:
                total, current = total + current, None
        elif not (word == "and" and (total or (current or 0) >= 100) and _is_small_number(tokens, at + 1)):
            break
        at += 1
    if at == start or _is_not_amount(tokens, start, at):
        return None
    return _append_fraction(tokens, at, start, total + (current or 0), "point", _ENGLISH_SMALL_NUMBERS)


def _can_append(current: int, small: int) -> bool:
    """Whether a small number may follow: `forty` two, `three hundred` five; but not `four` three."""
    tens = current % 100
    return current > 0 and small > 0 and (tens == 0 or (tens >= 20 and tens % 10 == 0 and small < 10))


def _is_small_number(tokens: list[_Token], at: int) -> bool:
    return at < len(tokens) and tokens[at].text in _ENGLISH_SMALL_NUMBERS


def _is_not_amount(tokens: list[_Token], start: int, end: int) -> bool:
    """`this one`, `half a million`, `one moment`."""
    before = [token.text for token in tokens[max(0, start - 2) : start]]
    if "half" in before:
        return True
    is_one = end - start == 1 and tokens[start].text == "one"
    after = tokens[end].text if end < len(tokens) else ""
    return is_one and (
        (bool(before) and before[-1] in _NON_AMOUNT_PREDECESSORS) or after in _NON_AMOUNT_SUCCESSORS
    )


def _parse_german_words(tokens: list[_Token], at: int) -> tuple[int, Amount] | None:
    word = tokens[at].text
    if word in _GERMAN_HALVES:
        return 1, _GERMAN_HALVES[word]
    value = _parse_german_word(word)
    if value is None or word == "ein":  # “ein” alone is an article
        return None
    return _append_fraction(tokens, at + 1, at, value, "komma", _GERMAN_SMALL_NUMBERS)


def _parse_german_word(word: str) -> int | None:
    if word in _GERMAN_SMALL_NUMBERS:
        return _GERMAN_SMALL_NUMBERS[word]
    match = _GERMAN_NUMBER_WORD.fullmatch(word)
    if match is None or (match["thousands"] is None and match["hundreds"] is None):
        return None
    thousands = _parse_multiplier(match["thousands"])
    hundreds = _parse_multiplier(match["hundreds"])
    rest = _GERMAN_SMALL_NUMBERS.get(match["rest"], 0 if not match["rest"] else None)
    if thousands is None or hundreds is None or rest is None:
        return None
    return 1_000 * thousands + 100 * hundreds + rest


def _parse_multiplier(word: str | None) -> int | None:
    """How many hundreds or thousands: none where they are not named, one where they stand alone."""
    if word is None:
        return 0
    return _parse_german_word(word) if word else 1


def _append_fraction(
    tokens: list[_Token], at: int, start: int, value: int, point: str, small: Mapping[str, int]
) -> tuple[int, Amount]:
    """The number with what follows its point, or its half."""
    following = [token.text for token in tokens[at : at + 3]]
    if following == ["and", "a", "half"]:
        return at + 3 - start, value + 0.5
    digits = list(_parse_decimals(tokens[at + 1 :], small)) if following[:1] == [point] else []
    if not digits:
        return at - start, value
    return at + 1 + len(digits) - start, float(f"{value}.{''.join(map(str, digits))}")


def _parse_decimals(tokens: list[_Token], small: Mapping[str, int]) -> Iterator[int]:
    for token in tokens[:MAX_DIGITS]:
        digit = small.get(token.text, 10)
        if digit > 9:
            return
        yield digit


def _simplify_float(value: Amount) -> Amount:
    return int(value) if isinstance(value, float) and value.is_integer() else value
