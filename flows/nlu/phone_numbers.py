"""Phone numbers as people write them, in the international form; by Google's metadata (phonenumbers)."""

from __future__ import annotations

import re

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, ValidationResult

from flows.locales import ENGLISH, LocaleMessages

_CANDIDATE = re.compile(r"(?<![\w+])\+?\d[\d ()./-]{5,}\d(?!\w)")
_REGION_BY_LANGUAGE = {
    "de": "DE",
    "fr": "FR",
    "es": "ES",
    "it": "IT",
    "nl": "NL",
    "pl": "PL",
    "pt": "PT",
    "sv": "SE",
}


def default_region(language: str) -> str:
    """The country whose numbers are meant when none is named; empty where a language has too many."""
    return _REGION_BY_LANGUAGE.get(language, "")


def recognize_phone_numbers(
    text: str, region: str, sentences: LocaleMessages = ENGLISH
) -> list[tuple[str, str]]:
    """Every number in `text` as (number, reason), one of them empty.

    A number without a country is of `region`; where that is not known either, its digits are kept.
    """
    found = []
    for match in _CANDIDATE.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        written = f"+{digits[2:]}" if digits.startswith("00") else match[0]
        if 7 <= len(digits) <= 16:
            plain = not region and not written.startswith("+")
            found.append((digits, "") if plain else _parse_international(written, region, sentences))
    return found


def _parse_international(written: str, region: str, sentences: LocaleMessages) -> tuple[str, str]:
    try:
        number: PhoneNumber = phonenumbers.parse(written, region or None)
    except NumberParseException:
        return "", sentences.unknown_country_code
    reason = phonenumbers.is_possible_number_with_reason(number)
    if reason != ValidationResult.IS_POSSIBLE:
        return "", _error_message(reason, sentences)
    return phonenumbers.format_number(number, PhoneNumberFormat.E164), ""


def _error_message(result: int, sentences: LocaleMessages) -> str:
    reasons = {
        ValidationResult.TOO_SHORT: sentences.phone_number_too_short,
        ValidationResult.TOO_LONG: sentences.phone_number_too_long,
        ValidationResult.INVALID_COUNTRY_CODE: sentences.unknown_country_code,
    }
    return reasons.get(result, sentences.phone_number_incomplete)
