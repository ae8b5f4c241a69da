"""SMS segments, and replacement of smart quotes that would add segments."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels._kit.rendering import count_segments, to_gsm7_friendly


@pytest.mark.parametrize(
    ("text", "alphabet", "units", "count"),
    [
        ("", "GSM-7", 0, 0),
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("a" * 306, "GSM-7", 306, 2),
        ("a" * 307, "GSM-7", 307, 3),
        ("€" * 80, "GSM-7", 160, 1),
        ("€" * 81, "GSM-7", 162, 2),
        ("a" * 152 + "€" + "a" * 10, "GSM-7", 164, 2),
        ("ő" * 70, "UCS-2", 70, 1),
        ("ő" * 71, "UCS-2", 71, 2),
        ("😀" * 35, "UCS-2", 70, 1),
        ("😀" * 36, "UCS-2", 72, 2),
        ("😀" * 67, "UCS-2", 134, 3),
    ],
)
def test_segments_are_counted(text: str, alphabet: str, units: int, count: int) -> None:
    found = count_segments(text)

    assert (found.alphabet, found.units, found.count) == (alphabet, units, count)


def test_smart_quotes_are_replaced_if_that_saves_a_segment() -> None:
    assert to_gsm7_friendly("“" + "a" * 100 + "”") == '"' + "a" * 100 + '"'


@pytest.mark.parametrize("text", ["“short”", "“" + "ő" * 100 + "”", "plain"])
def test_smart_quotes_stay_if_nothing_is_saved(text: str) -> None:
    assert to_gsm7_friendly(text) == text


@given(text=st.text(alphabet="a€ő😀“…\n", max_size=400))
def test_replacement_never_adds_segments(text: str) -> None:
    assert count_segments(to_gsm7_friendly(text)).count <= count_segments(text).count
