"""Extraction of codes that match an author's pattern, such as four digits or an order number."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flows.locales import DEFAULT_LANGUAGE, lexicon_for
from flows.nlu.datetimes import mask_dates
from flows.nlu.entities.claims import mask_claimed
from flows.text import BoundedRegex, normalize, normalize_same_length, tokenize

_MAX_TEXT_LENGTH = 500
_MAX_TOKEN_LENGTH = 100
_MAX_TOKENS = 200
# a group of digits such as “43 21” is one token, so that no part of a longer number is taken for an answer
_DASHES = re.compile(r"[‐‑–—]")
_BEFORE_DIGITS = re.compile(r"(?<=[A-Za-z])(?=\d)")
_TOKEN = re.compile(r"(?:(?<=\s)|^)\+?\d+(?:[ -]\d+)*(?=[\s.,;:!?)]|$)|\S+")


def extract_pattern_matches(
    pattern: re.Pattern[str] | BoundedRegex, text: str, language: str = DEFAULT_LANGUAGE
) -> Iterator[str]:
    """Yield every token, or pair of tokens, that matches the pattern completely and is not negated.

    A no between two of them takes the first one back: “29001 no, 29010”.
    """
    if len(text) <= _MAX_TEXT_LENGTH and pattern.fullmatch(text):
        yield text
        return
    written = _TOKEN.findall(_mask_dates_alone(text, language))[:_MAX_TOKENS]
    tokens = [token.strip(".,;:!?\"'()“”#")[:_MAX_TOKEN_LENGTH] for token in written]
    index, read = 0, list[tuple[int, str]]()
    while index < len(tokens):
        pair = tokens[index : index + 2]
        joined = ["".join(pair), "-".join(pair)] if len(pair) == 2 else []
        joined += [re.sub(r"[ -]", "", form) for form in joined[:1] if " " in form]
        forms = [(2, form) for form in joined] + [(1, form) for form in _spellings(tokens[index])]
        taken, value = next(
            (
                (count, cased)
                for count, form in forms
                for cased in (form, form.upper())
                if pattern.fullmatch(cased) and _is_code(cased, tokens[index : index + count], text, language)
            ),
            (1, ""),
        )
        if value and read and read[-1][0] == index - 1 and _is_retraction(written[index - 1], language):
            read[-1] = index + taken, value
        elif value and not _is_negated(tokens[:index], language):
            read.append((index + taken, value))
        index += taken
    yield from (value for _, value in read)


def _spellings(token: str) -> tuple[str, ...]:
    """Return a token, also without its marks, and with one before its digits (“BT-0417” for “BT0417”)."""
    return token, re.sub(r"[ -]", "", token), _BEFORE_DIGITS.sub("-", token, count=1)


def _is_retraction(word: str, language: str) -> bool:
    """Return whether a word between two codes is a no to the first one."""
    return word[-1] in ",.;:!" and normalize(word[:-1]) in lexicon_for(language).answers.no


def _is_code(value: str, typed: list[str], text: str, language: str) -> bool:
    """Return whether a value is no word of a sentence: letters alone are a code where they stand alone.

    They may be typed in capitals, unless the whole text is.
    """
    if len(typed) > 1 and _is_of_sentence(typed[0], language):
        return False  # “in 2019” is no IN2019
    if not value.isalpha() or (typed == [value] and not text.isupper()):
        return True
    lexicon = lexicon_for(language)
    empty = lexicon.fillers | lexicon.clauses.code_companions | lexicon.thanks
    own = tokenize(typed[0])
    return len(typed) == 1 and empty.isdisjoint(own) and empty.issuperset({*tokenize(text)} - {*own})


def _is_of_sentence(word: str, language: str) -> bool:
    return not word.isupper() and normalize(word) in lexicon_for(language).fillers


def _mask_dates_alone(text: str, language: str) -> str:
    """Return the text without its dates; a code or a phone number keeps what looks like one."""
    text = _DASHES.sub("-", normalize_same_length(text))
    claimed = mask_claimed(text, language)
    masked = mask_dates(claimed, language)
    # what differs between text and claimed belongs to another value and stays as it is
    return "".join(
        now if kept == letter else letter for letter, kept, now in zip(text, claimed, masked, strict=True)
    )


def _is_negated(before: list[str], language: str) -> bool:
    if not before:
        return False
    lexicon, word = lexicon_for(language), normalize(before[-1])
    return word in lexicon.value_negations or word.endswith(lexicon.negation_suffixes)
