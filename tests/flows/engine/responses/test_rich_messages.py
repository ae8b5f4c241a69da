"""A node's options for rich messages: descriptions, links, a quote, a reaction, a location request."""

from __future__ import annotations

from core.model import Address, TimerKind, Turn
from flows import DialogMachine, Flow

ADDRESS = Address(channel="whatsapp", account="a", ours="1", theirs="2")


def _build_machine() -> DialogMachine:
    node = {
        "id": "a",
        "name": "a",
        "static_text": "Which?",
        "choices": [
            {"label": "Basic", "description": "5 a month"},
            {"label": "Site", "url": "https://x.example"},
        ],
        "media": [{"url": "https://x.example/a.png"}],
        "quote": True,
        "reaction": "👍",
        "request_location": True,
        "edges": [{"id": "on", "condition": "goes on", "target_node_id": "a"}],
        "timeout": {"seconds": 60, "say": "Still there?", "edge": "on"},
    }
    return DialogMachine(
        Flow.model_validate(
            {"system_prompt": "Help.", "initial_node": "a", "nodes": [node], "agent_language": "de"}
        ),
        "rules",
    )


async def test_a_nodes_options_reach_its_message() -> None:
    turn = Turn(id="wamid.1", session="s", address=ADDRESS, text="hm")
    [message] = (await _build_machine().turn(turn)).messages
    assert [(each.description, each.url) for each in message.choices] == [
        ("5 a month", ""),
        ("", "https://x.example"),
    ]
    assert (message.quotes, message.reaction, message.requests_location) == ("wamid.1", "👍", True)
    assert (message.list_button, message.media[0].content_type) == ("Auswählen", "image/png")


async def test_a_timer_quotes_nothing() -> None:
    machine = _build_machine()
    outcome = await machine.answer(Turn(id="wamid.1", session="s", address=ADDRESS, text="hm"), None)
    later = await machine.handle_timeout(outcome.state, ADDRESS, TimerKind.INACTIVITY)
    assert [(each.quotes, each.reaction) for each in later.messages] == [("", ""), ("", "")]
