"""Names in answers to open questions."""

from __future__ import annotations

import pytest

from flows.nlu import read_name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Anna", "Anna"),
        ("my name is A*12*b", "A*12*b"),
        ("R2D2", "R2D2"),
        ("Anna *B*", "Anna *B*"),
        ("Anna_B [x]", "Anna_B [x]"),
        ("Zoë \U0001f44b\U0001f3fd", "Zoë"),
        ("Anna \u2764\ufe0f", "Anna"),
        ("\u0639\u0644\u06cc\u200c\u0631\u0636\u0627", "\u0639\u0644\u06cc\u200c\u0631\u0636\u0627"),
        ("25", ""),
        ("A123456", ""),
        ("at 7pm", ""),
        ("+15550100", ""),
    ],
)
def test_a_name_keeps_its_characters_and_a_number_is_none(text: str, name: str) -> None:
    assert read_name(text) == name
