"""Conditions in German and Spanish are matched like those in English."""

from __future__ import annotations

import pytest

from tests.flows.conversation import edge, flow, machine, node, say

DE_ANY = ("Der Nutzer antwortet irgendetwas", "Keine Antwort des Anrufers nach der Begrüßung")
ES_ANY = ("El usuario responde cualquier cosa", "No hay respuesta tras el saludo")
DE_YEAR = ("Der Anrufer nennt ein Jahr", "Der Anrufer weigert sich, sein Geburtsjahr zu nennen")
ES_YEAR = ("El cliente da un año", "El cliente se niega a dar su año de nacimiento")
DE_READY = ("Der Kunde ist bereit", "Der Kunde hat keine Zeit")
ES_READY = ("El cliente está dispuesto", "El cliente no tiene tiempo")
DE_WRONG = ("Der Kunde sagt, dass die Nummer falsch ist", "Der Kunde ist nicht da")
ES_WRONG = ("El cliente dice que el número está equivocado", "El cliente no está")
DE_DATE = ("Der Kunde hat einen Wunschtermin genannt", "Der Kunde ist noch nicht sicher")
ES_DATE = ("El cliente ha dado una fecha", "El cliente aún no está seguro")
DE_KNOWS = ("Der Kunde nennt die Nummer", "Der Kunde kennt die Nummer nicht")
ES_KNOWS = ("El cliente da el número", "El cliente no tiene el número")


@pytest.mark.parametrize(
    ("language", "conditions", "text", "taken"),
    [
        ("de", DE_ANY, "ich möchte einen Termin", "first"),
        ("de", DE_ANY, "tschüss", ""),
        ("es", ES_ANY, "quiero una cita", "first"),
        ("es", ES_ANY, "adiós", ""),
        ("de", DE_YEAR, "1990", "first"),
        ("de", DE_YEAR, "das sage ich nicht", "second"),
        ("es", ES_YEAR, "1990", "first"),
        ("es", ES_YEAR, "no se lo digo", "second"),
        ("de", DE_READY, "ja", "first"),
        ("de", DE_READY, "ich habe keine Zeit", "second"),
        ("es", ES_READY, "claro", "first"),
        ("es", ES_READY, "no tengo tiempo", "second"),
        ("de", DE_WRONG, "nein, falsche Nummer", "first"),
        ("es", ES_WRONG, "no, número equivocado", "first"),
        ("de", DE_DATE, "ich bin mir beim Datum noch nicht sicher", "second"),
        ("es", ES_DATE, "no estoy seguro de la fecha todavía", "second"),
        ("de", DE_KNOWS, "keine Ahnung", "second"),
        ("es", ES_KNOWS, "ni idea", "second"),
    ],
)
async def test_a_condition_is_met(language: str, conditions: tuple[str, str], text: str, taken: str) -> None:
    edges = [edge("first", "a", conditions[0]), edge("second", "b", conditions[1])]
    made = flow(
        node("ask", "?", edges=edges),
        node("a", "A?", edges=[edge("on", "ask", keywords=["weiter"])]),
        node("b", "B?", edges=[edge("back", "ask", keywords=["weiter"])]),
        agent_language=language,
    )
    answer = await say(machine(made), {"de": "hallo", "es": "hola"}[language], text)
    assert answer.edge == taken
