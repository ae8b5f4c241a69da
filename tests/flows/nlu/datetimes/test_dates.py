from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.locales import ENGLISH, messages_for
from flows.nlu.datetimes import is_incomplete_date, mask_dates, recognize_dates
from flows.nlu.datetimes.dates import recognize_month_days
from flows.text import normalize_same_length

GERMAN = messages_for("de")


def recognize(text: str) -> str:
    (item,) = recognize_dates(text)
    return item.value or f"reason: {item.error_message}"


@pytest.mark.parametrize(
    "text",
    [
        "1990-04-23",
        "1990/04/23",
        "1990.4.23",
        "23 April 1990",
        "23rd of April, 1990",
        "23. April 1990",
        "23-Apr-1990",
        "April 23 1990",
        "Apr. 23rd, 1990",
        "APRIL 23, 1990",
        "1990 April 23",
        "23/04/1990",
        "04/23/1990",
        "23.04.1990",
        "23-4-1990",
        "23 04 1990",
        "23041990",
        "19900423",
        "I was born on 23 april 1990, in Leeds",
    ],
)
def test_a_date_is_read_in_any_form_that_means_one_day(text: str) -> None:
    assert recognize(text) == "1990-04-23"


def test_a_date_that_could_be_two_days_is_not_guessed() -> None:
    assert recognize("04/05/1990") == (
        "reason: 04/05/1990 could be 5 April 1990 or 4 May 1990. Please write the month as a word."
    )


def test_a_date_whose_two_readings_are_the_same_day_is_read() -> None:
    assert recognize("05/05/1990") == "1990-05-05"


@pytest.mark.parametrize("text", ["31 February 1990", "31/04/1990", "1990-13-40", "29 Feb 2023", "0/0/1990"])
def test_a_day_that_does_not_exist_is_an_error(text: str) -> None:
    assert recognize(text).startswith("reason: There is no such day as")


@pytest.mark.parametrize("text", ["23/04/90", "23 April 90", "April 23, '90"])
def test_a_year_of_two_digits_is_an_error(text: str) -> None:
    assert recognize(text) == "reason: Please write the year with four digits."


@pytest.mark.parametrize(
    "text", ["", "April 1990", "23 April", "1990", "4321", "+1 555 0100", "HL-123456", "v1.2.3.4.5"]
)
def test_an_incomplete_date_is_not_recognized(text: str) -> None:
    assert recognize_dates(text) == []


def test_two_dates_are_both_read_in_order() -> None:
    values = [item.value for item in recognize_dates("not 24 April 1990 but 1990-04-23")]
    assert values == ["1990-04-24", "1990-04-23"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [("23 April 1890", "23 April 1890 is too long ago."), ("1 May 2990", "1 May 2990 is too far ahead.")],
)
def test_a_year_out_of_range_has_its_own_error(text: str, reason: str) -> None:
    assert recognize(text) == f"reason: {reason}"


@pytest.mark.parametrize(
    ("language", "text", "meanings"),
    [
        ("en", "4 May", ((5, 4),)),
        ("en", "on May 4th", ((5, 4),)),
        ("en", "24/11", ((11, 24),)),
        ("en", "4/5", ((5, 4), (4, 5))),
        ("de", "4/5", ((5, 4),)),
        ("de", "am 4.5. um 9 Uhr", ((5, 4),)),
        ("de", "30. Februar", ((2, 30),)),
    ],
)
def test_a_day_without_a_year_has_all_its_candidates(
    language: str, text: str, meanings: tuple[tuple[int, int], ...]
) -> None:
    assert [day.candidates for day in recognize_month_days(text, language)] == [meanings]


@pytest.mark.parametrize(
    "text", ["", "May", "4", "the 5th", "4 marbles", "at 9 may I come", "1/2/3", "um 10.12."]
)
def test_a_text_without_a_day_of_the_year_has_none(text: str) -> None:
    assert recognize_month_days(text, "de") == []


@pytest.mark.parametrize("text", ["1990", "April 1990", "born in 1990", "april 23", "4/23", "90", "the 4th"])
def test_an_incomplete_date_is_detected(text: str) -> None:
    assert is_incomplete_date(text)


@pytest.mark.parametrize("text", ["4321", "HL-1990", "+1 990", "19901", ""])
def test_other_text_is_not_an_incomplete_date(text: str) -> None:
    assert not is_incomplete_date(text)


@given(st.text(max_size=200))
def test_masking_keeps_the_length(text: str) -> None:
    assert len(mask_dates(text)) == len(normalize_same_length(text))


@given(st.dates(min_value=date(1900, 1, 1), max_value=date(2199, 12, 31)))
def test_every_day_written_out_is_read_back(day: date) -> None:
    assert recognize(ENGLISH.format_date(day)) == day.isoformat()
    assert recognize(GERMAN.format_date(day)) == day.isoformat()
    assert recognize(day.isoformat()) == day.isoformat()


@given(st.text(max_size=200))
def test_any_text_can_be_searched(text: str) -> None:
    for item in recognize_dates(text):
        assert bool(item.value) != bool(item.error_message)
