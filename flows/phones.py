"""Phone numbers as people write them, in the international form; by Google's metadata (phonenumbers)."""

from __future__ import annotations

import re

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, ValidationResult

_CANDIDATE = re.compile(r"(?<![\w+])\+?\d[\d ()./-]{5,}\d(?!\w)")
_REASONS = {
    ValidationResult.TOO_SHORT: "That number is too short.",
    ValidationResult.TOO_LONG: "That number is too long.",
    ValidationResult.INVALID_COUNTRY_CODE: "I don't know that country code.",
}
_REGIONS = {"de": "DE", "fr": "FR", "es": "ES", "it": "IT", "nl": "NL", "pl": "PL", "pt": "PT", "sv": "SE"}


def region_of(language: str) -> str:
    """The country whose numbers are meant when none is named; empty where a language has too many."""
    return _REGIONS.get(language, "")


def read_phones(text: str, region: str) -> list[tuple[str, str]]:
    """Every number in `text` as (number, reason), one of them empty.

    A number without a country is of `region`; where that is not known either, its digits are kept.
    """
    found = []
    for match in _CANDIDATE.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        written = f"+{digits[2:]}" if digits.startswith("00") else match[0]
        if 7 <= len(digits) <= 16:
            plain = not region and not written.startswith("+")
            found.append((digits, "") if plain else _international(written, region))
    return found


def _international(written: str, region: str) -> tuple[str, str]:
    try:
        number: PhoneNumber = phonenumbers.parse(written, region or None)
    except NumberParseException:
        return "", "I don't know that country code."
    reason = phonenumbers.is_possible_number_with_reason(number)
    if reason != ValidationResult.IS_POSSIBLE:
        return "", _REASONS.get(reason, "That number is not complete.")
    return phonenumbers.format_number(number, PhoneNumberFormat.E164), ""
