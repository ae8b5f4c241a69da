"""Splitting of long text at natural breaks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels._kit.rendering import split_text
from channels._kit.rendering.text_splitter import utf16_length

FAMILY = "👨‍👩‍👧‍👦"
FLAG = "🇭🇺"


@pytest.mark.parametrize(
    ("text", "limit", "parts"),
    [
        ("short", 10, ["short"]),
        ("", 10, []),
        (" \n ", 10, []),
        ("one two three", 8, ["one two", "three"]),
        ("First one.\n\nSecond one.", 15, ["First one.", "Second one."]),
        ("First line\nsecond line", 15, ["First line", "second line"]),
        ("Go on. And then stop here", 15, ["Go on.", "And then stop", "here"]),
        ("abcdefghij", 4, ["abcd", "efgh", "ij"]),
        ("see https://example.com/a now", 22, ["see", "https://example.com/a", "now"]),
        ("run `make all now` first", 16, ["run", "`make all now`", "first"]),
        ("x https://example.com/" + "y" * 20, 10, ["x", "https://ex", "ample.com/", "y" * 10, "y" * 10]),
    ],
)
def test_text_is_split_at_the_best_break(text: str, limit: int, parts: list[str]) -> None:
    assert split_text(text, limit) == parts


def test_code_stays_in_one_part_if_it_fits() -> None:
    code = "```" + "a = 1\n" * 10 + "```"

    parts = split_text(f"{'word ' * 15}{code}{' word' * 15}", 100)
    assert any(code in part for part in parts)


def test_grapheme_clusters_are_not_split() -> None:
    assert split_text(f"aa{FAMILY}", 10) == ["aa", FAMILY] or split_text(f"aa{FAMILY}", 12) == ["aa", FAMILY]
    assert split_text(FLAG * 3, 6) == [FLAG, FLAG, FLAG]
    assert split_text("e\u0301" * 3, 3) == ["e\u0301"] * 3


@given(text=st.text(max_size=400), limit=st.integers(2, 60))
def test_parts_fit_are_never_empty_and_lose_nothing_but_white_space(text: str, limit: int) -> None:
    parts = split_text(text, limit)

    assert all(0 < utf16_length(part) <= limit for part in parts)
    assert all(part.strip() for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


@given(text=st.text(alphabet="a`.:/ \nh👍🏽", max_size=300), limit=st.integers(2, 30))
def test_markers_and_links_do_not_block_the_splitter(text: str, limit: int) -> None:
    assert "".join("".join(split_text(text, limit)).split()) == "".join(text.split())
