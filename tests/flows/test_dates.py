from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.dates import read_dates, read_times
from flows.wording import ENGLISH, GERMAN


def one(text: str) -> str:
    (read,) = read_dates(text)
    return read.value or f"reason: {read.reason}"


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
    assert one(text) == "1990-04-23"


def test_a_date_that_could_be_two_days_is_not_guessed() -> None:
    assert one("04/05/1990") == (
        "reason: 04/05/1990 could be 5 April 1990 or 4 May 1990. Please write the month as a word."
    )


def test_a_date_whose_two_readings_are_the_same_day_is_read() -> None:
    assert one("05/05/1990") == "1990-05-05"


@pytest.mark.parametrize("text", ["31 February 1990", "31/04/1990", "1990-13-40", "29 Feb 2023", "0/0/1990"])
def test_a_day_that_never_was_is_said_so(text: str) -> None:
    assert one(text).startswith("reason: There is no such day as")


@pytest.mark.parametrize("text", ["23/04/90", "23 April 90", "April 23, '90"])
def test_a_year_of_two_digits_is_asked_again(text: str) -> None:
    assert one(text) == "reason: Please write the year with four digits."


@pytest.mark.parametrize(
    "text", ["", "April 1990", "23 April", "1990", "4321", "+1 555 0100", "HL-123456", "v1.2.3.4.5"]
)
def test_what_is_not_a_whole_date_is_none(text: str) -> None:
    assert read_dates(text) == []


def test_two_dates_are_both_read_in_order() -> None:
    values = [read.value for read in read_dates("not 24 April 1990 but 1990-04-23")]
    assert values == ["1990-04-24", "1990-04-23"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("14:30", "14:30"),
        ("2:30 pm", "14:30"),
        ("at 9am please", "09:00"),
        ("12 am", "00:00"),
        ("noon", "12:00"),
    ],
)
def test_a_time_is_read(text: str, value: str) -> None:
    assert [read.value for read in read_times(text)] == [value]


def test_an_hour_that_no_clock_shows_is_said_so() -> None:
    assert [bool(read.reason) for read in read_times("25:00 or 13pm")] == [True, True]


def test_a_bare_number_is_no_time() -> None:
    assert read_times("table for 4") == []


@given(st.dates(min_value=date(1900, 1, 1), max_value=date(2199, 12, 31)))
def test_every_day_written_out_is_read_back(day: date) -> None:
    assert one(ENGLISH.spoken(day)) == day.isoformat()
    assert one(GERMAN.spoken(day)) == day.isoformat()
    assert one(day.isoformat()) == day.isoformat()


@given(st.text(max_size=200))
def test_any_text_can_be_looked_through(text: str) -> None:
    for read in read_dates(text) + read_times(text):
        assert bool(read.value) != bool(read.reason)
