"""The amount that words or digits make: 1,234.56, 1.234,56, three hundred, zweiundzwanzig.

Number words are parsed by the text2num library; what it lacks (halves, decimals in words, articles, spelling
without accents) is data of the language packs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from text_to_num import text2num

from flows.locales.number_words import NumberWords
from flows.text import tokenize

Amount = int | float

MAX_DIGITS = 15
"""Longer digit runs are codes, not amounts, and would lose precision as a float."""

_GROUP_SPACES = re.compile(r"['\u00a0\u202f ]")
_MAX_NUMBER_WORDS = 12
_MAX_WORD_LENGTH = 80


class RecognizedNumber(NamedTuple):
    """An amount: None when it has too many digits. With two meanings, `alternative` is the second.

    `is_modified` is set when words beside it make it another amount, such as “at least” or “more”.
    """

    value: Amount | None
    alternative: Amount | None = None
    is_modified: bool = False


class Token(NamedTuple):
    """A word, a number in digits, a range of two, or another sign, by its `kind`."""

    kind: str
    text: str
    range_end: str = ""


def parse_number(tokens: list[Token], at: int, numbers: NumberWords) -> tuple[int, RecognizedNumber | None]:
    """Return how many tokens belong together, and the amount that they make."""
    token = tokens[at]
    if token.kind == "range":
        low, high = _parse_digits(token.text, numbers), _parse_digits(token.range_end, numbers)
        return 1, RecognizedNumber(low.value, high.value) if low and high else None
    if token.kind == "digits":
        number = _parse_digits(token.text, numbers)
        scale = numbers.scales.get(tokens[at + 1].text) if at + 1 < len(tokens) else None
        if number and scale and number.value is not None and number.alternative is None:
            return 2, RecognizedNumber(simplify_float(number.value * scale))
        return _add_half(tokens, at, number, numbers) or (1, number)
    if token.kind != "word":
        return 1, None
    spoken = _parse_words(tokens, at, numbers)
    if spoken is None:
        return 1, None
    length, value = spoken
    if value >= 10**MAX_DIGITS:
        return length, RecognizedNumber(None)
    following = tokens[at + length].text if at + length < len(tokens) else ""
    if isinstance(value, float) and following in numbers.scales:
        length, value = length + 1, simplify_float(round(value * numbers.scales[following], 6))
    is_negative = at > 0 and tokens[at - 1].text in numbers.minus
    return length, RecognizedNumber(-value if is_negative else value)


def _add_half(
    tokens: list[Token], at: int, number: RecognizedNumber | None, numbers: NumberWords
) -> tuple[int, RecognizedNumber] | None:
    """Return whole digits with the half behind them (“7 and a half”)."""
    if number is None or not isinstance(number.value, int) or number.alternative is not None:
        return None
    length, value = _append_half(tokens, at + 1, number.value, numbers)
    return (1 + length, RecognizedNumber(value)) if length else None


def _append_half(tokens: list[Token], at: int, value: Amount, numbers: NumberWords) -> tuple[int, Amount]:
    """Return how many tokens add a half, and the amount with it."""
    following = tuple(token.text for token in tokens[at : at + 3])
    for phrase in map(tokenize, numbers.half_phrases):
        if following[: len(phrase)] == phrase:
            return len(phrase), value + 0.5
    return 0, value


def _parse_digits(written: str, numbers: NumberWords) -> RecognizedNumber | None:
    """Parse digits with points, commas and the like between them."""
    sign = -1 if written[0] in "-−" else 1
    text = _GROUP_SPACES.sub("", written.lstrip("-−"))
    if sum(map(str.isdigit, text)) > MAX_DIGITS:
        return RecognizedNumber(None)
    marks = [letter for letter in text if letter in ".,"]
    if not marks:
        return RecognizedNumber(sign * int(text))
    last = marks[-1]
    integer_part, _, fraction = text.rpartition(last)
    decimal = simplify_float(sign * float(f"{re.sub('[.,]', '', integer_part)}.{fraction}"))
    grouped = sign * int(re.sub("[.,]", "", text))
    if len(set(marks)) == 2:
        is_one = marks.count(last) == 1 and _has_digit_grouping(integer_part)
        return RecognizedNumber(decimal) if is_one else None
    if not _has_digit_grouping(text):
        return RecognizedNumber(decimal) if len(marks) == 1 else None
    if len(marks) > 1 or last == ("." if numbers.decimal_comma else ","):
        return RecognizedNumber(grouped)
    return RecognizedNumber(decimal, grouped)


def _has_digit_grouping(text: str) -> bool:
    return re.fullmatch(r"[1-9]\d{0,2}(?:([.,])\d{3})(?:\1\d{3})*", text) is not None


def _parse_words(tokens: list[Token], at: int, numbers: NumberWords) -> tuple[int, Amount] | None:
    first = tokens[at].text
    if len(first) > _MAX_WORD_LENGTH or not _starts_number(first, numbers):
        return None
    if first in numbers.half_numbers:
        return 1, numbers.half_numbers[first]
    length, value = _longest_number(tokens, at, numbers)
    if (
        not length
        or (length == 1 and first in numbers.not_alone)
        or _is_not_amount(tokens, at, length, numbers)
    ):
        return None
    return _append_fraction(tokens, at, length, value, numbers)


@lru_cache(maxsize=4_096)  # most words of a text are no numbers, and asking the library costs 2 µs each
def _starts_number(word: str, numbers: NumberWords) -> bool:
    if word in numbers.half_numbers:
        return True
    return _longest_number([Token("word", word)], 0, numbers)[0] > 0


def _longest_number(tokens: list[Token], at: int, numbers: NumberWords) -> tuple[int, int]:
    """Return how many of the words from `at` on are one number, and its value; 0 words for none."""
    if not numbers.text2num_code:
        value = numbers.by_name.get(tokens[at].text)
        return (0, 0) if value is None else (1, value)
    length, parsed, phrase = 0, 0, ""
    for index in range(at, min(len(tokens), at + _MAX_NUMBER_WORDS)):
        # one word such as “and” may precede the next part; after zero the library would join single digits
        if tokens[index].kind != "word" or len(tokens[index].text) > _MAX_WORD_LENGTH:
            break
        is_too_far = index - at > length + 1 if length else index > at
        if is_too_far or (length and parsed == 0):
            break
        phrase = f"{phrase} {_with_accents(tokens[index].text, numbers)}"
        value = _text2num(phrase, numbers.text2num_code)
        if value is not None:
            length, parsed = index - at + 1, value
    return length, parsed


def _text2num(phrase: str, code: str) -> int | None:
    try:
        return int(text2num(phrase.strip(), code))
    except ValueError:
        return None


def _with_accents(word: str, numbers: NumberWords) -> str:
    for pattern, written in numbers.spellings.items():
        word = re.sub(pattern, written, word)
    return word


def _is_not_amount(tokens: list[Token], start: int, length: int, numbers: NumberWords) -> bool:
    """Return whether it is `this one`, `half a million` or `one moment`."""
    before = [token.text for token in tokens[max(0, start - 2) : start]]
    if any(word in numbers.half_words for word in before):
        return True
    if length == 1 and tokens[start].text in numbers.pronoun_ones and numbers.choice_pronouns:
        is_named = len(before) == 2 and before[0] in numbers.not_before_one  # “the small one”
        if is_named:
            return True
    end = start + length
    after = tokens[end].text if end < len(tokens) else ""
    return (
        length == 1
        and tokens[start].text in numbers.pronoun_ones
        and ((bool(before) and before[-1] in numbers.not_before_one) or after in numbers.not_after_one)
    )


def _append_fraction(
    tokens: list[Token], start: int, length: int, value: int, numbers: NumberWords
) -> tuple[int, Amount]:
    """Return the number with the digits after its decimal word, or its half."""
    half, more = _append_half(tokens, start + length, value, numbers)
    if half:
        return length + half, more
    following = [token.text for token in tokens[start + length : start + length + 3]]
    digits = (
        list(_parse_decimals(tokens[start + length + 1 :], numbers))
        if following and following[0] in numbers.decimal_words
        else []
    )
    if not digits:
        return length, value
    return length + 1 + len(digits), float(f"{value}.{''.join(map(str, digits))}")


def _parse_decimals(tokens: list[Token], numbers: NumberWords) -> Iterator[int]:
    for token in tokens[:MAX_DIGITS]:
        digit = numbers.by_name.get(token.text, 10)
        if digit > 9:
            return
        yield digit


def simplify_float(value: Amount) -> Amount:
    return int(value) if isinstance(value, float) and value.is_integer() else value
