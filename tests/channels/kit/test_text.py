"""Sanitising and comparison of untrusted text."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels._kit.text import normalize_for_comparison, redact_phone_numbers, sanitize


@given(st.text(alphabet=st.characters(codec=None), max_size=60))
def test_sanitized_text_survives_storage(text: str) -> None:
    cleaned = sanitize(text, 50)

    assert len(cleaned) <= 50
    assert json.loads(json.dumps(cleaned).encode()) == cleaned
    assert cleaned.encode().decode() == cleaned
    assert "\x00" not in cleaned


def test_newlines_and_tabs_stay() -> None:
    assert sanitize("a\r\nb\rc\td\u00a0e\u200dé", 50) == "a\nb\nc\td\u00a0e\u200dé"


@pytest.mark.parametrize(("one", "other"), [("“a” – b…", '"a" - b...'), ("a \n b", "a b"), ("ﬁ", "fi")])
def test_lookalike_characters_compare_equal(one: str, other: str) -> None:
    assert normalize_for_comparison(one) == normalize_for_comparison(other)


def test_other_texts_do_not_compare_equal() -> None:
    assert normalize_for_comparison("Hello") != normalize_for_comparison("hello")
    assert normalize_for_comparison("a") != normalize_for_comparison("a.")


def test_phone_numbers_are_redacted_and_codes_stay() -> None:
    assert redact_phone_numbers("To +12025550170 failed: 21211") == "To … failed: 21211"
