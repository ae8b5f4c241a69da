"""Turns through small flows with scripted decisions."""

from __future__ import annotations

from itertools import pairwise

import pytest

from core.model import Attachment, Location
from flows.llm import GeneratedReply, ModelError, ScriptedModel, TransitionDecision
from flows.locales import ENGLISH
from tests.flows.conversation import (
    Json,
    edge,
    flow,
    input_schema,
    machine,
    node,
    say,
    script_decisions,
    turn,
)

END = node("end", "The end.", is_final=True)
NAME: Json = {"type": "string", "description": "your name"}


async def test_a_first_turn_speaks_the_greeting_and_then_answers() -> None:
    dialog = machine(
        flow(node("a", "Hello!", edges=[edge("go", "b")]), node("b", "Bee."), END),
        script := script_decisions("go"),
    )
    answer = await dialog.turn("take me to b")
    assert [message.text for message in answer.messages] == ["Hello!", "Bee."]
    assert script.transition_requests[0].is_first


async def test_a_greeting_is_answered_by_the_greeting_without_asking_the_model() -> None:
    dialog = machine(flow(node("a", "Hello!", edges=[edge("go", "end")]), END), script := script_decisions())
    assert (await dialog.turn("Good morning!")).text == "Hello!"
    script.assert_complete()


async def test_start_says_the_greeting_alone() -> None:
    dialog = machine(flow(node("a", "Hello!", edges=[edge("go", "end")]), END), script_decisions())
    assert (await dialog.start()).text == "Hello!"


async def test_an_unknown_edge_is_a_decision_to_stay() -> None:
    dialog = machine(flow(node("a", "Hello!", edges=[edge("go", "end")]), END), script_decisions("elsewhere"))
    answer = await say(dialog, "hi", "what?")
    assert (answer.outcome, answer.node) == ("stay", "a")
    assert answer.text


async def test_an_edge_may_be_named_by_the_node_that_it_leads_to() -> None:
    dialog = machine(flow(node("a", "Hello!", edges=[edge("go", "end")]), END), script_decisions("end"))
    assert (await say(dialog, "hi", "go")).edge == "go"


async def test_an_edge_without_a_target_is_never_offered() -> None:
    dialog = machine(
        flow(node("a", "Hello!", edges=[edge("no", None), edge("go", "end")]), END),
        script := script_decisions("go"),
    )
    await say(dialog, "hi", "go")
    assert [offered.id for offered in script.transition_requests[0].available_edges] == ["go"]


async def test_required_slots_that_are_missing_are_asked_for() -> None:
    schema = input_schema(name=NAME, day={"format": "date", "description": "the day"})
    script = script_decisions(
        TransitionDecision(edge_id="go", slots={"name": "Ada", "day": "04/05/2027"}),
        TransitionDecision(edge_id="go", slots={"day": "4 May 2027"}),
    )
    dialog = machine(
        flow(node("a", "Who and when?", edges=[edge("go", "end", input_schema=schema)]), END), script
    )
    asked = await say(dialog, "hi", "Ada, 04/05/2027")
    assert asked.text == "04/05/2027 could be 5 April 2027 or 4 May 2027. Please write the month as a word."
    assert (await dialog.turn("4 May 2027")).outcome == "final"
    assert dialog.state is not None
    assert dialog.state["slots"] == {"name": "Ada", "day": "2027-05-04"}


async def test_a_slot_that_the_author_wrote_a_question_for_is_asked_in_those_words() -> None:
    schema = input_schema(name={**NAME, "x-question": "And who are you?"})
    dialog = machine(
        flow(node("a", "Hi.", edges=[edge("go", "end", input_schema=schema)]), END), script_decisions("go")
    )
    assert (await say(dialog, "hi", "go on")).text == "And who are you?"


async def test_what_a_model_makes_up_beside_the_schema_is_dropped() -> None:
    script = script_decisions(TransitionDecision(edge_id="go", slots={"name": "Ada", "admin": True}))
    dialog = machine(
        flow(node("a", "Hi.", edges=[edge("go", "end", input_schema=input_schema(name=NAME))]), END), script
    )
    await say(dialog, "hi", "Ada")
    assert dialog.state is not None
    assert dialog.state["slots"] == {"name": "Ada"}


async def test_a_slot_that_can_only_be_one_thing_need_not_be_said() -> None:
    schema = input_schema(agreed={"type": "string", "enum": ["yes"]})
    dialog = machine(
        flow(node("a", "Ok?", edges=[edge("go", "end", input_schema=schema)]), END), script_decisions("go")
    )
    assert (await say(dialog, "hi", "fine")).outcome == "final"


async def test_a_scripted_line_is_spoken_and_the_instruction_stays_private() -> None:
    instruction = "SECRET: be kind.\nEN line: 'What is your name?'"
    dialog = machine(flow(node("a", instruction=instruction, edges=[edge("go", "end")]), END))
    replies = [(await dialog.turn(text)).text for text in ("hi", "what?", "why?")]
    assert replies[0] == "What is your name?"
    assert not any("SECRET" in reply for reply in replies)


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"edges": [edge("go", "end")]}, ENGLISH.continue_prompt),
        ({"edges": [edge("go", "end")], "choices": ["A"]}, ENGLISH.choose_prompt),
        ({"is_final": True}, ENGLISH.farewell),
        ({"hand_off": True}, ENGLISH.hand_off),
    ],
)
async def test_without_a_text_a_default_message_is_sent(more: Json, text: str) -> None:
    assert (await machine(flow(node("a", instruction="SECRET", **more), END)).turn("hi")).text == text


async def test_a_model_writes_the_message_of_an_instruction() -> None:
    script = ScriptedModel(speeches=[GeneratedReply(text="Who may I greet?", tokens=7, model="m")])
    answer = await machine(
        flow(node("a", instruction="Ask the name.", edges=[edge("go", "end")]), END), script
    ).turn("hi")
    assert (answer.text, answer.tokens, answer.model) == ("Who may I greet?", 7, "m")
    assert script.reply_requests[0].instruction == "Ask the name."


@pytest.mark.parametrize(
    "failing",
    [script_decisions(ModelError("answered 500")), script_decisions("go", speeches=(ModelError("gone"),))],
)
async def test_a_model_that_fails_costs_an_apology_and_no_state(failing: ScriptedModel) -> None:
    made = flow(
        node("a", "Hello!", edges=[edge("go", "b")], timeout={"seconds": 60, "say": "Still there?"}),
        node("b", instruction="SECRET", edges=[edge("x", "end")]),
        END,
    )
    dialog = machine(made, failing)
    await dialog.turn("hi")
    before = dialog.state
    answer = await dialog.turn("go on")
    assert (answer.text, answer.outcome) == (ENGLISH.apology, "error")
    assert (answer.node, answer.edge, answer.timeout) == ("a", "", 60)
    assert dialog.state == {**(before or {}), "apologies": 1}


async def test_a_session_whose_first_turn_failed_is_greeted_the_next_time() -> None:
    made = flow(node("a", "Hello!", edges=[edge("go", "end")], timeout={"seconds": 60, "say": "Well?"}), END)
    dialog = machine(made, script_decisions(ModelError("gone"), "go"))
    failed = await dialog.turn("go")
    assert (failed.outcome, failed.node, failed.timeout) == ("error", "", None)
    assert (await dialog.turn("go")).text == "Hello!\n\nThe end."


async def test_the_reply_of_a_model_that_stays_is_sent() -> None:
    dialog = machine(
        flow(node("a", "Hello!", edges=[edge("go", "end")]), END),
        script_decisions(TransitionDecision(reply="It is blue.")),
    )
    assert (await say(dialog, "hi", "which colour?")).text == "It is blue."


async def test_files_and_places_are_answered_as_such() -> None:
    dialog = machine(flow(node("a", "Hello!", edges=[edge("go", "end")]), END))
    await dialog.turn("hi")
    photo = await dialog.turn(turn(attachments=(Attachment(url="https://example.org/a.jpg"),)))
    place = await dialog.turn(turn(location=Location(latitude=1, longitude=2)))
    assert photo.text == "I can't open files here yet. Hello!"
    assert place.text.endswith("Hello!")
    assert "location" in place.text


async def test_only_the_last_message_keeps_its_buttons_and_media_goes_along() -> None:
    a = node(
        "a", "Pick.", choices=["One"], media=[{"url": "https://example.org/a.jpg"}], edges=[edge("go", "b")]
    )
    dialog = machine(
        flow(a, node("b", "Now?", choices=["Two"], edges=[edge("x", "end")]), END), script_decisions("go")
    )
    first, second = (await dialog.turn("b please")).messages
    assert ([c.label for c in first.choices], [c.label for c in second.choices]) == ([], ["Two"])
    assert first.media[0].url == "https://example.org/a.jpg"


async def test_the_model_sees_the_choice_that_a_number_means() -> None:
    dialog = machine(
        flow(
            node("a", "Pick.", choices=[{"label": "Blue tea", "payload": "b"}], edges=[edge("go", "end")]),
            END,
        ),
        s := script_decisions("go"),
    )
    await say(dialog, "hi", "1")
    assert (s.transition_requests[0].text, s.transition_requests[0].payload) == ("Blue tea", "b")
    assert s.transition_requests[0].history[-1]["content"] == "Blue tea"


async def test_the_environment_is_for_templates_and_not_for_the_model_or_the_user() -> None:
    start = node("a", "At {{ shop }}.", edges=[edge("go", "end", input_schema=input_schema(shop=NAME))])
    made = flow(start, END, env_vars={"shop": "Harbour Lane", "key": "SECRET"})
    dialog = machine(
        made, script := script_decisions(TransitionDecision(edge_id="go", slots={"shop": "Elsewhere"}))
    )
    await say(dialog, "hi", "go")
    assert "SECRET" not in repr(script.transition_requests[0].values)
    assert "At Harbour Lane." in script.transition_requests[0].last_speech


async def test_a_state_of_another_flow_is_restarted() -> None:
    one = machine(flow(node("a", "A?", edges=[edge("go", "end")]), END))
    await one.turn("hi")
    other = machine(flow(node("z", "Z?", edges=[edge("go", "end")]), END))
    step = await other.answer(turn("hi"), one.state)
    assert step.messages[0].text == "Z?"


async def test_a_very_long_message_is_answered() -> None:
    dialog = machine(flow(node("a", "A?", edges=[edge("go", "end", keywords=["tea"])]), END))
    assert (await say(dialog, "hi", "x " * 100_000)).outcome == "stay"


async def test_a_model_that_refuses_to_speak_does_not_say_so_twice_in_the_same_words() -> None:
    made = flow(
        node("a", "Hello!", edges=[edge("go", "b")]),
        node("b", instruction="Ask {{ why }}.", edges=[edge("go", "b")]),
    )
    refused = [GeneratedReply(issue="refused")] * 3
    dialog = machine(made, ScriptedModel([TransitionDecision("go")] * 3, refused))
    await dialog.start()
    said = [(await dialog.turn("go")).text for _ in range(3)]
    assert all(ENGLISH.refusal in text for text in said)
    assert all(one != other for one, other in pairwise(said))


async def test_a_greeting_on_the_way_does_not_count_as_not_understood() -> None:
    dialog = machine(flow(node("a", "Hello! Tea?", reprompt_text="Tea?", edges=[edge("go", "end")]), END))
    await dialog.start()
    assert (await dialog.turn("hi there")).text == "Tea?"
