"""Values that a text withdraws, considers or modifies, and words of the slot beside a value."""

from __future__ import annotations

import pytest

from flows.slots import Slot, extract_slot, sets_number
from tests.understanding.scored_turns import TODAY

COUNTS = {
    "en": ("How many tents do you need?", "the number of tents"),
    "de": ("Wie viele Zelte brauchen Sie?", "die Zahl der Zelte"),
    "es": ("¿Cuántas tiendas necesitan?", "el número de tiendas"),
}


def read_count(language: str, text: str, identified_by: str = "") -> object:
    question, description = COUNTS[language]
    slot = Slot("tents", "integer", question=question, description=description, language=language,
                identified_by=identified_by)  # fmt: skip
    return extract_slot(slot, text, TODAY).value


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "there's eight of us but 2 sleep in the van"),
        ("en", "four, possibly five"),
        ("en", "there are seven of us, though two bring theirs"),
        ("de", "wir sind acht, aber zwei haben ihr eigenes"),
        ("de", "drei, eventuell vier"),
        ("es", "somos ocho, pero dos traen la suya"),
        ("es", "somos siete, a lo mejor ocho"),
        ("es", "cuatro, quizás cinco"),
    ],
)
def test_a_number_that_is_doubted_or_taken_from_is_asked_about(language: str, text: str) -> None:
    assert read_count(language, text) is None


@pytest.mark.parametrize(
    ("language", "text", "count"),
    [
        ("en", "there's eight of us but 3 tents will do", 3),
        ("en", "4 tents but we arrive at 3 pm", 4),
        ("en", "9 tents (just kidding, 2)", 2),
        ("de", "9 zelte, spaß, 2", 2),
        ("de", "4 Zelte, aber erst in 2 Wochen", 4),
        ("es", "9 tiendas (es broma, 2)", 2),
        ("es", "3 mejor, que acaban de fallar dos", 3),
        ("en", "3, because two cancelled", 3),
    ],
)
def test_the_number_that_holds_is_read(language: str, text: str, count: int) -> None:
    assert read_count(language, text) == count


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("pon 60 mejor", 60),
        ("mejor 60", 60),
        ("pon 60 mejor, que fallan cuatro", 60),
        ("60, que diga 70", None),
    ],
)
def test_a_large_number_alone_corrects_the_known_one(text: str, count: int | None) -> None:
    assert read_count("es", text, "noun or size") == count


@pytest.mark.parametrize(
    ("language", "text", "is_set"),
    [
        ("en", "make it 135", True),
        ("de", "dann lieber 135", True),
        ("es", "pon 135 mejor, q acaban de fallar cinco", True),
        ("en", "it ends in 135", False),
        ("en", "no, 135", False),
        ("es", "pon 600555028", False),
        ("de", "mach 135 für tante erna", False),
    ],
)
def test_a_number_alone_is_set_beside_a_phone_number(language: str, text: str, is_set: bool) -> None:
    question, description = COUNTS[language]
    slot = Slot("tents", "integer", question=question, description=description, language=language)
    assert sets_number(slot, text) is is_set


@pytest.mark.parametrize(
    ("language", "text", "count"),
    [
        ("en", "4 tents (just kidding, 5)", 5),
        ("de", "4 Zelte, Quatsch, 5", 5),
        ("es", "4 tiendas, digo 5", 5),
        ("en", "4 tents, actually at 5 pm", 4),
        ("de", "4 Zelte, sorry", 4),
    ],
)
def test_a_number_with_its_noun_is_changed_by_the_last(language: str, text: str, count: int) -> None:
    assert read_count(language, text, "noun") == count


@pytest.mark.parametrize("text", ["am 10. nicht möglich", "am 10. geht es nicht", "am 10. kann ich nicht"])
def test_a_denial_behind_the_mark_of_an_ordinal_denies_the_day(text: str) -> None:
    assert read_day("de", text) is None


def read_day(language: str, text: str, question: str = "When?", description: str = "the day") -> object:
    slot = Slot(
        "day", "date", must_be_future=True, language=language, question=question, description=description
    )
    return extract_slot(slot, text, TODAY).value


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "the 10th of december maybe? hang on, that's a thursday. the 11th"),
        ("en", "the 10th. no, that is a thursday, the 11th"),
        ("de", "am 10. glaub ich? halt, das ist ein donnerstag. dann am 11."),
        ("es", "el 10 creo? espera, eso es jueves. mejor el 11"),
    ],
)
def test_a_day_that_a_remark_takes_back_gives_way_to_the_last(language: str, text: str) -> None:
    assert read_day(language, text) == "2026-12-11"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "the 10th. wait, that's a thursday. not the 11th"),
        ("en", "the 10th. wait, that's a thursday. the 11th or the 12th"),
        ("de", "am 10. halt, das ist ein donnerstag. ist der 11. frei?"),
    ],
)
def test_a_remark_without_a_clear_day_behind_it_leaves_none(language: str, text: str) -> None:
    assert read_day(language, text) is None


PICK_UP = {
    "en": {"question": "From which day?", "description": "the pickup"},
    "de": {"question": "Ab welchem Tag?", "description": "die Abholung"},
    "es": {"question": "¿Desde qué día?", "description": "la recogida"},
}
BACK = {
    "en": {"question": "Until which day?", "description": "the return"},
    "de": {"question": "Bis zu welchem Tag?", "description": "die Rückgabe"},
    "es": {"question": "¿Hasta qué día?", "description": "la devolución"},
}


@pytest.mark.parametrize(
    ("slot", "language", "text"),
    [
        (PICK_UP, "en", "pick up december 11th"),
        (PICK_UP, "en", "picking up dec 11"),
        (PICK_UP, "de", "wir holen sie am 11. dezember ab"),
        (PICK_UP, "es", "los recogemos el 11 de diciembre"),
        (BACK, "en", "bringing them back dec 11"),
        (BACK, "en", "returning dec 11"),
        (BACK, "de", "wir geben sie am 11. dezember zurück"),
        (BACK, "es", "los devolvemos el 11 de diciembre"),
    ],
)
def test_words_of_the_slot_stand_beside_its_day(
    slot: dict[str, dict[str, str]], language: str, text: str
) -> None:
    assert read_day(language, text, **slot[language]) == "2026-12-11"


@pytest.mark.parametrize("text", ["return december 11th", "exam december 11th", "bringing them back dec 11"])
def test_words_of_something_else_do_not(text: str) -> None:
    assert read_day("en", text, **PICK_UP["en"]) is None


@pytest.mark.parametrize(
    ("language", "text", "value"),
    [
        ("en", "make it the barge, we don't fit in the canoe", "barge"),
        ("de", "dann kahn, im kanu haben wir keinen platz", "kahn"),
        ("es", "pon barca, que en la canoa no cabemos", "barca"),
        ("en", "canoe or barge, I don't mind", None),
    ],
)
def test_of_two_values_the_one_that_is_not_denied_is_meant(
    language: str, text: str, value: str | None
) -> None:
    slot = Slot("boat", "enum", question="?", description="boat", language=language,
                allowed_values=("canoe", "barge", "kanu", "kahn", "canoa", "barca"))  # fmt: skip
    assert extract_slot(slot, text, TODAY).value == value
