"""Recognition of phone numbers, normalized to E.164 by Google's metadata (phonenumbers)."""

from __future__ import annotations

import re

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, ValidationResult

from flows.locales import ENGLISH, LocaleMessages

_CANDIDATE = re.compile(r"(?<![\w+])\+?\d[\d ()./-]{5,}\d(?!\w)")


def recognize_phone_numbers(
    text: str, region: str, messages: LocaleMessages = ENGLISH
) -> list[tuple[str, str]]:
    """Return every number in `text` as (number, error message), one of them empty.

    A number without a country code belongs to `region`; without a region its digits are kept as they are.
    """
    numbers = []
    for match in _CANDIDATE.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        written = f"+{digits[2:]}" if digits.startswith("00") else match[0]
        if 7 <= len(digits) <= 16:
            plain = not region and not written.startswith("+")
            numbers.append((digits, "") if plain else _parse_international(written, region, messages))
    return numbers


def _parse_international(written: str, region: str, messages: LocaleMessages) -> tuple[str, str]:
    try:
        number: PhoneNumber = phonenumbers.parse(written, region or None)
    except NumberParseException:
        return "", messages.unknown_country_code
    reason = phonenumbers.is_possible_number_with_reason(number)
    if reason != ValidationResult.IS_POSSIBLE:
        return "", _error_message(reason, messages)
    return phonenumbers.format_number(number, PhoneNumberFormat.E164), ""


def _error_message(result: int, messages: LocaleMessages) -> str:
    reasons = {
        ValidationResult.TOO_SHORT: messages.phone_number_too_short,
        ValidationResult.TOO_LONG: messages.phone_number_too_long,
        ValidationResult.INVALID_COUNTRY_CODE: messages.unknown_country_code,
    }
    return reasons.get(result, messages.phone_number_incomplete)
