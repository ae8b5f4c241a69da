"""Words and signs beside a value that make it another one, take it back, or leave it as it is."""

from __future__ import annotations

import pytest

from flows.slots import Slot, extract_slot
from tests.understanding.scored_turns import TODAY

QUESTIONS = {
    "day": {"en": "Which day?", "de": "An welchem Tag?", "es": "¿Qué día?"},
    "time": {"en": "At what time?", "de": "Um wie viel Uhr?", "es": "¿A qué hora?"},
    "guests": {"en": "How many guests?", "de": "Wie viele Gäste?", "es": "¿Cuántos invitados?"},
}


def read_day(language: str, text: str) -> object:
    slot = Slot("day", "date", question=QUESTIONS["day"][language], must_be_future=True, language=language)
    return extract_slot(slot, text, TODAY).value


def read_time(language: str, text: str) -> object:
    slot = Slot("time", "time", question=QUESTIONS["time"][language], language=language)
    return extract_slot(slot, text, TODAY).value


def read_count(language: str, text: str) -> object:
    description = {"en": "the number of guests", "de": "die Zahl der Gäste", "es": "el número de invitados"}
    slot = Slot(
        "guests",
        "integer",
        question=QUESTIONS["guests"][language],
        description=description[language],
        language=language,
    )
    return extract_slot(slot, text, TODAY).value


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "5-7 December"),
        ("en", "5th - 7th December"),
        ("es", "5-7 de diciembre"),
        ("en", "5 December 20226"),
        ("en", "Good Friday"),
        ("de", "Karfreitag"),
        ("es", "Viernes Santo"),
        ("en", "Monday in week 50"),
        ("es", "excepto el lunes"),
        ("es", "salvo el lunes"),
        ("en", "except Monday"),
        ("en", "the end of the month"),
        ("de", "Ende des Monats"),
    ],
)
def test_a_day_that_is_not_the_one_named_is_asked_for(language: str, text: str) -> None:
    assert read_day(language, text) is None


@pytest.mark.parametrize(
    ("language", "text", "day"),
    [
        ("en", "in a fortnight", "2026-12-11"),
        ("es", "de hoy en ocho", "2026-12-04"),
        ("en", "the thirtieth", "2026-11-30"),
        ("de", "am fünfzehnten", "2026-12-15"),
        ("es", "el quince", "2026-12-15"),
        ("es", "¿puede ser el lunes?", "2026-11-30"),
    ],
)
def test_a_day_in_other_words_is_read(language: str, text: str, day: str) -> None:
    assert read_day(language, text) == day


@pytest.mark.parametrize(
    ("language", "text", "day"),
    [
        ("en", "at Christmas", "2026-12-25"),
        ("de", "an Weihnachten", "2026-12-25"),
        ("es", "en Navidad", "2026-12-25"),
        ("de", "Heiligabend", "2026-12-24"),
        ("en", "in a month", "2026-12-27"),
        ("de", "heute in zwei Monaten", "2027-01-27"),
        ("es", "dentro de un mes", "2026-12-27"),
        ("en", "the 28th of next month", "2026-12-28"),
        ("de", "am 28. nächsten Monats", "2026-12-28"),
        ("es", "el 28 del mes que viene", "2026-12-28"),
        ("en", "12/25/26", "2026-12-25"),
        ("de", "05.12.26", "2026-12-05"),
        ("es", "05/12/26", "2026-12-05"),
        ("de", "5.12", "2026-12-05"),
        ("de", "am fünften zwölften", "2026-12-05"),
        ("en", "2026-12-05", "2026-12-05"),
    ],
)
def test_a_clear_day_is_not_asked_back(language: str, text: str, day: str) -> None:
    assert read_day(language, text) == day


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "the week of Christmas"),
        ("en", "before Christmas"),
        ("en", "the day after Christmas"),
        ("de", "zwischen Weihnachten und Neujahr"),
        ("es", "las vacaciones de Navidad"),
        ("en", "in a month and a half"),
        ("en", "in a month or two"),
        ("en", "Friday next month"),
        ("es", "el viernes del mes que viene"),
        ("en", "around the 5th"),
        ("de", "so um den 5."),
        ("es", "sobre el 5"),
        ("de", "in der Woche vom 7. Dezember"),
        ("en", "12/05/26"),
        ("de", "05.12.92"),
        ("en", "4 December 26 guests"),
    ],
)
def test_a_day_that_is_only_near_is_asked_back(language: str, text: str) -> None:
    assert read_day(language, text) is None


@pytest.mark.parametrize(
    ("language", "text", "time"),
    [
        ("en", "5 pm doesn't work", None),
        ("de", "15 Uhr geht nicht", None),
        ("es", "a las 15 no puedo", None),
        ("es", "a las 15 no, a las 16", "16:00"),
        ("en", "5pm not 6pm", "17:00"),
        ("en", "15 h 30", "15:30"),
        ("en", "1530", "15:30"),
        ("en", "1990", None),
        ("es", "15 horas", "15:00"),
        ("es", "3 horas", None),
        ("es", "en 15 horas", None),
        ("es", "un cuarto para las cuatro de la tarde", "15:45"),
    ],
)
def test_a_time_is_read_as_it_is_meant(language: str, text: str, time: str | None) -> None:
    assert read_time(language, text) == time


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "~3"),
        ("en", ">3"),
        ("en", "3 1/2"),
        ("en", "$3"),
        ("en", "3 €"),
        ("de", "ca. 3"),
        ("es", "más o menos tres"),
        ("en", "my daughter is 3"),
        ("de", "meine Tochter ist drei"),
        ("en", "2 adults, 1 child"),
        ("en", "3 of my friends"),
        ("es", "tres por ciento"),
        ("en", "3 bottles"),
        ("de", "drei Flaschen"),
        ("es", "3 botellas"),
        ("en", "3 boxes of guests"),
        ("en", "3 friends"),
    ],
)
def test_a_number_with_something_beside_it_is_no_count(language: str, text: str) -> None:
    assert read_count(language, text) is None


@pytest.mark.parametrize(
    ("language", "text", "count"),
    [
        ("en", "4 instead of 3", 4),
        ("en", "3 no wait 4", 4),
        ("de", "4 statt 3", 4),
        ("es", "4 en vez de 3", 4),
        ("es", "tres por favor", 3),
        ("en", "how about 3?", 3),
        ("de", "fuenf", 5),
        ("en", "3 hungry guests", 3),
        ("de", "3 Gäste", 3),
        ("es", "3 huéspedes", 3),
        ("en", "minus 3", -3),
    ],
)
def test_a_count_is_read_as_it_is_meant(language: str, text: str, count: int) -> None:
    assert read_count(language, text) == count


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("bob@shop.example instead of ada@shop.example", "bob@shop.example"),
        ("not ada@shop.example but bob@shop.example", "bob@shop.example"),
        ("ada@shop.example no wait bob@shop.example", "bob@shop.example"),
        ("no I meant bob@shop.example", "bob@shop.example"),
        ("don't use ada@shop.example", None),
    ],
)
def test_an_address_that_is_taken_back_is_not_kept(text: str, address: str | None) -> None:
    assert extract_slot(Slot("mail", "email", question="Your e-mail address?"), text, TODAY).value == address


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("don't call 202 555 0143", None),
        ("202 555 0143 is my old one", None),
        ("no, 202 555 0143", "+12025550143"),
    ],
)
def test_a_number_that_is_taken_back_is_not_kept(text: str, number: str | None) -> None:
    slot = Slot("phone", "phone", question="Your phone number?", region="US")
    assert extract_slot(slot, text, TODAY).value == number


@pytest.mark.parametrize(
    ("language", "text", "value"),
    [
        ("en", "I'd rather have 4 than 3", 4),
        ("en", "more than 3", None),
        ("de", "lieber 4 als 3", 4),
        ("es", "prefiero 4 a 3", 4),
        ("es", "de 3 a 4", None),
    ],
)
def test_the_number_that_is_preferred_counts(language: str, text: str, value: int | None) -> None:
    assert read_count(language, text) == value


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "I'd rather have large than small"),
        ("en", "large rather than small"),
        ("de", "lieber large als small"),
        ("de", "lieber das large als das small"),
        ("es", "prefiero large a small"),
    ],
)
def test_the_choice_that_is_preferred_counts(language: str, text: str) -> None:
    slot = Slot("size", "enum", question="?", allowed_values=("small", "medium", "large"), language=language)
    assert extract_slot(slot, text, TODAY).value == "large"
