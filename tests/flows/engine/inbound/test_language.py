"""Days, times and phone numbers in the flow's language and country."""

from __future__ import annotations

from typing import Any

import pytest

from flows.slots import Slot, extract_slot, slots_from_schema, validate_slot_value
from tests.flows.conversation import TODAY

DAY = {"type": "string", "format": "date", "x-future": True}
TIME = {"type": "string", "format": "time"}
PHONE = {"type": "string", "format": "phone"}


def build_slot(part: dict[str, Any], language: str = "en") -> Slot:
    (made,) = slots_from_schema({"properties": {"it": part}}, language)
    return made


@pytest.mark.parametrize(
    ("language", "text", "day"),
    [
        ("en", "tomorrow", "2026-11-24"),
        ("en", "the day after tomorrow please", "2026-11-25"),
        ("en", "next Friday", "2026-11-27"),
        ("en", "Could I come on Monday?", "2026-11-30"),
        ("en", "4 May at 3 pm", "2027-05-04"),
        ("en", "2027-05-04", "2027-05-04"),
        ("de", "morgen um 15 Uhr", "2026-11-24"),
        ("de", "am Mittwoch", "2026-11-25"),
        ("de", "4. Mai", "2027-05-04"),
        ("de", "03.04.2027", "2027-04-03"),
        ("fr", "demain", "2026-11-24"),
        ("es", "4 de mayo de 2027", "2027-05-04"),
    ],
)
def test_a_day_to_come_is_read_as_people_name_it(language: str, text: str, day: str) -> None:
    assert extract_slot(build_slot(DAY, language), text, TODAY).value == day


@pytest.mark.parametrize(
    "text", ["may", "on the 5th", "4/5", "12", "Tuesday or Wednesday", "not sure", "yes", "hi"]
)
def test_what_names_no_single_day_is_not_guessed(text: str) -> None:
    assert extract_slot(build_slot(DAY), text, TODAY).value is None


def test_a_date_of_birth_is_never_completed_from_todays_date() -> None:
    born = build_slot({"type": "string", "format": "date", "x-past": True})
    assert [extract_slot(born, text, TODAY).value for text in ("23 April", "Monday", "yesterday")] == [
        None
    ] * 3


def test_a_birthday_is_read_in_the_flows_language() -> None:
    born = build_slot({"type": "string", "format": "date", "x-past": True}, "de")
    assert extract_slot(born, "3. März 1990", TODAY).value == "1990-03-03"


def test_a_day_that_has_passed_is_refused_with_the_reason() -> None:
    assert extract_slot(build_slot(DAY), "4 May 2020", TODAY).error_message == "That date has already passed."


@pytest.mark.parametrize(
    ("language", "text", "time"),
    [
        ("en", "3 pm", "15:00"),
        ("en", "3 in the afternoon", "15:00"),
        ("en", "at 9 in the morning", "09:00"),
        ("en", "15", "15:00"),
        ("en", "half past noon is bad, 12:30", None),
        ("de", "um 15 Uhr", "15:00"),
        ("de", "9:30 Uhr", "09:30"),
        ("fr", "15h30", "15:30"),
    ],
)
def test_a_time_is_read_as_people_say_it(language: str, text: str, time: str | None) -> None:
    assert extract_slot(build_slot(TIME, language), text, TODAY).value == time


def test_an_ambiguous_hour_is_asked_about() -> None:
    assert (
        extract_slot(build_slot(TIME), "at 3", TODAY).error_message
        == "Is that 3 in the morning or 3 in the afternoon?"
    )


@pytest.mark.parametrize(
    ("language", "part", "text", "number"),
    [
        ("en", {}, "call +1 (212) 555-0147 please", "+12125550147"),
        ("en", {}, "0049 30 901820", "+4930901820"),
        ("en", {"x-region": "US"}, "(212) 555-0147", "+12125550147"),
        ("de", {}, "030 / 901820", "+4930901820"),
        ("en", {}, "212 555 0147", "2125550147"),
    ],
)
def test_a_phone_number_is_stored_in_one_form(
    language: str, part: dict[str, str], text: str, number: str
) -> None:
    assert extract_slot(build_slot({**PHONE, **part}, language), text, TODAY).value == number


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("+1 212 555 01", "That number is too short."),
        ("+1 212 555 0147 999", "That number is too long."),
        ("+999 1234567", "I don't know that country code."),
    ],
)
def test_a_number_that_cannot_be_is_refused_with_the_reason(text: str, reason: str) -> None:
    assert extract_slot(build_slot(PHONE), text, TODAY).error_message == reason
    assert validate_slot_value(build_slot(PHONE), text, TODAY).error_message == reason
