"""Completion criteria of nodes."""

from __future__ import annotations

from typing import Any

from flows.llm import GeneratedReply, ScriptedModel, TransitionDecision
from tests.flows.conversation import Json, edge, flow, input_schema, machine, node, say

END = node("end", "The end.", is_final=True)


def build_flow(*, criterion: Json | None = None, **more: Any) -> Any:
    learns = input_schema(required=False, name={"type": "string"})
    edges = [
        edge("go", "end", input_schema=learns),
        edge("stuck", "end", is_fallback=True),
        edge("help", "person"),
    ]
    criteria = [{"key": "name", "description": "your name", **(criterion or {})}]
    return flow(
        node("ask", "Who?", edges=edges, completion_criteria=criteria, **more),
        END,
        node("person", "A person.", hand_off=True),
        node("faq", "Because."),
        global_edges=[edge("why", "faq")],
    )


def script_decisions(*edges: str | TransitionDecision) -> ScriptedModel:
    decisions = [TransitionDecision(edge_id=item) if isinstance(item, str) else item for item in edges]
    return ScriptedModel(decisions, [GeneratedReply(text="Hello.")])


async def test_a_node_is_not_left_before_what_it_needs_is_known() -> None:
    dialog = machine(build_flow(allow_skip=False), script_decisions("go", "go", "go"))
    for _ in range(3):
        asked = await say(dialog, "hi", "go on") if dialog.state is None else await dialog.turn("go on")
        assert (asked.node, asked.outcome) == ("ask", "stay")
        assert "I still need your name." in asked.text


async def test_what_the_message_itself_brings_is_enough() -> None:
    script = script_decisions(TransitionDecision(edge_id="go", slots={"name": "Ada"}))
    assert (await say(machine(build_flow(allow_skip=False), script), "hi", "Ada")).outcome == "final"


async def test_a_second_attempt_skips_an_optional_criterion() -> None:
    dialog = machine(build_flow(), script_decisions("go", "go"))
    assert (await say(dialog, "hi", "go on")).text == "Thank you. I still need your name."
    assert (await dialog.turn("just go on")).outcome == "final"


async def test_what_is_not_required_is_not_asked_for() -> None:
    dialog = machine(build_flow(criterion={"required": False}, allow_skip=False), script_decisions("go"))
    assert (await say(dialog, "hi", "go on")).outcome == "final"


async def test_hand_offs_interrupts_and_fallbacks_ignore_criteria() -> None:
    assert (
        await say(machine(build_flow(allow_skip=False), script_decisions("help")), "hi", "help")
    ).outcome == "hand_off"
    assert (
        "Because."
        in (await say(machine(build_flow(allow_skip=False), script_decisions("why")), "hi", "why")).text
    )
    dialog = machine(build_flow(allow_skip=False, max_turns=1), script_decisions("go", "go"))
    assert (await say(dialog, "hi", "go", "go")).edge == "stuck"


async def test_insisting_counts_from_zero_when_the_node_is_entered_again() -> None:
    made = flow(
        node("ask", "Who?", edges=[edge("on", "b")], completion_criteria=[{"key": "first_name"}]),
        node("b", "B?", edges=[edge("back", "ask")]),
    )
    dialog = machine(made, script_decisions("on", "on", "back", "on"))
    answer = await say(dialog, "hi", "x", "x", "x", "x")
    assert (answer.node, answer.text) == ("ask", "Thank you. I still need first name.")


async def test_the_data_decide_without_a_model_call_on_a_users_turn_too() -> None:
    choose = edge("pick", "offer", input_schema=input_schema(plan={"enum": ["gold", "basic"]}))
    offer = node(
        "offer", "Shall we?", edges=[edge("g", "gold", "plan == 'gold'"), edge("b", "end", "plan != 'gold'")]
    )
    places = [
        node("gold", "Gold.", is_final=True),
        END,
        node("faq", "Because."),
        node("a", "A?", edges=[choose]),
    ]
    made = flow(places[3], offer, *places[:3], global_edges=[edge("why", "faq", keywords=["why"])])
    script = script_decisions(TransitionDecision(edge_id="pick", slots={"plan": "gold"}))
    dialog = machine(made, script)
    assert (await say(dialog, "hi", "gold")).node == "offer"
    assert "Because." in (await dialog.turn("why?")).text
    done = await dialog.turn("go ahead")
    assert (done.edge, done.text, len(script.transition_requests)) == ("g", "Gold.", 1)


async def test_prose_that_only_looks_like_data_stays_prose() -> None:
    made = flow(
        node("a", "A?", edges=[edge("go", "end", "answer is true"), edge("no", "a", "x is empty")]), END
    )
    script = script_decisions("go")
    assert (await say(machine(made, script), "hi", "it is true")).outcome == "final"
    assert [offered.id for offered in script.transition_requests[0].available_edges] == ["go", "no"]


async def test_an_edge_without_a_schema_may_bring_what_its_target_names_and_is_not_held_up() -> None:
    greet = node("b", instruction="Greet {{ first_name }} of {{ BANK }}.", edges=[edge("on", "end")])
    made = flow(node("a", "A?", edges=[edge("go", "b")]), greet, END, environment_variables={"BANK": "HB"})
    told = script_decisions(TransitionDecision(edge_id="go", slots={"first_name": "Ada", "BANK": "evil"}))
    dialog = machine(made, told)
    answer = await say(dialog, "hi", "Ada")
    assert [slot.name for slot in told.transition_requests[0].available_edges[0].inferred_slots] == [
        "first_name"
    ]
    assert (answer.outcome, told.reply_requests[0].instruction) == ("advance", "Greet Ada of HB.")
    assert dialog.state is not None
    assert dialog.state["slots"] == {"first_name": "Ada"}
