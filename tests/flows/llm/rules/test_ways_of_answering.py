"""Ways to say yes, to say yes with reservations, and to ask for a person, in three languages."""

from __future__ import annotations

import pytest

from flows.document import Flow
from flows.nlu import asks_for_person
from tests.flows.conversation import edge, flow, machine, node, say

QUESTIONS = {"en": "Shall I book that?", "de": "Soll ich das buchen?", "es": "¿Lo reservo?"}
YES = {
    "en": (
        "book it please",
        "go on then",
        "I'm happy with that",
        "that's all correct",
        "great, let's do that",
    ),
    "de": ("super, bitte so buchen", "alles bestens", "sieht gut aus", "klingt gut, ja", "ja, so passt's"),
    "es": ("por mí perfecto", "eso mismo", "todo en orden", "vale, resérvalo", "sí, así está bien"),
}
RESERVED = {
    "en": ("yes?", "ok as soon as my wife agrees", "yes, what's the catch", "sure if you give me a discount"),
    "de": ("ja?", "erst wenn ich bezahlt habe", "ja, sobald mein Mann da ist", "ja bis auf die Uhrzeit"),
    "es": ("¿sí?", "cuando me confirmen", "en cuanto hable con mi marido", "sí menos la hora"),
}


def build_flow(language: str) -> Flow:
    asked = node("ask", "Hi.", edges=[edge("on", "check", keywords=["go"])])
    check = node("check", QUESTIONS[language], node_type="confirm", then="end", otherwise="ask")
    return flow(asked, check, node("end", "Done.", is_final=True), agent_language=language)


@pytest.mark.parametrize(("language", "text"), [(code, text) for code in YES for text in YES[code]])
async def test_a_yes_in_other_words_is_taken(language: str, text: str) -> None:
    assert (await say(machine(build_flow(language)), "hi", "go", text)).node == "end"


@pytest.mark.parametrize(("language", "text"), [(code, text) for code in RESERVED for text in RESERVED[code]])
async def test_a_reserved_yes_is_not_taken(language: str, text: str) -> None:
    assert (await say(machine(build_flow(language)), "hi", "go", text)).node == "check"


@pytest.mark.parametrize(
    "text",
    [
        "is there a real person there", "put me through to support", "no more bots please, a human",
        "can I have a callback from someone", "verbinden Sie mich bitte mit einem Kollegen",
        "gibt es da auch echte Menschen", "kein Bot, ein Mensch bitte", "holen Sie mir Ihren Chef",
        "que me llame alguien", "¿hay alguien real ahí?", "ponme con un encargado",
    ],
)  # fmt: skip
def test_a_user_who_wants_a_person_is_understood(text: str) -> None:
    assert asks_for_person(text)


@pytest.mark.parametrize(
    "text",
    [
        "one person", "eine Person", "two people, a child", "is there a discount per person?",
        "verbinden Sie mich bitte nicht mit einem Mitarbeiter", "my colleague called you yesterday",
        "alguien me dijo que sí",
    ],
)  # fmt: skip
def test_a_user_who_only_speaks_of_people_wants_none(text: str) -> None:
    assert not asks_for_person(text)
