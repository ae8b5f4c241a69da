"""Timeout and undelivered messages of nodes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.model import TimerKind, Turn
from flows.document import Flow, FlowError
from flows.engine import DialogMachine
from tests.fakes import ADDRESS


def build_flow(timeout: dict[str, Any], **more: Any) -> Flow:
    return Flow.from_json(
        json.dumps(
            {
                "system_prompt": "Help.",
                "initial_node": "ask",
                "nodes": [
                    {
                        "id": "ask",
                        "name": "Ask",
                        "static_text": "Tea or coffee?",
                        "timeout": timeout,
                        "edges": [
                            {"id": "tea", "condition": "tea", "keywords": ["tea"], "target_node_id": "done"},
                            {"id": "gave_up", "condition": "nobody answers", "target_node_id": "bye"},
                            {"id": "person", "condition": "wants a person", "target_node_id": "desk"},
                        ],
                        **more,
                    },
                    {"id": "done", "name": "Done", "static_text": "Tea it is.", "is_final": True},
                    {"id": "bye", "name": "Bye", "static_text": "Another time, then.", "is_final": True},
                    {
                        "id": "desk",
                        "name": "Desk",
                        "static_text": "One moment.",
                        "hand_off": True,
                        "timeout": {"seconds": 900, "say": "Nobody is free, {{ name or 'dear guest' }}."},
                    },
                ],
            }
        )
    )


async def ask(limit: dict[str, Any]) -> DialogMachine:
    dialog = DialogMachine(build_flow(limit))
    await dialog.start()
    return dialog


async def test_a_result_has_the_timeout_of_its_node() -> None:
    dialog = DialogMachine(build_flow({"seconds": 600, "say": "Still there?"}))
    turn = Turn(id="1", session="s", address=ADDRESS, text="hello")
    first = await dialog.answer(turn, None)
    last = await dialog.answer(turn.model_copy(update={"text": "tea"}), first.state)

    assert (first.timeout, last.timeout) == (600, None)


async def test_a_timeout_message_is_sent_once_and_the_node_stays() -> None:
    dialog = await ask({"seconds": 600, "say": "Still there?"})

    step = await dialog.handle_timeout(dialog.state, ADDRESS, TimerKind.INACTIVITY)

    assert [message.text for message in step.messages] == ["Still there?"]
    assert (step.node, step.timeout) == ("ask", None)
    assert (await DialogMachine(dialog.flow, state=step.state).turn("tea")).node == "done"


async def test_a_time_out_may_lead_on() -> None:
    dialog = await ask({"seconds": 600, "say": "Too bad.", "edge": "gave_up"})

    step = await dialog.handle_timeout(dialog.state, ADDRESS, TimerKind.INACTIVITY)

    assert [message.text for message in step.messages] == ["Too bad.", "Another time, then."]
    assert (step.node, step.outcome) == ("bye", "final")


async def test_when_no_agent_comes_the_bot_answers_the_next_message() -> None:
    dialog = await ask({"seconds": 600, "say": "Still there?"})
    assert (await dialog.turn("I want a person")).outcome == "hand_off"

    step = await dialog.handle_timeout(dialog.state, ADDRESS, TimerKind.INACTIVITY)

    assert [message.text for message in step.messages] == ["Nobody is free, dear guest."]
    assert not step.hand_off
    answer = await DialogMachine(build_flow({"seconds": 1, "say": "?"}), state=step.state).turn("hello?")
    assert answer.text


async def test_a_node_without_a_timeout_sends_nothing() -> None:
    dialog = await ask({"seconds": 600, "say": "Still there?"})
    await dialog.turn("tea")

    assert (await dialog.handle_timeout(dialog.state, ADDRESS, TimerKind.INACTIVITY)).messages == ()
    assert (await dialog.handle_timeout(None, ADDRESS, TimerKind.INACTIVITY)).messages == ()


@pytest.mark.parametrize(
    ("timeout", "sentence"),
    [
        ({"seconds": 5}, "This has no text and no edge"),
        ({"seconds": 5, "edge": "nowhere"}, "This node has no edge “nowhere”"),
        ({"seconds": 5, "say": "{{ name"}, "not a Jinja template"),
        ({"seconds": 0, "say": "now"}, "must be more than 0"),
        ({"say": "when?"}, "required"),
    ],
)
def test_a_mistake_is_named(timeout: dict[str, Any], sentence: str) -> None:
    with pytest.raises(FlowError, match=sentence):
        build_flow(timeout)


async def test_an_undelivered_message_is_replaced_or_leads_to_an_edge() -> None:
    lost = {"say": "I could not send you the picture.", "edge": "gave_up"}
    dialog = DialogMachine(build_flow({"seconds": 600, "say": "Still there?"}, on_undelivered=lost))
    await dialog.start()

    step = await dialog.handle_timeout(dialog.state, ADDRESS, TimerKind.UNDELIVERED)

    assert [message.text for message in step.messages] == [
        "I could not send you the picture.",
        "Another time, then.",
    ]
    assert step.node == "bye"


async def test_a_flow_may_say_why_a_message_was_not_delivered() -> None:
    lost = {"say": "{% if undelivered == 'window' %}too late{% else %}no way{% endif %}"}
    dialog = DialogMachine(build_flow({"seconds": 600, "say": "Still there?"}, on_undelivered=lost))
    await dialog.start()

    for failure, text in {"window": "too late", "account": "no way"}.items():
        state = {**(dialog.state or {}), "undelivered": failure}
        step = await dialog.handle_timeout(state, ADDRESS, TimerKind.UNDELIVERED)
        assert [message.text for message in step.messages] == [text]


async def test_a_node_that_does_not_care_is_silent() -> None:
    dialog = await ask({"seconds": 600, "say": "Still there?"})

    assert (await dialog.handle_timeout(dialog.state, ADDRESS, TimerKind.UNDELIVERED)).messages == ()


@pytest.mark.parametrize(
    ("language", "said"), [("en", "colleagues are busy"), ("de", "im Gespräch"), ("es", "están ocupadas")]
)
async def test_a_waiting_user_is_told_so_in_the_engines_own_words(language: str, said: str) -> None:
    made = Flow.model_validate(
        {
            "system_prompt": "You are kind.", "initial_node": "person", "agent_language": language,
            "nodes": [{"id": "person", "name": "Person", "hand_off": True, "timeout": {"seconds": 9}}],
        }
    )  # fmt: skip
    dialog = DialogMachine(made)
    assert (await dialog.turn("hello")).outcome == "hand_off"
    step = await dialog.handle_timeout(dialog.state, ADDRESS, TimerKind.INACTIVITY)
    assert said in step.messages[0].text
