"""Canonical spelling of phone numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels._kit.inbound import canonical_number


@pytest.mark.parametrize(
    ("number", "spelling"),
    [
        ("+551187654321", "+5511987654321"),
        ("+5511987654321", "+5511987654321"),
        ("+551132345678", "+551132345678"),
        ("+5511932345678", "+5511932345678"),
        ("+5215512345678", "+525512345678"),
        ("+525512345678", "+525512345678"),
        ("+5491123456789", "+541123456789"),
        ("+541123456789", "+541123456789"),
        ("+12025550171", "+12025550171"),
        ("US.10000000000000000001", "US.10000000000000000001"),
        ("", ""),
    ],
)
def test_numbers_have_one_canonical_spelling(number: str, spelling: str) -> None:
    assert canonical_number(number) == spelling


@given(st.from_regex(r"\+(55|52|54)\d{8,12}", fullmatch=True))
def test_the_canonical_spelling_is_idempotent(number: str) -> None:
    assert canonical_number(canonical_number(number)) == canonical_number(number)
