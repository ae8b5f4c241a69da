"""One flow in several languages: choice of the language, one graph for all, refused documents."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import flows
from core.model import Turn
from flows.compiled import compile_flow
from flows.document import Flow, FlowError
from flows.engine import DialogMachine
from flows.engine.inbound.language import is_language_answer, requested_language, select_language
from flows.llm import GeneratedReply, ReplyRequest, ScriptedModel, TransitionDecision
from flows.locales import ENGLISH, LANGUAGES, messages_for
from tests.fakes import ADDRESS
from tests.flows.conversation import edge, input_schema, node
from tests.flows.conversation import flow as made_flow

LIBRARY = sorted((Path(flows.__file__).parent / "library").glob("*.json"))
CODES = ("en", "de")


def build_turn(text: str, payload: str = "", **details: str) -> Turn:
    return Turn(id="1", session="s", address=ADDRESS, text=text, payload=payload, details=details)


@pytest.mark.parametrize(
    ("text", "before", "spoken"),
    [
        ("hi", "", "en"),
        ("hallo", "", "de"),
        ("ich habe eine Frage", "", "de"),
        ("my name is Ada", "de", "en"),
        ("ok", "de", "de"),
        ("nein", "en", "en"),
        ("nein, das ist falsch", "en", "de"),
        ("Deutsch?", "en", "de"),
        ("In English please", "de", "en"),
        ("in english pls", "de", "en"),
        ("Francais", "de", "de"),
        ("4321", "de", "de"),
        ("", "de", "de"),
    ],
)
def test_whose_words_leave_no_doubt_is_followed(text: str, before: str, spoken: str) -> None:
    assert select_language(CODES, before, "en", build_turn(text)) == spoken


def test_the_channels_locale_decides_where_words_do_not() -> None:
    assert select_language(CODES, "", "en", build_turn("4321", locale="de-AT")) == "de"
    assert select_language(CODES, "", "en", build_turn("4321", locale="DE_at")) == "de"
    assert select_language(CODES, "", "en", build_turn("4321", locale="fr")) == "en"
    assert select_language(CODES, "", "en", build_turn("4321", locale="den")) == "en"  # Slavey, not German
    assert select_language(CODES, "en", "en", build_turn("ja", payload="ich habe das", locale="de")) == "en"


def test_a_language_that_is_asked_for_at_a_node_is_an_answer() -> None:
    languages = edge("to", "end", input_schema=input_schema(to={"enum": ["German", "French"]}))
    made = compile_flow(
        made_flow(node("a", "Translate to?", edges=[languages]), node("end", "!", is_final=True))
    )
    for text, expected in [("German", True), ("deutsch bitte", True), ("English", False), ("tea", False)]:
        assert is_language_answer(made.nodes["a"], text) is expected
        assert not is_language_answer(made.nodes["end"], text)
    assert select_language(CODES, "en", "en", build_turn("German"), may_ask=False) == "en"


@given(st.text(max_size=100), st.sampled_from(["", "en", "de"]))
def test_any_text_is_answered_in_a_language_that_the_flow_has(text: str, before: str) -> None:
    assert select_language(CODES, before, "en", build_turn(text)) in CODES
    assert requested_language(text) in {"", "en", "de", "fr", "es", "it", "nl", "pl", "pt", "tr"}


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: path.stem)
def test_the_library_speaks_german_everywhere(path: Path) -> None:
    flow = Flow.load(path)
    german = flow.in_language("de")

    assert [problem for problem in flow.warnings if problem.path.startswith("languages")] == []
    assert [node.id for node in german.nodes] == [node.id for node in flow.nodes]
    for before, after in zip(flow.nodes, german.nodes, strict=True):
        assert [choice.payload for choice in after.choices] == [
            choice.payload or choice.label for choice in before.choices
        ]


def test_every_language_has_every_sentence() -> None:
    for code in LANGUAGES:
        sentences = messages_for(code)
        assert len(sentences.months.split()) == 12
        assert len(set(sentences.apologies)) == len(set(sentences.error_prefixes)) == 3
        for name in ("missing_value", "invalid_value", "ambiguous_value", "invalid_date", "invalid_time"):
            assert getattr(sentences, name).count("{}") == 1


def build_flow(**german: Any) -> Flow:
    ask = {
        "id": "ask",
        "name": "Ask",
        "static_text": "Tea or coffee?",
        "choices": [{"label": "Tea", "payload": "tea"}, "Coffee"],
        "edges": [
            {"id": "tea", "condition": "tea", "keywords": ["tea"], "target_node_id": "done"},
            {"id": "coffee", "condition": "coffee", "keywords": ["coffee"], "target_node_id": "done"},
        ],
    }
    done = {"id": "done", "name": "Done", "instruction": "Say goodbye.", "is_final": True}
    texts = {"nodes": {"ask": {"static_text": "Tee oder Kaffee?", "choices": ["Tee", "Kaffee"]}}, **german}
    document = {
        "system_prompt": "Help.",
        "initial_node": "ask",
        "nodes": [ask, done],
        "languages": {"de": texts},
    }
    return Flow.from_json(json.dumps(document))


async def test_a_tap_means_the_same_in_every_language() -> None:
    for payload in ("tea", "Coffee"):
        dialog = DialogMachine(build_flow())
        first = await dialog.turn("Hallo")
        assert first.text.startswith("Tee oder Kaffee?")
        assert (await dialog.turn(build_turn("", payload))).node == "done"


async def test_a_model_gets_the_language() -> None:
    class ListeningModel(ScriptedModel):
        heard = ""

        async def generate_reply(self, request: ReplyRequest) -> GeneratedReply:
            self.heard = request.prompt
            return GeneratedReply(text="Auf Wiedersehen!")

    model = ListeningModel([TransitionDecision(edge_id="tea")])
    dialog = DialogMachine(build_flow(), model)
    await dialog.turn("Hallo")
    await dialog.turn("Tee bitte")

    assert "“de”" in model.heard


async def test_the_language_outlives_a_reload_and_a_new_beginning() -> None:
    dialog = DialogMachine(build_flow())
    await dialog.turn("Hallo")
    await dialog.turn(build_turn("", "tea"))
    again = DialogMachine(build_flow(), state=json.loads(json.dumps(dialog.state)))

    assert (await again.turn("noch etwas")).text.startswith("Tee oder Kaffee?")


async def test_what_is_said_in_place_of_an_answer_is_in_the_language_of_the_session() -> None:
    dialog = DialogMachine(build_flow())
    await dialog.turn("Hallo, was gibt es?")
    ok = build_turn("ok")

    assert dialog.error_messages(ok, dialog.state).processing_failed == messages_for("de").processing_failed
    assert dialog.error_messages(build_turn("hello there"), None).mailbox_overflow == ENGLISH.mailbox_overflow


@pytest.mark.parametrize(
    ("german", "words"),
    [
        ({"nodes": {"nowhere": {"static_text": "?"}}}, "no node “nowhere”"),
        ({"edges": {"nothing": {"keywords": ["?"]}}}, "no edge “nothing”"),
        ({"nodes": {"ask": {"choices": ["Tee"]}}}, "has 2 choices, this 1"),
        ({"nodes": {"ask": {"static_text": "{{ oops"}}}, "languages.de.nodes.ask.static_text: "),
        ({"nodes": {"ask": {"choices": ["Tee", ""]}}}, "languages.de.nodes.ask.choices.1"),
        ({"nodes": {"ask": {"timeout": "x" * 4_001}}}, "languages.de.nodes.ask.timeout: This must have 4000"),
    ],
)
def test_a_translation_of_what_is_not_there_is_refused(german: dict[str, Any], words: str) -> None:
    with pytest.raises(FlowError, match=words):
        build_flow(**german)


def test_what_is_not_translated_is_warned_of() -> None:
    warnings = [str(problem) for problem in build_flow(nodes={}).warnings]

    assert "languages.de.nodes.ask: This has no static_text in “de”." in warnings
