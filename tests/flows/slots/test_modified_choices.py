"""Words beside the name of a choice that make it another one, or leave it as it is."""

from __future__ import annotations

import pytest

from core.model import Choice
from flows.nlu import recognize_choice
from flows.slots import Slot, extract_slot
from tests.understanding.scored_turns import TODAY

SIZES = {
    "en": ("small", "medium", "large"),
    "de": ("klein", "mittel", "groß"),
    "es": ("pequeña", "mediana", "grande"),
}
COLOURS = {"en": ("blue", "red"), "de": ("blau", "rot"), "es": ("azul", "rojo")}


def read(language: str, text: str, values: tuple[str, ...]) -> object:
    slot = Slot("value", "enum", question="?", allowed_values=values, language=language)
    return extract_slot(slot, text, TODAY).value


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "extra large"),
        ("en", "very large please"),
        ("en", "larger than medium"),
        ("en", "between small and medium"),
        ("en", "as large as possible"),
        ("en", "large is too big for me"),
        ("de", "extra groß"),
        ("de", "übergroß"),
        ("de", "größer als mittel"),
        ("de", "doppelt so groß"),
        ("de", "für meinen großen Bruder"),
        ("es", "muy grande"),
        ("es", "más grande que la mediana"),
        ("es", "el doble de grande"),
        ("es", "la grande me queda enorme"),
    ],
)
def test_another_size_is_not_the_one_whose_word_is_in_it(language: str, text: str) -> None:
    assert read(language, text, SIZES[language]) is None


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "dark blue"),
        ("en", "navy blue"),
        ("en", "bluish"),
        ("en", "blue like my car"),
        ("de", "dunkelblau"),
        ("de", "ein dunkles blau"),
        ("de", "blaugrün"),
        ("es", "azul oscuro"),
        ("es", "azul verdoso"),
        ("es", "azulado"),
    ],
)
def test_another_shade_is_not_the_colour(language: str, text: str) -> None:
    assert read(language, text, COLOURS[language]) is None


@pytest.mark.parametrize(
    ("language", "text", "value"),
    [
        ("en", "the large one, please", "large"),
        ("en", "2 large shirts", "large"),
        ("en", "larger than small, so medium", "medium"),
        ("en", "medium not large", "medium"),
        ("de", "ein großes blaues", "groß"),
        ("de", "lieber groß als klein", "groß"),
        ("de", "mittel nicht groß", "mittel"),
        ("es", "una camisa grande azul", "grande"),
        ("es", "mediana no grande", "mediana"),
    ],
)
def test_words_that_change_nothing_leave_the_choice(language: str, text: str, value: str) -> None:
    assert read(language, text, SIZES[language]) == value


@pytest.mark.parametrize(
    ("language", "label", "text"),
    [
        ("en", "large", "very large"),
        ("en", "large", "larger"),
        ("de", "groß", "sehr groß"),
        ("de", "groß", "er will groß"),
        ("es", "grande", "muy grande"),
    ],
)
def test_a_quick_reply_is_not_chosen_by_another_size(language: str, label: str, text: str) -> None:
    offered = [Choice(label=each, payload=each) for each in ("abc", label)]
    assert recognize_choice(text, offered, language) is None


def test_a_name_of_several_words_is_taken_with_its_own() -> None:
    assert read("en", "extra large please", ("large", "extra large")) == "extra large"
    assert read("en", "light blue", ("blue", "light blue")) == "light blue"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "my card was stolen"),
        ("en", "I already have a card"),
        ("en", "gift card"),
        ("de", "meine Karte ist gesperrt"),
        ("de", "ich habe schon eine Karte"),
        ("de", "Geschenkkarte"),
        ("es", "perdí la tarjeta"),
        ("es", "ya tengo tarjeta"),
    ],
)
def test_what_is_gone_or_there_already_is_not_chosen(language: str, text: str) -> None:
    values = {"en": ("cash", "card"), "de": ("bar", "Karte"), "es": ("efectivo", "tarjeta")}
    assert read(language, text, values[language]) is None


@pytest.mark.parametrize(
    ("language", "text", "value"),
    [
        ("en", "credit card", "card"),
        ("de", "Kreditkarte", "Karte"),
        ("es", "tarjeta de crédito", "tarjeta"),
        ("en", "cash, my card was stolen", "cash"),
        ("de", "bar, meine Karte ist gesperrt", "bar"),
    ],
)
def test_a_usual_name_of_a_choice_is_taken(language: str, text: str, value: str) -> None:
    values = {"en": ("cash", "card"), "de": ("bar", "Karte"), "es": ("efectivo", "tarjeta")}
    assert read(language, text, values[language]) == value


def test_a_choice_that_says_that_something_is_gone_is_taken() -> None:
    assert read("en", "it was stolen", ("lost", "stolen")) == "stolen"
