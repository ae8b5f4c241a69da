"""Grapheme clusters and links stay intact wherever a text is split."""

from __future__ import annotations

import regex
from hypothesis import given
from hypothesis import strategies as st

from channels._kit.rendering import split_text
from channels._kit.rendering.text_splitter import utf16_length

CLUSTERS = (
    "👩‍👩‍👧‍👦",  # a family: four people and three joiners
    "🏳️‍🌈",
    "👍🏽",
    "🇩🇪",
    "1️⃣",
    "é",
    "각",
    "क्षि",
    "a",
    "ß",
    "😀",
)
LINK = "https://example.com/a?b=c"

clusters = st.lists(st.sampled_from(CLUSTERS), min_size=1, max_size=80)


@given(clusters, st.integers(20, 60))
def test_no_grapheme_cluster_is_split(found: list[str], limit: int) -> None:
    text = "".join(found)
    parts = split_text(text, limit)

    whole = regex.findall(r"\X", text)
    assert [each for part in parts for each in regex.findall(r"\X", part)] == whole
    assert all(0 < utf16_length(part) <= limit for part in parts)


@given(st.lists(st.sampled_from([*CLUSTERS, LINK]), min_size=1, max_size=60), st.integers(30, 60))
def test_no_link_is_split_and_the_parts_are_the_text_in_order(words: list[str], limit: int) -> None:
    parts = split_text(" ".join(words), limit)

    assert " ".join(parts).split() == words
    assert all(utf16_length(part) <= limit for part in parts)
