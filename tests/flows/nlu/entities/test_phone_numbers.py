"""Phone numbers of sixty countries in the spellings that people use."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import phonenumbers
import pytest
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType

from flows.slots import extract_slot, slots_from_schema, validate_slot_value

TODAY = date(2026, 11, 27)
COUNTRIES = (
    *("AE", "AR", "AT", "AU", "BE", "BG", "BR", "CA", "CH", "CL", "CN", "CO", "CR", "CY", "CZ", "DE", "DK"),
    *("EC", "EE", "EG", "ES", "FI", "FR", "GB", "GR", "HK", "HR", "HU", "ID", "IE", "IL", "IN", "IS", "IT"),
    *("JP", "KE", "KR", "LT", "LU", "LV", "MA", "MX", "MY", "NG", "NL", "NO", "NZ", "PE", "PH", "PK", "PL"),
    *("PT", "RO", "RS", "SA", "SE", "SG", "SI", "SK", "TH", "TR", "TW", "UA", "US", "VN", "ZA"),
)


def _build_example(country: str, kind: int) -> PhoneNumber:
    example = phonenumbers.example_number_for_type(country, kind)
    assert example is not None
    return example


def _iter_spellings() -> Iterator[tuple[str, str, str]]:
    for number, country in enumerate(COUNTRIES):
        for kind in (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE):
            example = _build_example(country, kind)
            stored = phonenumbers.format_number(example, PhoneNumberFormat.E164)
            spaced = phonenumbers.format_number(example, PhoneNumberFormat.INTERNATIONAL)
            other = (
                stored,
                spaced.replace(" ", "-"),
                f"00{spaced[1:]}",
                spaced.replace(" ", "."),
                f"({spaced.split()[0]}) {spaced.split(' ', 1)[1]}",
            )[number % 5]
            yield country, spaced, stored
            yield country, other, stored


SPELLINGS = list(_iter_spellings())


def test_there_are_two_hundred_spellings_of_sixty_countries() -> None:
    assert len(SPELLINGS) >= 200
    assert len({country for country, _, _ in SPELLINGS}) >= 60


@pytest.mark.long
@pytest.mark.parametrize("sentence", ["{}", "my number is {}, thanks"])
def test_a_number_is_read_whole_and_nothing_else_is_read_from_it(sentence: str) -> None:
    wrong: list[object] = []
    for country, written, stored in SPELLINGS:
        text = sentence.format(written)
        (phone,) = slots_from_schema({"properties": {"p": {"type": "string", "format": "phone"}}}, "en")
        if extract_slot(phone, text, TODAY).value != stored:
            wrong.append((country, text, extract_slot(phone, text, TODAY)))
        if validate_slot_value(phone, written, TODAY).value != stored:
            wrong.append((country, written, validate_slot_value(phone, written, TODAY)))
        parts: tuple[dict[str, object], ...] = (
            {"type": "string", "format": "date", "x-future": True},
            {"type": "string", "format": "date"},
            {"type": "string", "format": "time"},
            {"type": "integer"},
            {"type": "string", "pattern": "^[0-9]{4}$"},
        )
        for part in parts:
            (other,) = slots_from_schema({"properties": {"o": part}}, "en")
            if (reading := extract_slot(other, text, TODAY)).value is not None:
                wrong.append((country, text, (part, reading)))
    assert wrong == []


@pytest.mark.parametrize("country", COUNTRIES)
def test_a_national_number_belongs_to_the_region(country: str) -> None:
    schema = {"properties": {"p": {"type": "string", "format": "phone", "x-region": country}}}
    (phone,) = slots_from_schema(schema, "en")
    for kind in (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE):
        example = _build_example(country, kind)
        written = phonenumbers.format_number(example, PhoneNumberFormat.NATIONAL)
        stored = phonenumbers.format_number(example, PhoneNumberFormat.E164)
        assert extract_slot(phone, written, TODAY).value == stored, written


@pytest.mark.parametrize("text", ["12.12.2026", "2026-12-24", "24.12.2026 10.30", "1 000 000"])
def test_a_date_or_an_amount_is_not_a_phone_number(text: str) -> None:
    (phone,) = slots_from_schema({"properties": {"p": {"type": "string", "format": "phone"}}}, "en")
    assert text == "1 000 000" or extract_slot(phone, text, TODAY).value is None
    (amount,) = slots_from_schema({"properties": {"n": {"type": "integer"}}}, "en")
    assert text != "1 000 000" or extract_slot(amount, text, TODAY).value is not None
