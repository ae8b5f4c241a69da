from __future__ import annotations

import pytest

from flows.compiled import (
    auto_proceeds,
    language_code,
    node_type,
    scripted_speech,
    select_language_block,
)
from flows.document import Node


def build_node(**parts: object) -> Node:
    return Node.model_validate({"id": "n", "name": "n", **parts})


EDGES = [{"id": "e", "condition": "c", "target_node_id": "n"}]


@pytest.mark.parametrize(
    ("parts", "kind"),
    [
        ({"is_final": True, "node_type": "router"}, "final"),
        ({"node_type": "router", "static_text": "Hi"}, "router"),
        ({"static_text": "Hi"}, "static"),
        ({"static_text": "Hi", "instruction": "Be kind"}, "instruction"),
        ({"instruction": "Be kind"}, "instruction"),
        ({"instruction": "This is a Silent Routing Node.", "edges": EDGES}, "router"),
        ({"instruction": "Do not speak to anyone at all.", "edges": EDGES}, "router"),
        ({"instruction": "Do not output any text."}, "instruction"),
        ({}, "router"),
        ({"is_final": None}, "router"),
    ],
)
def test_the_kind_of_a_node_follows_from_what_it_has(parts: dict[str, object], kind: str) -> None:
    assert node_type(build_node(**parts)) == kind


def test_a_node_proceeds_by_its_flag_or_by_its_instruction() -> None:
    assert auto_proceeds(build_node(auto_proceed=True))
    assert auto_proceeds(build_node(instruction="Say thanks. No response needed."))
    assert not auto_proceeds(build_node(instruction="Ask for the name."))


@pytest.mark.parametrize(
    ("instruction", "language", "line"),
    [
        ("Ask.\nEN line: 'What''s your name?'\nHI line: 'Naam?'", "en", "What's your name?"),
        ("Ask.\nEN line: 'Name?'\nHI line: 'Naam?'", "hi", "Naam?"),
        ("Ask.\nEN line: 'Name?'", "hi", "Name?"),
        ('[EN] "Hello there."\nThen wait.\n[HI] "Namaste."', "en", "Hello there."),
        ("{en} Good day. <wait for response> Then be silent.", "en", "Good day."),
        ("[EN] Good day.\nROUTING: go on when they answer", "en", "Good day."),
        ("--- ENGLISH SCRIPT ---\nWelcome!\n--- HINDI SCRIPT ---\nSwagat!", "hi", "Swagat!"),
        ("Agent says: [warmly] Hello (pause) again.\nNever be rude.", "en", "Hello again."),
        ("Agent says: Call us (24/7) at any time.", "en", "Call us (24/7) at any time."),
        ("[EN] Press [OK] to go on.\n[HI] Namaste", "en", "Press [OK] to go on."),
        ('"How are you?"\nWait for the answer.', "en", "How are you?"),
        ("Ask the user how they are.", "en", ""),
        ("", "en", ""),
    ],
)
def test_a_scripted_line_is_found_and_prose_is_not_speech(instruction: str, language: str, line: str) -> None:
    assert scripted_speech(instruction, language) == line


@pytest.mark.parametrize(("language", "text"), [("hi", "Namaste"), ("en", "Hello"), ("de", "Hello")])
def test_a_language_has_its_block_with_english_as_the_fallback(language: str, text: str) -> None:
    assert select_language_block("[EN] Hello [HI] Namaste", language) == text
    assert select_language_block("No markers", language) == "No markers"


@pytest.mark.parametrize(
    ("name", "code"), [("", "en"), ("Hindi", "hi"), ("de", "de"), ("English", "en"), ("EN-us", "en")]
)
def test_a_language_is_a_code_or_a_name(name: str, code: str) -> None:
    assert language_code(name) == code
