"""Recipients of first messages: a number is normalized, or refused with a reason."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels._kit.outbound import find_email_address, parse_phone_number, select_sender
from core.errors import InvalidContact


@pytest.mark.parametrize(
    "written",
    ["+12025550171", " +1 (202) 555-0171 ", "0012025550171", "+1.202.555.0171", "+1/202/5550171"],
)
def test_a_number_is_normalized(written: str) -> None:
    assert parse_phone_number(written) == "+12025550171"


def test_numbers_of_the_simulators_are_taken() -> None:
    assert parse_phone_number("+1 555 0170") == "+15550170"


def test_a_mexican_number_is_taken_as_whatsapp_spells_it() -> None:
    assert parse_phone_number("+521 55 1234 5678") == "+525512345678"


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("", "not a phone number"),
        ("ada@example.com", "not a phone number"),
        ("+1202555CALL", "not a phone number"),
        ("+1202555017\n1", "not a phone number"),
        ("+1202555٠١٧١", "not a phone number"),
        ("2025550171", "no country code"),
        ("02025550171", "no country code"),
        ("+02025550171", "country code does not exist"),
        ("+9995550171", "country code does not exist"),
        ("+1202555", "too short"),
        ("+120255501711", "too long"),
        ("+" + "1" * 40, "not a phone number"),
        ("+1 555 1234", "incomplete"),
    ],
)
def test_a_wrong_number_is_refused_with_its_reason(written: str, reason: str) -> None:
    with pytest.raises(InvalidContact, match=reason):
        parse_phone_number(written)


@given(st.text(max_size=60))
def test_any_text_is_a_number_or_refused(text: str) -> None:
    try:
        number = parse_phone_number(text)
    except InvalidContact:
        return
    assert number.startswith("+")
    assert number[1:].isascii()
    assert number[1:].isdigit()


def test_the_sender_must_be_clear() -> None:
    assert select_sender("", ["+15550100"], "NUMBERS") == "+15550100"
    assert select_sender("+15550101", [], "NUMBERS") == "+15550101"
    for numbers in ([], ["+15550100", "+15550101"]):
        with pytest.raises(InvalidContact, match="NUMBERS"):
            select_sender("", numbers, "NUMBERS")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (" Ada@Example.com ", "ada@example.com"),
        ("o'brien+shop@mail.example.co", "o'brien+shop@mail.example.co"),
        ("ada@localhost", ""),
        ("Ada <ada@example.com>", ""),
        ("ada@example.com\nbcc: bob@example.com", ""),
        ("@example.com", ""),
        ("a" * 65 + "@example.com", ""),
    ],
)
def test_an_email_address_is_found_only_where_there_is_nothing_else(text: str, found: str) -> None:
    assert find_email_address(text) == found
