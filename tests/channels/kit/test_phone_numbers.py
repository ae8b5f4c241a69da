"""Canonical spelling of phone numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels._kit.phone_numbers import canonical_number, compact_number


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


@pytest.mark.parametrize(
    ("written", "digits"),
    [
        (" +49 (0)151 23456-78 ", "+491512345678"),
        ("0049(0)151/2345678", "+491512345678"),
        ("\u202a+49\u00a0151\u20112345678\u202c", "+491512345678"),  # as a phone copies it
        ("\uff0b\uff14\uff19151 2345678", "+491512345678"),
        ("+\u0664\u0669 \u0661\u0665\u0661 \u0662\u0663\u0664", "+49151234"),  # Arabic
        ("+\u06f4\u06f9\u06f1\u06f5\u06f1", "+49151"),  # Persian
        ("+\u096a\u096f-\u0967\u096b\u0967", "+49151"),  # Devanagari
        ("+39 (0)6 12345678", "+390612345678"),  # the zero belongs to the number
        ("+1 (202) 555-0171", "+12025550171"),
        ("(0)151 2345678", "01512345678"),
        ("+49151x", ""),
        ("+49151\n2345678", ""),
        ("ada@example.com", ""),
        ("", ""),
    ],
)
def test_a_written_number_is_read(written: str, digits: str) -> None:
    assert compact_number(written) == digits
