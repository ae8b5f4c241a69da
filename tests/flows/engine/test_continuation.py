"""Continuation mid-conversation, after the end and after a change of the flow: stored values are kept."""

from __future__ import annotations

from typing import Any

import pytest

from flows.authoring.testing.stub_fetch import StubFetch
from flows.authoring.testing.test_file import StubResponse
from flows.document import Flow
from flows.engine import DialogMachine
from flows.llm import ModelError, ReplyRequest, ScriptedModel, TransitionDecision
from tests.flows.conversation import TODAY, Json, edge, flow, input_schema, load_library, machine, node, say

DAY = {"type": "string", "format": "date", "x-future": True, "description": "the day"}


def build_flow(**more: Any) -> Flow:
    schema = input_schema(day=DAY, count={"type": "integer", "description": "the number"})
    return flow(
        node("ask", "Which day?", edges=[edge("given", "end", input_schema=schema)]),
        node("end", "{{ count }} on {{ day | date }}.", is_final=True),
        node("back", "Welcome back.", auto_proceed=True, edges=[edge("on", "ask", "Always")]),
        global_edges=[edge("resume", "back", keywords=["resume"])],
        **more,
    )


async def test_an_edge_back_into_an_interrupted_node_keeps_what_is_known_there() -> None:
    dialog = machine(build_flow())
    resumed = await say(dialog, "hi", "next friday", "resume")
    assert [message.text for message in resumed.messages] == [
        "Welcome back.",
        "Thank you. I still need the number.",
    ]
    assert (await dialog.turn("3")).text == "3 on 27 November 2026."


@pytest.mark.parametrize(
    ("text", "node_id"), [("spot on", "verified"), ("stop", "cancelled"), ("sotp", "cancelled")]
)
async def test_spot_on_is_not_a_typo_of_stop(text: str, node_id: str) -> None:
    assert (await say(load_library("kyc"), "hi", "4321", "23 April 1990", text)).node == node_id


@pytest.mark.parametrize(
    "text", ["great, how long will that take?", "wait, the date was wrong", "no!", "how long does it take"]
)
async def test_a_remark_after_the_end_is_answered_without_a_new_beginning(text: str) -> None:
    dialog = load_library("kyc")
    answer = await say(dialog, "hi", "4321", "23 April 1990", "yes", text)
    assert (answer.outcome, answer.node) == ("final", "verified")
    assert answer.text.startswith("We had finished here.")
    assert (await dialog.turn("hello")).node == "ask_last_four"


async def test_a_question_after_the_end_that_the_flow_answers_is_answered() -> None:
    answer = await say(load_library("kyc"), "hi", "4321", "23 April 1990", "yes", "why do you need this?")
    assert (answer.outcome, answer.text[:12]) == ("final", "I ask so tha")


async def test_a_person_may_be_asked_for_after_the_end() -> None:
    answer = await say(load_library("kyc"), "hi", "4321", "23 April 1990", "yes", "can I talk to a person?")
    assert (answer.outcome, answer.node) == ("hand_off", "person")


@pytest.mark.parametrize("text", ["4321", "I need to do this again", "hi"])
async def test_a_new_wish_after_the_end_begins_again(text: str) -> None:
    answer = await say(load_library("kyc"), "hi", "4321", "23 April 1990", "yes", text)
    assert answer.outcome != "final"


@pytest.mark.parametrize("was", [[], ["ask"]])
async def test_a_node_that_was_renamed_keeps_the_learnt_slots(was: list[str]) -> None:
    dialog = machine(build_flow())
    await say(dialog, "hi", "next friday")
    schema = input_schema(day=DAY, count={"type": "integer", "description": "the number"})
    renamed = flow(
        node("question", "Which day?", edges=[edge("given", "end", input_schema=schema)], was=was),
        node("end", "{{ count }} on {{ day | date }}.", is_final=True),
    )
    moved = DialogMachine(renamed, state=dialog.state, today=lambda: TODAY)
    await moved.turn("3")
    assert (moved.state or {})["slots"] == {"day": "2026-11-27", "count": 3}


async def test_a_value_whose_type_has_changed_is_asked_again() -> None:
    def build_form(time: Json) -> Flow:
        slots = [{"name": "time", "question": "When?", **time}, {"name": "name", "question": "Your name?"}]
        form = {"id": "form", "node_type": "collect", "slots": slots, "then": "end"}
        return flow(form, node("end", "{{ time }} {{ name }}", is_final=True))

    dialog = machine(build_form({"format": "time"}))
    await say(dialog, "hi", "15:00")
    moved = DialogMachine(build_form({"choices": ["Morning", "Evening"]}), state=dialog.state)
    assert (await say(moved, "Bob", "Bob")).text == "When?"  # the first is asked again, as it has changed
    assert (await moved.turn("evening")).text == "Evening Bob"


class _FailingModel(ScriptedModel):
    """Decides as scripted, and can write nothing."""

    async def generate_reply(self, request: ReplyRequest) -> Any:
        raise ModelError("no answer")


async def test_the_reply_says_what_was_done_when_the_model_fails_afterwards() -> None:
    sold = flow(
        node("ask", "Sell?", edges=[edge("yes", "sell", keywords=["yes"])]),
        node(
            "sell", edges=[edge("on", "end", "Always")], instruction="Tell {{ sale.status }} to the user.",
            actions=[{"trigger": "on_enter", "action_id": "sell"}],
        ),
        node("end", "End.", is_final=True),
        actions=[{"id": "sell", "name": "Sell the shares", "method": "POST", "url": "https://a.example/",
                  "store_response_as": "sale"}],
    )  # fmt: skip
    model = _FailingModel([TransitionDecision(edge_id="yes")])
    fetch = StubFetch({"sell": (StubResponse(status=201),)})
    dialog = DialogMachine(sold, model, fetch=fetch)
    assert (await say(dialog, "hi", "yes")).text == "This has been done: Sell the shares."
