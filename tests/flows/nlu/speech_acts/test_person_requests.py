"""Requests for a human agent are recognized in every language, without false positives."""

from __future__ import annotations

import pytest

from flows.nlu import asks_for_person


@pytest.mark.parametrize(
    "text",
    [
        "I want a human",
        "human",
        "agent please",
        "a real person please",
        "let me speak to your boss",
        "supervisor",
        "put me through to somebody in charge",
        "can I talk to somebody?",
        "customer service",
        "operator!",
        "connect me with one of your agents",
        "this is useless, I want to talk to a real person",
        "Ich will mit einem Menschen reden",
        "Mitarbeiter bitte",
        "Kann ich mit jemandem sprechen?",
        "quiero hablar con una persona",
        "páseme con un agente",
        "can someone call me?",
        "could somebody from your team ring me back please",
        "I'd like someone to call me",
        "please have a colleague contact me",
        "Kann mich jemand anrufen?",
        "könnte mich bitte jemand zurückrufen",
        "¿puede alguien llamarme?",
        "quiero que alguien me llame",
    ],
)
def test_a_wish_for_a_person_is_one(text: str) -> None:
    assert asks_for_person(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "I do not want to talk to a person",
        "please don't connect me to an agent",
        "are you a human?",
        "my agent told me so",
        "a table for one person please",
        "one person",
        "eine Person",
        "4 people",
        "I need a room for 3 people",
        "I want a pizza for my boss",
        "is somebody there?",
        "no human",
        "call me when someone is there",
        "someone called me yesterday",
        "did someone call me?",
        "a person of yours told me to call us",
        "can someone tell me the price?",
        "please don't have anyone call me",
        "alguien me llamó ayer",
        "jemand hat mich angerufen",
        "no quiero hablar con una persona",
        "Ich will nicht mit einem Menschen reden",
    ],
)
def test_other_messages_are_none(text: str) -> None:
    assert not asks_for_person(text)
