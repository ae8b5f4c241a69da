"""Recognition of phone numbers, normalized to E.164 by Google's metadata (phonenumbers)."""

from __future__ import annotations

import re

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, ValidationResult

from flows.locales import DEFAULT_LANGUAGE, ENGLISH, LocaleMessages
from flows.nlu.claims import find_phone_spans
from flows.text import normalize_same_length

_SPACES_AND_DASHES = re.compile(r"[\u00a0\u202f\u2009‐‑–-]")


def recognize_phone_numbers(
    text: str, region: str, messages: LocaleMessages = ENGLISH, language: str = DEFAULT_LANGUAGE
) -> list[tuple[str, str]]:
    """Return every number in `text` as (number, error message), one of them empty.

    A number without a country code belongs to `region`; without a region its digits are kept as they are.
    """
    text, numbers = normalize_same_length(text), []
    for start, end in find_phone_spans(text, language, is_asked=True):
        spelt = _SPACES_AND_DASHES.sub(" ", text[start:end])
        digits = re.sub(r"\D", "", spelt)
        written = f"+{digits[2:]}" if digits.startswith("00") else spelt.replace("+ ", "+")
        plain = not region and "+" not in written
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
