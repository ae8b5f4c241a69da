from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.locales import ENGLISH, messages_for
from flows.nlu.datetimes import recognize_relative_dates
from tests.flows.conversation import TODAY

GERMAN = messages_for("de")


def recognize(text: str, language: str = "en") -> list[str]:
    return [item.value or item.error_message for item in recognize_relative_dates(text, language, TODAY)]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("today", "2026-11-23"),
        ("tomorrow", "2026-11-24"),
        ("tmrw", "2026-11-24"),
        ("tomorow", "2026-11-24"),
        ("the day after tomorrow", "2026-11-25"),
        ("thursdy", "2026-11-26"),
        ("wensday please", "2026-11-25"),
        ("monday", "2026-11-30"),
        ("friday at 9", "2026-11-27"),
        ("friday at nine", "2026-11-27"),
        ("saturday at 10", "2026-11-28"),
        ("tomorrow at 9", "2026-11-24"),
        ("on sunday at 5pm", "2026-11-29"),
        ("friday next week", "2026-12-04"),
        ("friday 4 december", "2026-12-04"),
        ("friday the 4th", "2026-12-04"),
        ("sat, 5 december", "2026-12-05"),
        ("in 3 days", "2026-11-26"),
        ("in two weeks", "2026-12-07"),
        ("a week from monday", "2026-12-07"),
        ("friday in two weeks", "2026-12-11"),
        ("24/11", "2026-11-24"),
        ("30 November", "2026-11-30"),
        ("2 Feb", "2027-02-02"),
        ("not monday but tuesday", "2026-11-24"),
        ("friday, not monday", "2026-11-27"),
        ("I can't on monday, tuesday works", "2026-11-24"),
        ("übermorgen", "2026-11-25"),
        ("5 May 2027", "2027-05-05"),
        ("4 May 2020", "2020-05-04"),
    ],
)
def test_a_day_is_read(text: str, day: str) -> None:
    assert recognize(text) == [day]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("morgen", "2026-11-24"),
        ("guten Morgen, morgen bitte", "2026-11-24"),
        ("heute Morgen", "2026-11-23"),
        ("Dienstag morgen", "2026-11-24"),
        ("Freitagabend um 7", "2026-11-27"),
        ("am Mi", "2026-11-25"),
        ("nächsten Freitag", "2026-11-27"),
        ("nächste Woche Freitag", "2026-12-04"),
        ("in 14 Tagen", "2026-12-07"),
        ("Samstag in einer Woche", "2026-12-05"),
        ("am 4.5.", "2027-05-04"),
        ("24.12. um 10 Uhr", "2026-12-24"),
        ("Freitag, den 4.12.", "2026-12-04"),
        ("morgen geht nicht, aber Freitag", "2026-11-27"),
    ],
)
def test_a_day_is_read_in_german(text: str, day: str) -> None:
    assert recognize(text, "de") == [day]


@pytest.mark.parametrize(
    "text",
    [
        "", "hi", "good morning", "noon", "10 in the morning", "between 9 and 10", "12", "may", "the 5th",
        "not tomorrow", "tomorrow is not possible", "this weekend", "next week", "every friday", "on mondays",
        "4 marbles", "sat there", "at 9 may I come", "#0",
    ],
)  # fmt: skip
def test_a_text_without_a_day_has_none(text: str) -> None:
    assert recognize(text) == []


@pytest.mark.parametrize(
    "text", ["guten Morgen", "am Morgen", "nicht morgen", "morgen kann ich nicht", "so", "jeden Freitag"]
)
def test_a_german_text_without_a_day_has_none(text: str) -> None:
    assert recognize(text, "de") == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("30 feb", "There is no such day as 30 feb."),
        ("4/5", "4/5 could be 5 April 2027 or 4 May 2027. Please write the month as a word."),
        ("this monday", "I see 23 November 2026 and 30 November 2026. Which one is it?"),
        ("fri 5 december", "I see 27 November 2026 and 5 December 2026. Which one is it?"),
        ("friday, 5 december", "I see 27 November 2026 and 5 December 2026. Which one is it?"),
        ("after friday", ENGLISH.exact_day_required),
        ("by 4 May", ENGLISH.exact_day_required),
    ],
)
def test_an_ambiguous_day_is_an_error(text: str, reason: str) -> None:
    assert recognize(text) == [reason]


def test_an_ambiguous_german_day_is_an_error() -> None:
    assert recognize("ab Freitag", "de") == recognize("nach dem 4.5.", "de") == [GERMAN.exact_day_required]


def test_two_days_are_both_read_in_order() -> None:
    assert recognize("next friday, no, saturday") == ["2026-11-27", "2026-11-28"]


@given(st.integers(min_value=0, max_value=364))
def test_every_day_of_the_coming_year_is_read_without_its_year(days: int) -> None:
    day = TODAY + timedelta(days)
    assert recognize(ENGLISH.format_date(day).removesuffix(f" {day.year}")) == [day.isoformat()]
    assert recognize(f"{day.day}.{day.month}.", "de") == [day.isoformat()]


_WORDS = (
    "not on friday morgen today tomorrow in two weeks a from week next 4 may 4.5. 31/2 nicht ; but am the 5th"
)


@given(st.lists(st.sampled_from(_WORDS.split()), max_size=8), st.sampled_from(["en", "de"]))
def test_each_result_is_a_day_or_an_error(said: list[str], language: str) -> None:
    for item in recognize_relative_dates(" ".join(said), language, TODAY):
        assert bool(item.value) != bool(item.error_message)
        assert not item.value or abs(date.fromisoformat(item.value) - TODAY) < timedelta(800)


@given(st.text(max_size=200))
def test_any_text_can_be_searched(text: str) -> None:
    for item in recognize_relative_dates(text, "en", TODAY):
        assert bool(item.value) != bool(item.error_message)
