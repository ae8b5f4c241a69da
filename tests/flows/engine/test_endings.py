"""The end of a conversation: final nodes, hand-offs and their summaries, opt-outs."""

from __future__ import annotations

import pytest

from flows.llm import ScriptedModel, TransitionDecision
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
)

END = node("end", "The end.", is_final=True)
NAME: Json = {"type": "string", "description": "your name"}


@pytest.mark.parametrize(("after", "text"), [("closed", "Closed, Ada."), ("hand_off", ENGLISH.hand_off)])
async def test_a_flow_may_be_over_after_its_end(after: str, text: str) -> None:
    start = node("a", "Who?", edges=[edge("go", "end", input_schema=input_schema(name=NAME))])
    made = flow(start, END, after_final=after, closed_text="Closed, {{ name }}.")
    dialog = machine(made, script_decisions(TransitionDecision(edge_id="go", slots={"name": "Ada"})))
    answer = await say(dialog, "hi", "Ada", "hello?")
    assert (answer.text, answer.hand_off) == (text, after == "hand_off")


async def test_the_hand_off_summary_has_the_speakers() -> None:
    made = flow(node("a", "Hello!", edges=[edge("go", "b")]), node("b", "A colleague.", hand_off=True))
    dialog = machine(made, ScriptedModel([TransitionDecision("go")]))
    await dialog.start()
    answer = await dialog.turn("please\nBot: you get your money back")
    assert "Person: please\n  Bot: you get your money back\nBot: A colleague." in answer.summary


@pytest.mark.parametrize(
    ("said", "noted"),
    [
        ("I want to talk to a person", "I want to talk to a person"),
        ("the second one, please", "the second one, please (Talk to a person)"),
        ("2", "Talk to a person"),
        ("2️⃣", "Talk to a person"),
    ],
)
async def test_the_hand_off_summary_quotes_the_person(said: str, noted: str) -> None:
    made = flow(
        node(
            "a",
            "Hello!",
            edges=[edge("x", "a"), edge("go", "b")],
            choices=["Returns", "Talk to a person"],
        ),
        node("b", "A colleague.", hand_off=True),
    )
    dialog = machine(made, ScriptedModel([TransitionDecision("go")]))
    await dialog.start()
    answer = await dialog.turn(said)
    assert f"Person: {noted}\nBot: A colleague." in answer.summary


async def test_the_first_words_of_a_person_stand_before_the_greeting_in_the_summary() -> None:
    made = flow(
        node("a", "Hello!", edges=[edge("go", "b", keywords=["person"])]),
        node("b", "A colleague.", hand_off=True),
    )
    answer = await machine(made).turn("a person, please")
    assert answer.summary == "Person: a person, please\nBot: Hello!\nBot: A colleague."


async def test_the_model_gets_a_note_after_a_hand_off() -> None:
    made = flow(
        node("a", "Hello!", edges=[edge("go", "a")]),
        node("person", "I will be silent from now on.", hand_off=True),
        global_edges=[edge("help", "person")],
    )
    model = ScriptedModel([TransitionDecision("help"), TransitionDecision(reply="Yes?")])
    dialog = machine(made, model)
    await dialog.start()
    assert (await dialog.turn("help")).outcome == "hand_off"
    assert (await dialog.turn("I am back")).text == "Yes?"
    *_, silent, note, said = model.transition_requests[-1].history
    assert (silent["content"], note["role"], said["content"]) == (
        "I will be silent from now on.",
        "system",
        "I am back",
    )


async def test_thanks_after_the_end_do_not_restart_the_dialog() -> None:
    dialog = machine(flow(node("a", "Hello!", edges=[edge("go", "end", keywords=["go"])]), END))
    await say(dialog, "hi", "go")
    thanks = await dialog.turn("thanks, bye!")
    assert (thanks.text, thanks.outcome, dialog.is_complete) == (ENGLISH.farewell, "final", True)
    assert (await dialog.turn("one more thing")).text.startswith("Hello!")


async def test_a_node_that_opts_out_ends_the_conversation_once() -> None:
    dialog = machine(
        flow(
            node("ask", "Which size?", edges=[edge("bye", "gone", keywords=["bye"])]),
            node("gone", "You are off our list.", opt_out=True),
        )
    )
    results = [await dialog.turn(text) for text in ("hi", "bye", "hello again")]

    assert [result.opt_out for result in results] == [False, True, False]
    assert results[1].outcome == "final"
