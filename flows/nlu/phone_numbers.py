"""Phone numbers as people write them, in the international form; by Google's metadata (phonenumbers)."""

from __future__ import annotations

import re

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, ValidationResult

from flows.locales import ENGLISH, Sentences

_CANDIDATE = re.compile(r"(?<![\w+])\+?\d[\d ()./-]{5,}\d(?!\w)")
_REGIONS = {"de": "DE", "fr": "FR", "es": "ES", "it": "IT", "nl": "NL", "pl": "PL", "pt": "PT", "sv": "SE"}


def region_of(language: str) -> str:
    """The country whose numbers are meant when none is named; empty where a language has too many."""
    return _REGIONS.get(language, "")


def read_phones(text: str, region: str, sentences: Sentences = ENGLISH) -> list[tuple[str, str]]:
    """Every number in `text` as (number, reason), one of them empty.

    A number without a country is of `region`; where that is not known either, its digits are kept.
    """
    found = []
    for match in _CANDIDATE.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        written = f"+{digits[2:]}" if digits.startswith("00") else match[0]
        if 7 <= len(digits) <= 16:
            plain = not region and not written.startswith("+")
            found.append((digits, "") if plain else _international(written, region, sentences))
    return found


def _international(written: str, region: str, sentences: Sentences) -> tuple[str, str]:
    try:
        number: PhoneNumber = phonenumbers.parse(written, region or None)
    except NumberParseException:
        return "", sentences.number_country
    reason = phonenumbers.is_possible_number_with_reason(number)
    if reason != ValidationResult.IS_POSSIBLE:
        return "", _reason(reason, sentences)
    return phonenumbers.format_number(number, PhoneNumberFormat.E164), ""


def _reason(result: int, sentences: Sentences) -> str:
    reasons = {
        ValidationResult.TOO_SHORT: sentences.number_short,
        ValidationResult.TOO_LONG: sentences.number_long,
        ValidationResult.INVALID_COUNTRY_CODE: sentences.number_country,
    }
    return reasons.get(result, sentences.number_incomplete)
