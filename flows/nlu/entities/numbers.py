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
_SPELT_FRACTION = re.compile(r"(?<![\d/.,:-])(\d{1,9}) ([13])/([24])(?![\d/])")
_CURRENCY = re.compile(r"([$€£])\s?(\d[\d.,]*)(?!\s?[$€£])|(\d)\s?([$€£])")
_CURRENCY_WORDS = {"$": "dollar", "€": "euro", "£": "pound"}
_BOUND_SIGNS = frozenset("~≈<>≤≥±")


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
            number = _with_sign(tokens[:at], number, lexicon)
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


def _with_sign(before: list[Token], number: RecognizedNumber, lexicon: Lexicon) -> RecognizedNumber:
    """Return a number behind a “minus” as negative, and behind “plus or minus” as a mere estimate."""
    words = [token.text for token in before[-2:]]
    if not words or words[-1] not in lexicon.numbers.minus or number.value is None:
        return number
    value = abs(number.value)
    is_estimate = len(words) > 1 and words[0] in (*lexicon.or_words, "plus")
    return number._replace(value=value, is_modified=True) if is_estimate else number._replace(value=-value)


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
    ahead = f" {' '.join(token.text for token in tokens[max(0, at - 4) : at] if token.text != '.')} "
    behind = f" {' '.join(token.text for token in tokens[at + length : at + length + 3])} "
    is_part = at > 1 and _adds_to_others(tokens[:at], lexicon)
    is_open = [token.text for token in tokens[at + length :]] == ["+"]  # “5+”
    is_open = is_open or (at > 0 and tokens[at - 1].text in _BOUND_SIGNS)  # “~5”, “>5”
    estimate = before.search(ahead)
    if estimate and lexicon.question_words.intersection(ahead[: estimate.start()].split()[-1:]):
        estimate = None  # “how about 5?”
    return is_part or is_open or estimate is not None or after.match(behind) is not None


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


def spell_amounts(text: str) -> str:
    """Return the text with “3 1/2” as 3.5, and with a currency as the word behind its amount (“$3”)."""
    text = _SPELT_FRACTION.sub(lambda match: f"{int(match[1]) + int(match[2]) / int(match[3]):g}", text)
    return _CURRENCY.sub(_with_currency_word, text) if any(map(text.count, _CURRENCY_WORDS)) else text


def _with_currency_word(match: re.Match[str]) -> str:
    amount, sign = (match[2], match[1]) if match[1] else (match[3], match[4])
    return f"{amount} {_CURRENCY_WORDS[sign]} "


def _as_decimal(match: re.Match[str]) -> str:
    value = unicodedata.numeric(match[2])
    return f"{int(match[1] or 0) + value:g}"


# compiled at import, because a worker that forks per job would compile them in each job
for _lexicon in ALL_LEXICONS:
    _modifiers(_lexicon)
