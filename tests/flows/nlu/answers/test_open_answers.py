"""Names in answers to open questions."""

from __future__ import annotations

import pytest

from flows.nlu import is_unlikely_code, read_name
from flows.text import tokenize


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
def test_a_name_keeps_its_characters_and_a_number_is_not_a_name(text: str, name: str) -> None:
    assert read_name(text) == name


@pytest.mark.parametrize(
    ("language", "text", "name"),
    [
        ("en", "Ann Lee pls", "Ann Lee"),
        ("en", "for my father, Al Ray", "Al Ray"),
        ("de", "Ina Korn, vielen Dank", "Ina Korn"),
        ("de", "für meinen Vater, Ulf Korn", "Ulf Korn"),
        ("es", "a nombre de Begoña Larrea porfa", "Begoña Larrea"),
        ("es", "para mi padre, Fermín Ochoa", "Fermín Ochoa"),
        ("es", "Los Sin Frenos", "Los Sin Frenos"),
        ("en", "Not Yet", ""),
        ("es", "No Gracias", ""),
    ],
)
def test_a_name_has_no_courtesy_and_no_relation(language: str, text: str, name: str) -> None:
    assert read_name(text, language) == name


@pytest.mark.parametrize(
    ("language", "text", "label", "is_none"),
    [
        ("en", "it's a rental, don't have it yet", "plate", True),
        ("de", "ist ein Mietwagen, hab ich noch nicht", "autokennzeichen", True),
        ("es", "es de alquiler, todavía no la tengo", "matrícula", True),
        ("en", "don't have it", "plate", True),
        ("en", "AB 1234 C, it's a rental", "plate", False),
        ("en", "MY CAR", "plate", False),
        ("en", "it's a rental, don't have it yet", "comment", False),
    ],
)
def test_a_statement_is_not_a_code(language: str, text: str, label: str, is_none: bool) -> None:
    assert is_unlikely_code(text, frozenset(tokenize(label)), language) is is_none
