"""Confirmations of a cancellation use the words of a request to stop, and must not end the question."""

from __future__ import annotations

from typing import Any

import pytest

from flows.authoring.testing.stub_fetch import StubFetch
from flows.authoring.testing.test_file import StubResponse
from flows.document import Flow
from flows.engine import DialogMachine

TEXTS = {
    "en": ("cancel an order", "Cancel order {{ code }}, sure?"),
    "de": ("auftrag stornieren", "Auftrag {{ code }} wirklich stornieren?"),
    "es": ("anular un pedido", "¿Anular el pedido {{ code }}?"),
}


def build_flow(language: str) -> Flow:
    wish, question = TEXTS[language]
    nodes: list[dict[str, Any]] = [
        {
            "id": "menu", "node_type": "menu", "static_text": "?",
            "choices": [{"label": wish, "to": "order", "keywords": [wish.split()[-1]]}],
        },
        {
            "id": "order", "node_type": "collect", "then": "check",
            "slots": [{"name": "code", "question": "?", "pattern": "^K[0-9]{4}$", "description": "code"}],
        },
        {"id": "check", "node_type": "confirm", "collect": "order", "then": "done", "static_text": question},
        {
            "id": "done", "name": "Done", "static_text": "Done.", "is_final": True,
            "actions": [{"trigger": "on_enter", "action_id": "cancel"}],
        },
    ]  # fmt: skip
    action = {
        "id": "cancel",
        "name": "Cancel",
        "type": "http",
        "method": "POST",
        "url": "https://api.example.com/cancel",
    }
    return Flow.model_validate(
        {
            "system_prompt": "x", "initial_node": "menu", "agent_language": language, "nodes": nodes,
            "actions": [action],
        }
    )  # fmt: skip


async def answer_question(language: str, text: str) -> str:
    """Return the node that an answer to the question leads to."""
    answers: dict[str, tuple[StubResponse, ...]] = {"cancel": (StubResponse(status=201, data={}),)}
    machine = DialogMachine(build_flow(language), "rules", fetch=StubFetch(answers), secrets={})
    await machine.turn(TEXTS[language][0])
    assert (await machine.turn("K4711")).node == "check"
    return str((await machine.turn(text)).node)


YES = {
    "en": ("yes cancel it", "yes, cancel", "ok cancel", "yes please", "yes, cancel the order"),
    "de": ("ja, stornieren", "ja bitte stornieren", "ja, wirklich stornieren", "ja"),
    "es": ("sí, anular", "sí, anular el pedido", "sí por favor", "sí"),
}
OTHERS = {
    "en": ("cancel", "don't cancel", "no", "no, rather not", "wait", "yes but what does it cost?"),
    "de": ("nicht stornieren", "nein", "stornieren?"),
    "es": ("no anular", "no", "espera"),
}
KEEPS: dict[str, tuple[str, ...]] = {
    "en": ("no wait, don't cancel it", "please don't cancel"),
    "de": ("halt, doch nicht stornieren!", "nein, bitte nicht absagen", "ach, dann lass ich es lieber"),
    "es": ("no, mejor no lo anules", "no lo canceles por favor"),
}
HALTS: dict[str, tuple[str, ...]] = {
    "en": ("stop, that's my brother's order", "don't cancel it yet"),
    "de": ("stopp, nein, das war die von meiner schwester", "noch nicht stornieren"),
    "es": ("espera, para, ese es otro pedido", "todavía no lo anules"),
}
STOPS = {"en": ("stop", "no, stop"), "de": ("abbrechen",), "es": ("déjalo",)}


def list_texts(texts: dict[str, tuple[str, ...]]) -> list[tuple[str, str]]:
    return [(language, text) for language, said in texts.items() for text in said]


@pytest.mark.parametrize(("language", "text"), list_texts(YES))
async def test_a_yes_in_the_words_of_the_question_is_a_yes(language: str, text: str) -> None:
    assert await answer_question(language, text) == "done"


@pytest.mark.parametrize(("language", "text"), list_texts(OTHERS))
async def test_nothing_else_is(language: str, text: str) -> None:
    assert await answer_question(language, text) != "done"


@pytest.mark.parametrize(("language", "text"), list_texts(STOPS))
async def test_a_user_who_wants_to_stop_still_can(language: str, text: str) -> None:
    assert await answer_question(language, text) == "order_cancelled"


@pytest.mark.parametrize(("language", "text"), list_texts(KEEPS))
async def test_who_keeps_what_was_to_be_cancelled_is_done(language: str, text: str) -> None:
    assert await answer_question(language, text) == "order_cancelled"


@pytest.mark.parametrize(("language", "text"), list_texts(HALTS))
async def test_a_stop_for_a_moment_ends_nothing(language: str, text: str) -> None:
    assert await answer_question(language, text) in ("check", "what_is_wrong")


@pytest.mark.parametrize(
    ("language", "text"), [("en", "no, rather not"), ("de", "nee, lieber nicht"), ("es", "no, mejor no")]
)
async def test_a_plain_no_is_asked_what_is_wrong(language: str, text: str) -> None:
    assert await answer_question(language, text) == "what_is_wrong"
