"""Sequences of nodes: routers, guards, global edges and interrupts."""

from __future__ import annotations

import pytest

from flows.llm import TransitionDecision
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


async def test_a_node_that_is_entered_again_asks_again() -> None:
    back = edge("back", "ask", input_schema=input_schema(name=NAME))
    ask = node("ask", "Who?", edges=[edge("go", "check", input_schema=input_schema(name=NAME))])
    script = script_decisions(
        TransitionDecision(edge_id="go", slots={"name": "Ada"}),
        TransitionDecision(edge_id="no"),
        TransitionDecision(edge_id="go"),
    )
    dialog = machine(
        flow(ask, node("check", "{{ name }}?", edges=[edge("no", "ask"), back, edge("ok", "end")]), END),
        script,
    )
    await say(dialog, "hi", "Ada", "no")
    asked = await dialog.turn("hm")
    assert (asked.outcome, asked.text) == ("stay", "Thank you. I still need your name.")


async def test_auto_proceed_sends_the_text_of_every_node() -> None:
    dialog = machine(
        flow(
            node("a", "One.", auto_proceed=True, edges=[edge("x", "b")]),
            node("b", "Two.", auto_proceed=True, edges=[edge("y", "c")]),
            node("c", "Three?", edges=[edge("go", "end")]),
            END,
        )
    )
    assert (await dialog.turn("hi")).text == "One.\n\nTwo.\n\nThree?"


async def test_a_ring_of_nodes_that_proceed_comes_to_an_end() -> None:
    ring = [
        node(f"n{i}", f"{i}.", auto_proceed=True, edges=[edge("x", f"n{(i + 1) % 30}")]) for i in range(30)
    ]
    assert len((await machine(flow(*ring)).turn("hi")).messages) == 12
    pair = [node(f"n{i}", f"{i}.", auto_proceed=True, edges=[edge("x", f"n{(i + 1) % 2}")]) for i in range(2)]
    assert (await machine(flow(*pair)).turn("hi")).text == "0.\n\n1."


@pytest.mark.parametrize(("plan", "text"), [("gold", "Gold."), ("basic", "Basic."), ("none", "Other.")])
async def test_a_router_goes_by_guards_and_conditions_without_a_model(plan: str, text: str) -> None:
    choose = edge("go", "router", input_schema=input_schema(plan={"enum": ["gold", "basic", "none"]}))
    router = node(
        "router",
        node_type="router",
        edges=[
            edge("g", "gold", guard="plan == 'gold'"),
            edge("b", "basic", "plan == 'basic'"),
            edge("o", "other", "anything else"),
        ],
    )
    places = [node(word.lower(), f"{word}.", is_final=True) for word in ("Gold", "Basic", "Other")]
    answer = await say(machine(flow(node("a", "Which?", edges=[choose]), router, *places)), "hi", plan)
    assert answer.text == text


async def test_a_router_that_cannot_decide_takes_its_fallback_or_asks() -> None:
    edges = [edge("g", "end", "one thing"), edge("b", "a", "another thing")]
    start = node("a", "Start.", edges=[edge("go", "router")])
    lost = machine(
        flow(start, node("router", node_type="router", edges=edges), END),
        script_decisions("go", TransitionDecision()),
    )
    assert (await say(lost, "hi", "x")).text == ENGLISH.continue_prompt
    caught = [*edges, edge("f", "end", is_fallback=True)]
    saved = machine(
        flow(start, node("router", node_type="router", edges=caught), END),
        script_decisions("go", TransitionDecision()),
    )
    assert (await say(saved, "hi", "x")).text == "The end."


async def test_an_edge_whose_guard_does_not_hold_is_not_offered() -> None:
    dialog = machine(
        flow(node("a", "Hi.", edges=[edge("go", "end", guard="plan == 'gold'"), edge("x", "end")]), END),
        s := script_decisions("x"),
    )
    await say(dialog, "hi", "go")
    assert [offered.id for offered in s.transition_requests[0].available_edges] == ["x"]


async def test_global_edges_are_offered_where_a_node_may_be_interrupted() -> None:
    more = [edge("faq", "faq"), edge("go", "faq")]
    nodes = (
        node("a", "A?", edges=[edge("go", "b")]),
        node("b", "B?", interruptible=False, edges=[edge("on", "end")]),
        END,
        node("faq", "Because."),
    )
    dialog = machine(flow(*nodes, global_edges=more), script := script_decisions("go", "on"))
    await say(dialog, "hi", "go", "on")
    assert [
        [offered.id for offered in question.available_edges] for question in script.transition_requests
    ] == [
        ["go", "faq"],
        ["on"],
    ]


async def test_an_interrupt_is_answered_and_the_question_asked_again_with_its_choices() -> None:
    a = node("a", "Hello! Tea?", reprompt_text="Tea?", choices=["Yes", "No"], edges=[edge("go", "end")])
    dialog = machine(
        flow(a, END, node("faq", "Because."), global_edges=[edge("why", "faq")]),
        script_decisions("why", "go"),
    )
    answer = await say(dialog, "hi", "why?")
    assert [(message.text, len(message.choices)) for message in answer.messages] == [
        ("Because.", 0),
        ("Tea?", 2),
    ]
    assert (answer.node, (await dialog.turn("1")).outcome) == ("a", "final")


async def test_an_interrupt_may_ask_something_itself_and_still_returns() -> None:
    nodes = (
        node("a", "Tea?", edges=[edge("go", "end")]),
        END,
        node("which", "Which one?", edges=[edge("that", "told")]),
        node("told", "That one is green."),
    )
    dialog = machine(flow(*nodes, global_edges=[edge("ask", "which")]), script_decisions("ask", "that"))
    assert (await say(dialog, "hi", "tell me")).text == "Which one?"
    assert (await dialog.turn("that")).text == "That one is green.\n\nTea?"


async def test_too_many_turns_at_a_node_take_its_fallback() -> None:
    edges = [edge("go", "end"), edge("out", "other", is_fallback=True)]
    dialog = machine(
        flow(node("a", "A?", max_turns=2, edges=edges), END, node("other", "Other.", is_final=True))
    )
    assert [(await dialog.turn(text)).node for text in ("hi", "x", "y", "z")] == ["a", "a", "a", "other"]
