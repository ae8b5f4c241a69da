from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.nlu import MAX_DIGITS, RecognizedNumber, recognize_numbers


def recognize(text: str, language: str = "en") -> list[int | float | None]:
    return [number.value for number in recognize_numbers(text, language)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("007", 7),
        ("-5", -5),
        ("3.0", 3),
        ("2.5 kg", 2.5),
        ("1,5 litres", 1.5),
        ("50€", 50),
        ("5%", 5),
        ("1,000", 1_000),
        ("1'000", 1_000),
        ("10 000", 10_000),
        ("1,234.56", 1_234.56),
        ("1.234,56", 1_234.56),
        ("$1,234,567", 1_234_567),
        ("0.125", 0.125),
        ("1.5 million", 1_500_000),
        ("zero", 0),
        ("we are four", 4),
        ("twenty one", 21),
        ("forty-two", 42),
        ("three hundred", 300),
        ("three hundred and five", 305),
        ("five thousand", 5_000),
        ("two thousand five hundred and one", 2_501),
        ("one hundred thousand", 100_000),
        ("minus five", -5),
        ("two and a half", 2.5),
        ("two point five", 2.5),
    ],
)
def test_an_amount_is_read(text: str, value: float) -> None:
    assert recognize(text) == [value]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.000", 1_000),
        ("1.234,56", 1_234.56),
        ("1,234.56", 1_234.56),
        ("1,5", 1.5),
        ("null", 0),
        ("eins", 1),
        ("zwanzig", 20),
        ("zweiundzwanzig", 22),
        ("dreißig", 30),
        ("dreihundert", 300),
        ("zweitausendfünfhundert", 2_500),
        ("3 Tausend", 3_000),
        ("zweieinhalb", 2.5),
        ("zwei Komma fünf", 2.5),
        ("minus fünf", -5),
    ],
)
def test_an_amount_is_read_in_german(text: str, value: float) -> None:
    assert recognize(text, "de") == [value]


@pytest.mark.parametrize(
    "text",
    ["", "a few", "half", "1e5", "100k", "1.2.3", "HL-123", "0x10", "this one", "no one",
     "the second one", "wait a second", "one moment"],
)  # fmt: skip
def test_a_text_without_an_amount_has_none(text: str) -> None:
    assert recognize(text) == []


@pytest.mark.parametrize("text", ["ein", "und", "wunderbar", "verwundert", "eine Frage"])
def test_no_word_is_mistaken_for_an_amount_in_german(text: str) -> None:
    assert recognize(text, "de") == []


@pytest.mark.parametrize(
    ("language", "text", "number"),
    [
        ("en", "1.000", RecognizedNumber(1, 1_000)),
        ("de", "1,000", RecognizedNumber(1, 1_000)),
        ("en", "2-3", RecognizedNumber(2, 3)),
        ("en", "2 – 3 people", RecognizedNumber(2, 3)),
    ],
)
def test_an_ambiguous_amount_has_an_alternative(language: str, text: str, number: RecognizedNumber) -> None:
    assert recognize_numbers(text, language) == [number]


def test_too_many_digits_are_an_amount_without_a_value() -> None:
    assert recognize("1" * (MAX_DIGITS + 1)) == [None]


@given(st.text(max_size=300), st.sampled_from(["en", "de", "fr"]))
def test_any_text_can_be_searched(text: str, language: str) -> None:
    for number in recognize_numbers(text, language):
        assert number.value is None or abs(number.value) < 10 ** (MAX_DIGITS + 6)


@given(st.integers(min_value=-(10**MAX_DIGITS) + 1, max_value=10**MAX_DIGITS - 1))
def test_every_number_is_read_back_as_each_language_writes_it(number: int) -> None:
    assert recognize(str(number)) == [number]
    assert recognize(f"{number:,}") == [number]
    assert recognize(f"{number:,}".replace(",", "."), "de") == [number]
