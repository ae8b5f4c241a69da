from __future__ import annotations

import pytest

from flows.locales import messages_for
from flows.nlu import recognize_confirmation, recognize_numbers
from flows.nlu.datetimes import recognize_bare_hour, recognize_relative_dates, recognize_times
from tests.flows.conversation import TODAY

_MESSAGES = messages_for("es")


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("sí", True), ("claro que sí", True), ("de acuerdo", True), ("no hay problema", True),
        ("no", False), ("no, gracias", False), ("no es correcto", False), ("no estoy de acuerdo", False),
        ("no sé", None), ("no estoy seguro", None), ("tal vez", None), ("sí y no", None),
    ],
)  # fmt: skip
def test_a_no_also_negates_what_follows(text: str, answer: bool | None) -> None:
    assert recognize_confirmation(text, "es") is answer


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("treinta y cinco", [35]), ("veintidos", [22]), ("veintiún", [21]), ("mil doscientos", [1200]),
        ("dos y medio", [2.5]), ("dos coma cinco", [2.5]), ("1.000", [1000]), ("1,5", [1.5]),
        ("menos cinco", [-5]), ("una", []), ("tres y cuatro", [3, 4]),
    ],
)  # fmt: skip
def test_amounts_are_read(text: str, values: list[float]) -> None:
    assert [item.value for item in recognize_numbers(text, "es")] == values


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("pasado mañana", ["2026-11-25"]),
        ("mañana por la mañana", ["2026-11-24"]),
        ("el viernes por la mañana", ["2026-11-27"]),
        ("el viernes de la semana que viene", ["2026-12-04"]),
        ("dentro de 3 días", ["2026-11-26"]),
        ("viernes 4 de diciembre", ["2026-12-04"]),
        ("no el lunes sino el martes", ["2026-11-24"]),
        ("el lunes no puedo, mejor el martes", ["2026-11-24"]),
        ("después del viernes", [_MESSAGES.exact_day_required]),
        ("todos los viernes", []),
        ("buenos días", []),
    ],
)
def test_days_are_read(text: str, days: list[str]) -> None:
    found = recognize_relative_dates(text, "es", TODAY)
    assert [item.value or item.error_message for item in found] == days


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("a las 3 de la tarde", ["15:00"]),
        ("a la una de la tarde", ["13:00"]),
        ("a las seis menos cuarto de la tarde", ["17:45"]),
        ("a las tres y media", [_MESSAGES.ambiguous_hour.format("3:30")]),
        ("a las 8 de la noche", ["20:00"]),
        ("12 de la noche", ["00:00"]),
        ("a las 12 del mediodía", ["12:00"]),
        ("las 15:30", ["15:30"]),
        ("a las 18 horas", ["18:00"]),
        ("entre las 3 y las 5", [_MESSAGES.exact_time_required]),
        ("después de las 17", [_MESSAGES.exact_time_required]),
        ("para 4 personas", []),
        ("dos horas", []),
    ],
)
def test_times_are_read(text: str, times: list[str]) -> None:
    assert [item.value or item.error_message for item in recognize_times(text, "es")] == times


def test_a_number_alone_is_the_hour_that_was_asked_for() -> None:
    hour = recognize_bare_hour("las 15, por favor", "es") or recognize_bare_hour("las 15 por favor", "es")
    assert hour is not None
    assert hour.value == "15:00"
