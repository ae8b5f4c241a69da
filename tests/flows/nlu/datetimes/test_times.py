from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.locales import ENGLISH, messages_for
from flows.nlu.datetimes import complete_hour_answer, mask_times, recognize_bare_hour, recognize_times
from flows.text import normalize_same_length

GERMAN = messages_for("de")


def recognize(text: str, language: str = "en") -> list[str]:
    return [item.value or item.error_message for item in recognize_times(text, language)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("14:30", "14:30"),
        ("9:30", "09:30"),
        ("2:30 pm", "14:30"),
        ("at 9am please", "09:00"),
        ("3 p.m.", "15:00"),
        ("12 am", "00:00"),
        ("12 pm", "12:00"),
        ("noon", "12:00"),
        ("seven pm", "19:00"),
        ("six thirty pm", "18:30"),
        ("half past 5 pm", "17:30"),
        ("quarter to 6 pm", "17:45"),
        ("quarter to 1 pm", "12:45"),
        ("20 past 6 pm", "18:20"),
        ("ten minutes to 6 pm", "17:50"),
        ("a quarter past seven in the evening", "19:15"),
        ("3 in the afternoon", "15:00"),
        ("at 6 tonight", "18:00"),
        ("10 at night", "22:00"),
        ("2 at night", "02:00"),
        ("tomorrow afternoon at 3", "15:00"),
        ("tomorrow morning at 9:30", "09:30"),
        ("15:00 in the afternoon", "15:00"),
        ("at 15", "15:00"),
        ("4 people at 7 pm", "19:00"),
        ("2 or 3 people at 7 pm", "19:00"),
        ("not at 3 pm but 4 pm", "16:00"),
        ("2027-05-04 at 9 am", "09:00"),
        ("2026-12-01T10:00:00Z", "10:00"),
    ],
)
def test_a_time_is_read(text: str, value: str) -> None:
    assert recognize(text) == [value]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("um 15 Uhr", "15:00"),
        ("15 Uhr 30", "15:30"),
        ("15.30 Uhr", "15:30"),
        ("zwanzig Uhr", "20:00"),
        ("abends um 7 Uhr", "19:00"),
        ("heute Abend um 7", "19:00"),
        ("morgen früh um 8", "08:00"),
        ("nachmittags um 3 Uhr", "15:00"),
        ("3 Uhr am Nachmittag", "15:00"),
        ("abends halb acht", "19:30"),
        ("abends fünf nach halb acht", "19:35"),
        ("10 vor halb 4 nachmittags", "15:20"),
        ("fünfzehn Uhr dreißig", "15:30"),
        ("15 Uhr fünfundvierzig", "15:45"),
        ("um acht Uhr fünf, bitte", "08:05"),
        ("null Uhr dreißig", "00:30"),
        ("mittags um 1", "13:00"),
        ("mittags", "12:00"),
        ("am 4.5. um 10 Uhr", "10:00"),
        ("03.04.2027 um 9 Uhr", "09:00"),
        ("guten Abend, 10 Uhr", "10:00"),
    ],
)
def test_a_time_is_read_in_german(text: str, value: str) -> None:
    assert recognize(text, "de") == [value]


@pytest.mark.parametrize(
    ("language", "text", "hour"),
    [
        ("en", "at 3", "3"),
        ("en", "friday at nine", "9"),
        ("en", "9 o'clock", "9"),
        ("en", "good morning, at 3", "3"),
        ("en", "half past six", "6:30"),
        ("en", "half past nine", "9:30"),
        ("en", "six thirty", "6:30"),
        ("en", "twenty to six", "5:40"),
        ("de", "um 8", "8"),
        ("de", "um 9 am Montag", "9"),
        ("de", "halb sieben", "6:30"),
        ("de", "halb 7 Uhr", "6:30"),
        ("de", "viertel vor 7 Uhr", "6:45"),
        ("de", "viertel nach neun", "9:15"),
        ("de", "5 vor 8 Uhr", "7:55"),
        ("de", "7 Uhr nachts", "7"),
        ("de", "fünf vor halb acht", "7:25"),
    ],
)
def test_an_hour_of_twelve_is_an_error(language: str, text: str, hour: str) -> None:
    sentences = GERMAN if language == "de" else ENGLISH
    assert recognize(text, language) == [sentences.ambiguous_hour.format(hour)]


@pytest.mark.parametrize(
    "text",
    [
        "between 3 and 5 pm", "3pm to 5pm", "3-5pm", "9-10", "from 9 to 10", "10 to 6pm", "ten to six",
        "half six", "after 5 pm", "any time before 5 pm", "by 5 pm", "9:30-10:30",
    ],
)  # fmt: skip
def test_an_inexact_time_is_an_error(text: str) -> None:
    assert recognize(text) == [ENGLISH.exact_time_required]


@pytest.mark.parametrize(
    "text", ["ab 15 Uhr", "nach 17 Uhr", "zwischen 9 und 10 Uhr", "viertel acht", "fünf vor viertel acht"]
)
def test_an_inexact_german_time_is_an_error(text: str) -> None:
    assert recognize(text, "de") == [GERMAN.exact_time_required]


def test_a_count_behind_a_german_hour_is_no_minute() -> None:
    assert recognize("um 10 Uhr zwei Personen", "de") == [GERMAN.exact_time_required]
    assert recognize("null", "de") == []


def test_two_times_are_asked_about() -> None:
    assert recognize("9 or 10") == ["I see 9 and 10. Which one is it?"]


@pytest.mark.parametrize("text", ["um 12", "12 in the morning"])
def test_twelve_is_noon_or_midnight(text: str) -> None:
    assert recognize(text) == [ENGLISH.noon_or_midnight]


@pytest.mark.parametrize("text", ["25:00", "13pm", "3:75", "15:00 in the morning"])
def test_an_invalid_hour_is_an_error(text: str) -> None:
    assert recognize(text) == [ENGLISH.invalid_time.format(text)]


@pytest.mark.parametrize(
    "text",
    ["", "6", "table for 4", "4/5", "one morning", "3 mornings a week", "in 2 hours", "at one of your shops",
     "not at 3 pm", "I'm 23", "1530"],
)  # fmt: skip
def test_a_text_without_a_time_has_none(text: str) -> None:
    assert recognize(text) == []


@pytest.mark.parametrize(("text", "value"), [("15", "15:00"), ("make it 14", "14:00"), ("0", "00:00")])
def test_a_number_alone_is_the_hour_that_was_asked_for(text: str, value: str) -> None:
    hour = recognize_bare_hour(text)
    assert hour is not None
    assert hour.value == value


@pytest.mark.parametrize(
    ("language", "asked", "text", "value"),
    [
        ("en", "3", "in the afternoon", "15:00"),
        ("en", "3", "afternoon please", "15:00"),
        ("en", "10", "morning", "10:00"),
        ("en", "10", "am", "10:00"),
        ("en", "9:30", "PM", "21:30"),
        ("de", "3", "nachmittags", "15:00"),
        ("de", "9:30", "morgens", "09:30"),
    ],
)
def test_the_half_of_the_day_is_enough_once_the_hour_was_asked_about(
    language: str, asked: str, text: str, value: str
) -> None:
    line = (GERMAN if language == "de" else ENGLISH).ambiguous_hour.format(asked) + "\n\nAt what time?"
    assert recognize(complete_hour_answer(text, line, language), language) == [value]


@pytest.mark.parametrize("text", ["in the afternoon", "3", ""])
def test_without_such_a_question_a_text_stays_as_it_is(text: str) -> None:
    assert complete_hour_answer(text, "At what time?") == text


@given(st.text(max_size=200), st.sampled_from(["en", "de"]))
def test_any_text_can_be_searched(text: str, language: str) -> None:
    for item in recognize_times(text, language):
        assert bool(item.value) != bool(item.error_message)
    assert len(mask_times(text, language)) == len(normalize_same_length(text))


_WORDS = (
    "half quarter past to at um halb viertel vor nach 3 9 12 15:30 pm uhr between and or noon tonight not"
)


@given(st.lists(st.sampled_from(_WORDS.split()), max_size=8), st.sampled_from(["en", "de"]))
def test_each_result_is_a_time_or_an_error(said: list[str], language: str) -> None:
    for item in recognize_times(" ".join(said), language):
        hour, _, minute = (item.value or "0:0").partition(":")
        assert (int(hour) < 24 and int(minute) < 60) if item.value else item.error_message


@given(st.times())
def test_every_time_is_read_back_as_it_is_written(time: object) -> None:
    assert recognize(f"at {str(time)[:5]}") == [str(time)[:5]]
