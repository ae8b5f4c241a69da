"""Yes, no and requests to stop with additional words, in three languages."""

from __future__ import annotations

import pytest

from flows.document import Flow
from flows.nlu import is_unreserved_yes, only_halts, read_name, recognize_confirmation
from flows.slots import Slot, extract_slot
from flows.text import tokenize
from tests.flows.conversation import flow, machine, node, say
from tests.understanding.scored_turns import TODAY


@pytest.mark.parametrize(
    ("language", "question", "text"),
    [
        ("es", "¿Se la aparto?", "sí, apártamela"),
        ("es", "¿Le muevo la cita?", "dale, muévamela por favor"),
        ("es", "¿Lo pido?", "pídelo"),
        ("es", "¿Se las envío?", "sí, envíenoslas porfa"),
        ("en", "Shall I order it?", "my wife says yes, so order it"),
        ("de", "Soll ich das bestellen?", "meine frau sagt ja, also bestellen"),
        ("de", "Soll ich das bestellen?", "genehmigt, bitte bestellen"),
    ],
)
def test_the_verb_of_the_question_is_a_clear_yes(language: str, question: str, text: str) -> None:
    assert is_unreserved_yes(text, language, tokenize(question))


@pytest.mark.parametrize(
    ("language", "question", "text"),
    [
        ("es", "¿Se la aparto?", "sí, mándamela"),
        ("es", "¿Se la aparto?", "apártamela el lunes"),
        ("en", "Shall I order it?", "my wife says yes"),
        ("en", "Shall I order it?", "she said yes"),
        ("en", "Shall I order it?", "yes, he says"),
        ("de", "Soll ich das bestellen?", "sie sagt ja"),
        ("es", "¿Lo pido?", "dijo que sí"),
        ("de", "Soll ich das bestellen?", "meine frau sagt nein, nicht bestellen"),
    ],
)
def test_another_verb_or_a_word_beside_it_does_not_count(language: str, question: str, text: str) -> None:
    assert not is_unreserved_yes(text, language, tokenize(question))


@pytest.mark.parametrize(
    ("language", "question", "text", "value"),
    [
        ("en", "Do you need a car seat?", "yes please, my daughter doesn't have one", True),
        ("en", "Do you need chairs?", "no, ours are fine", False),
        ("en", "Shall we pack it?", "yeah, safety first", True),
        ("de", "Ohne Zucker?", "ja bitte, mein sohn verträgt keinen", True),
        ("de", "Brauchen Sie Stühle?", "nee danke, unsere sind ok", False),
        ("es", "¿Necesita sillas?", "qué va, con las nuestras nos vale", False),
        ("en", "Do you need chairs?", "yes, we don't need any", None),
        ("en", "Do you need chairs?", "yes, but only two", None),
        ("de", "Brauchen Sie Stühle?", "ja, aber nur wenn es nichts kostet", None),
        ("es", "¿Necesita sillas?", "sí, ¿cuánto cuestan?", None),
    ],
)
def test_a_reason_behind_an_answer_changes_nothing(
    language: str, question: str, text: str, value: bool | None
) -> None:
    slot = Slot(name="x", kind="boolean", question=question, language=language, description="")
    assert extract_slot(slot, text, TODAY).value is value


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de", "das wird ja immer teurer bei euch"),
        ("de", "ich hab ne katze zuhause"),
        ("de", "kann man das ja nachher noch ändern?"),
        ("en", "is there no bus to your place?"),
        ("es", "no me puede decir cuánto dura?"),
    ],
)
def test_a_particle_or_a_question_is_not_an_answer(language: str, text: str) -> None:
    assert recognize_confirmation(text, language) is None


@pytest.mark.parametrize(
    ("language", "text", "name"),
    [
        ("es", "sí, todos venimos", ""),
        ("en", "yes, everybody", ""),
        ("de", "ja, alle", ""),
        ("es", "sí, soy lucía paz", "lucía paz"),
        ("en", "yes, my name is bob carter", "bob carter"),
        ("de", "ja, auf den namen brandt", "brandt"),
        ("de", "Ja, Ute Brandt", "Ute Brandt"),
    ],
)
def test_words_after_a_yes_are_not_a_name(language: str, text: str, name: str) -> None:
    assert read_name(text, language) == name


@pytest.mark.parametrize(
    ("language", "text", "halts"),
    [
        ("de", "stopp, das war meine alte adresse", True),
        ("en", "stop, that's my sister's number", True),
        ("es", "espera, para, el número era de otro pedido", True),
        ("de", "stopp, ich will nicht mehr", False),
        ("en", "stop, forget it", False),
        ("es", "para, ya no quiero", False),
        ("en", "stop please", False),
    ],
)
def test_a_stop_before_a_correction_only_interrupts(language: str, text: str, halts: bool) -> None:
    assert only_halts(text, language) is halts


SKIPPED = {
    "de": ("nee passt", "geb ich ungern raus", "nein, per brief wäre besser"),
    "en": ("i'd rather not", "don't want to give it", "nah, post is better"),
    "es": ("prefiero no darlo", "no quiero decirlo", "no, mejor por carta"),
}


@pytest.mark.parametrize(
    ("language", "text"), [(code, text) for code, texts in SKIPPED.items() for text in texts]
)
@pytest.mark.parametrize("optional", [True, False])
async def test_only_an_optional_value_is_left_out(language: str, text: str, optional: bool) -> None:
    form = {
        "id": "form", "node_type": "collect", "then": "end",
        "slots": [{"name": "mail", "question": "E-mail?", "format": "email", "optional": optional}],
    }  # fmt: skip
    dialog = machine(flow(form, node("end", "Done.", is_final=True), agent_language=language))
    assert (await say(dialog, "hm", text)).node == ("end" if optional else "ask_mail")


def build_flow() -> Flow:
    menu = node(
        "menu", "Blutspende Nord. Möchten Sie Blut spenden?", node_type="menu",
        choices=[{"label": "Blut spenden", "to": "form", "keywords": ["spenden"]}],
    )  # fmt: skip
    form = {
        "id": "form", "node_type": "collect", "then": "end",
        "slots": [
            {"name": "kind", "question": "Welche Art?", "enum": ["vollblut", "plasma"],
             "x-synonyms": {"vollblut": ["normales blut"]}, "description": "die Art"},
        ],
    }  # fmt: skip
    return flow(menu, form, node("end", "Danke.", is_final=True), agent_language="de")


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("ich würde gern Blut spenden", "ask_kind"),
        ("ich will Plasma spenden", "end"),
        ("normales Blut spenden", "end"),
    ],
)
async def test_a_word_of_the_business_names_no_value(text: str, end: str) -> None:
    assert (await machine(build_flow()).turn(text)).node == end
