"""Recognition of the amounts in a text, and of words beside one that make it another amount."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from flows.locales import ALL_LEXICONS, DEFAULT_LANGUAGE, Lexicon, lexicon_for
from flows.locales.number_words import NumberWords
from flows.nlu.entities.number_parser import RecognizedNumber, Token, parse_number, simplify_float
from flows.nlu.words.patterns import one_of
from flows.text import normalize

_NUMBER_PATTERN = r"\d+(?:[.,]\d+)?"
_RANGE_PATTERN = (
    rf"(?<![\w.,:/'-])(?P<low>{_NUMBER_PATTERN})\s?[-–—]\s?(?P<high>{_NUMBER_PATTERN})(?![\w:/-]|[.,]\d)"
)
_GROUPED_PATTERN = r"\d{1,3} 0\d\d(?: \d{3})*|\d+(?:[.,'\u00a0\u202f]\d+)*"
_DIGITS_PATTERN = rf"(?<![\w.,:/'-])(?P<digits>[-−]?(?:{_GROUPED_PATTERN}))(?!(?!x\b)\w|[.,:/'-]\d)"
_TOKEN = re.compile(rf"{_RANGE_PATTERN}|{_DIGITS_PATTERN}|(?P<word>[^\W\d_]+)|(?P<other>[^\s-])")
_COMPOUND = re.compile(r"(?<![\w-])([^\W\d_]+)-([^\W\d_]+)(?![\w-])")
_VULGAR_FRACTION = re.compile(r"(\d{1,9})? ?([¼½¾])")


def recognize_numbers(text: str, language: str = DEFAULT_LANGUAGE) -> list[RecognizedNumber]:
    """Return every amount in `text`, in order. The language decides which mark is the decimal one."""
    lexicon = lexicon_for(language)
    numbers = lexicon.numbers
    tokens = [
        Token("range", match["low"], match["high"])
        if match["low"]
        else Token(match.lastgroup or "", match[0])
        for match in _TOKEN.finditer(_without_compounds(normalize(expand_fractions(text)), numbers))
    ]
    found, at = list[RecognizedNumber](), 0
    while at < len(tokens):
        half = _parse_half_unit(tokens, at, numbers) or _parse_single_unit(tokens, at, lexicon)
        length, number = half or parse_number(tokens, at, numbers)
        is_denied = at > 0 and tokens[at - 1].text in lexicon.value_negations
        if number is not None and not is_denied:
            if half is None and number.value is not None and number.alternative is None:
                unit = (
                    numbers.amount_multipliers.get(tokens[at + length].text)
                    if at + length < len(tokens)
                    else None
                )
                length, number = (length + 1, _multiply(number, unit)) if unit else (length, number)
            is_modified = half is None and _is_modified(tokens, at, length, lexicon)
            found.append(number._replace(is_modified=True) if is_modified else number)
        at += length
    return found


def _without_compounds(text: str, numbers: NumberWords) -> str:
    """Return the text without words such as “one-off”, whose number counts nothing."""
    if "-" not in text:
        return text

    def blank(match: re.Match[str]) -> str:
        names = (numbers.by_name, numbers.scales)
        is_number = any(match[2] in each for each in names) or match[2] in numbers.half_words
        return match[0] if match[1] not in numbers.by_name or is_number else ";"

    return _COMPOUND.sub(blank, text)


def _parse_half_unit(tokens: list[Token], at: int, words: NumberWords) -> tuple[int, RecognizedNumber] | None:
    """Return the half of such a unit (“half a dozen”)."""
    if tokens[at].text not in words.half_units:
        return None
    for length, token in enumerate(tokens[at + 1 : at + 3], 2):
        if unit := words.amount_multipliers.get(token.text):
            return length, RecognizedNumber(unit // 2)
    return None


def _parse_single_unit(tokens: list[Token], at: int, lexicon: Lexicon) -> tuple[int, RecognizedNumber] | None:
    """Return the number of one such unit behind an article (“a dozen”)."""
    if lexicon.dates.counts.get(tokens[at].text) != 1 or at + 1 >= len(tokens):
        return None
    unit = lexicon.numbers.amount_multipliers.get(tokens[at + 1].text)
    return (2, RecognizedNumber(unit)) if unit else None


def _multiply(number: RecognizedNumber, unit: int) -> RecognizedNumber:
    return RecognizedNumber(simplify_float((number.value or 0) * unit))


def _is_modified(tokens: list[Token], at: int, length: int, lexicon: Lexicon) -> bool:
    """Return whether words beside an amount make it another one, other than a second amount."""
    before, after = _modifiers(lexicon)
    ahead = f" {' '.join(token.text for token in tokens[max(0, at - 4) : at])} "
    behind = f" {' '.join(token.text for token in tokens[at + length : at + length + 3])} "
    is_part = at > 1 and _adds_to_others(tokens[:at], lexicon)
    is_open = [token.text for token in tokens[at + length :]] == ["+"]  # “5+”
    return is_part or is_open or before.search(ahead) is not None or after.match(behind) is not None


def _adds_to_others(before: list[Token], lexicon: Lexicon) -> bool:
    """Return whether an amount is only a part of what is counted: “me, my wife and the two kids”."""
    words = [token.text for token in before]
    if words[-1] in lexicon.fillers and words[-1] not in lexicon.and_words:
        words = words[:-1]
    if len(words) < 2 or words[-1] not in lexicon.and_words:
        return False
    said = words[-2]
    return said.isalpha() and said not in lexicon.thanks | lexicon.greetings | lexicon.correction_words


@cache
def _modifiers(lexicon: Lexicon) -> tuple[re.Pattern[str], re.Pattern[str]]:
    words = lexicon.numbers
    return (
        re.compile(rf" {one_of(words.amount_modifiers_before)} $"),
        re.compile(rf" {one_of(words.amount_modifiers_after)} "),
    )


def expand_fractions(text: str) -> str:
    """Return the text with “2½” as 2.5, of which normalizing it would make 21 and 2."""
    return text if text.isascii() else _VULGAR_FRACTION.sub(_as_decimal, text)


def _as_decimal(match: re.Match[str]) -> str:
    value = unicodedata.numeric(match[2])
    return f"{int(match[1] or 0) + value:g}"


# compiled at import, because a worker that forks per job would compile them in each job
for _lexicon in ALL_LEXICONS:
    _modifiers(_lexicon)
