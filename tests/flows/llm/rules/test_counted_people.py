"""Counted people are not a request for a human agent."""

from __future__ import annotations

from typing import Any

import pytest

from flows.document import Flow
from flows.engine import DialogMachine

KEYWORDS = {
    "en": ["person", "people", "human"],
    "de": ["person", "leute", "mensch"],
    "es": ["persona", "gente"],
}
COUNTED = {
    "en": ("a cake for 12 people", "for twelve persons please", "we need it for 3 people"),
    "de": ("eine torte für 12 personen", "für zwölf leute bitte", "wir sind 3 personen"),
    "es": ("necesito una tarta para 12 personas", "para doce personas por favor", "somos 3 personas"),
}
ASKED_FOR = {
    "en": ("can i talk to a person", "a real person please"),
    "de": ("ich will mit einer person sprechen", "bitte einen echten menschen"),
    "es": ("quiero hablar con una persona", "con una persona real por favor"),
}


def build_flow(language: str) -> Flow:
    to_shop = {"id": "to_shop", "condition": "hours", "target_node_id": "shop", "keywords": ["hours"]}
    nodes: list[dict[str, Any]] = [
        {
            "id": "menu", "name": "Menu", "static_text": "?",
            "edges": [to_shop],
        },
        {"id": "shop", "name": "Shop", "static_text": "9 to 5", "is_final": True},
        {"id": "team", "name": "Team", "static_text": "Here we are.", "hand_off": True},
    ]  # fmt: skip
    to_team = {
        "id": "to_team", "condition": "wants somebody", "target_node_id": "team",
        "keywords": KEYWORDS[language],
    }  # fmt: skip
    return Flow.model_validate(
        {
            "system_prompt": "x", "initial_node": "menu", "agent_language": language, "nodes": nodes,
            "global_edges": [to_team],
        }
    )  # fmt: skip


async def answer_node(language: str, text: str) -> str:
    return str((await DialogMachine(build_flow(language), "rules").turn(text)).node)


@pytest.mark.parametrize(
    ("language", "text"), [(code, text) for code, said in COUNTED.items() for text in said]
)
async def test_a_number_of_people_asks_for_nobody(language: str, text: str) -> None:
    assert await answer_node(language, text) != "team"


@pytest.mark.parametrize(
    ("language", "text"), [(code, text) for code, said in ASKED_FOR.items() for text in said]
)
async def test_a_user_who_asks_for_a_person_gets_one(language: str, text: str) -> None:
    assert await answer_node(language, text) == "team"
