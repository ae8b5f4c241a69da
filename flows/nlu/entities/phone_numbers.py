"""Recognition of phone numbers, normalized to E.164 by Google's metadata (phonenumbers)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product

import phonenumbers
from phonenumbers import (
    NumberParseException,
    PhoneNumber,
    PhoneNumberFormat,
    PhoneNumberType,
    ValidationResult,
)

from flows.locales import DEFAULT_LANGUAGE, ENGLISH, LocaleMessages
from flows.nlu.entities.claims import find_phone_spans
from flows.text import normalize_same_length

_MAX_MISSING_DIGITS = 5
_KIND_DIGITS = 2
"""The digits that tell what kind of number it is."""
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
    if _is_incomplete(number):
        return "", messages.phone_number_too_short
    return phonenumbers.format_number(number, PhoneNumberFormat.E164), ""


def _is_incomplete(number: PhoneNumber) -> bool:
    """Return whether digits are missing at the end of a number that is not valid.

    The lengths of a country alone do not tell: in many a landline is shorter than a mobile number. So its
    length is compared with those of the kind that it would be with more digits.
    """
    if phonenumbers.is_valid_number(number):
        return False
    digits, code = phonenumbers.national_significant_number(number), number.country_code or 0
    region = phonenumbers.region_code_for_country_code(code)
    if phonenumbers.ndd_prefix_for_region(region, strip_non_digits=True) == "0":
        digits = digits.removeprefix("0")  # a number that is too short for its country keeps it
    kind = next(_kinds_with_more_digits(code, digits), None)
    if kind is None:
        return False
    reason = phonenumbers.is_possible_number_for_type_with_reason(_from_digits(code, digits), kind)
    return reason in (
        ValidationResult.TOO_SHORT, ValidationResult.INVALID_LENGTH, ValidationResult.IS_POSSIBLE_LOCAL_ONLY,
    )  # fmt: skip


def _kinds_with_more_digits(country_code: int, digits: str) -> Iterator[int]:
    """Yield the kinds of valid longer numbers that begin so, or like it: mobile, landline and so on."""
    longer = range(len(digits) + 1, len(digits) + _MAX_MISSING_DIGITS + 1)
    for start in (digits, digits[:_KIND_DIGITS]):
        for length, digit in product(longer, "0123456789"):
            kind = phonenumbers.number_type(_from_digits(country_code, start.ljust(length, digit)))
            if kind != PhoneNumberType.UNKNOWN:
                yield kind


def _from_digits(country_code: int, digits: str) -> PhoneNumber:
    zeros = len(digits) - len(digits.lstrip("0"))
    return PhoneNumber(
        country_code=country_code,
        national_number=int(digits),
        italian_leading_zero=zeros > 0 or None,
        number_of_leading_zeros=zeros if zeros > 1 else None,
    )


def _error_message(result: int, messages: LocaleMessages) -> str:
    reasons = {
        ValidationResult.TOO_SHORT: messages.phone_number_too_short,
        ValidationResult.TOO_LONG: messages.phone_number_too_long,
        ValidationResult.INVALID_COUNTRY_CODE: messages.unknown_country_code,
    }
    return reasons.get(result, messages.phone_number_incomplete)
