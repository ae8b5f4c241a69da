"""Slots that a shared location or a submitted form fills without a model."""

from __future__ import annotations

from typing import Any

import pytest

from core.model import Location
from flows.llm import STAY_DECISION, ScriptedModel, TransitionDecision
from tests.flows.conversation import PLACE, edge, flow, input_schema, machine, node, turn

PLACE_SLOT = {"type": "object", "format": "location", "x-question": "Please share where you are."}


def build_flow(*more: Any, slot: Any = PLACE_SLOT, **fields: Any) -> Any:
    shown = "To {{ place.address }} ({{ place.latitude }}, {{ place.longitude }})"
    return flow(
        node(
            "ask",
            "Where to?",
            edges=[
                edge("given", "done", "The user shares a place", input_schema=input_schema(place=slot)),
                *more,
            ],
        ),
        node("done", shown, is_final=True),
        **fields,
    )


@pytest.mark.parametrize("llm", ["rules", ScriptedModel([STAY_DECISION])])
async def test_a_location_fills_its_slot_without_a_model(llm: Any) -> None:
    dialog = machine(build_flow(), llm)
    await dialog.turn(turn(""))

    assert (await dialog.turn(turn(location=PLACE))).text == "To 1 Quay Street (47.5, 19.0)"


async def test_a_location_as_the_first_message_fills_its_slot() -> None:
    answer = await machine(build_flow()).turn(turn(location=PLACE))

    assert answer.text.endswith("To 1 Quay Street (47.5, 19.0)")


async def test_a_model_invents_no_place() -> None:
    invented = TransitionDecision("given", {"place": {"latitude": 1.0, "longitude": 2.0}})
    dialog = machine(build_flow(), ScriptedModel([invented]))
    await dialog.turn(turn(""))

    answer = await dialog.turn("somewhere")

    assert (answer.text, answer.node) == ("Please share where you are.", "ask")


async def test_a_place_without_a_wanted_part_is_asked_for_again() -> None:
    slot = {**PLACE_SLOT, "properties": {"address": {"type": "string", "minLength": 3}}}
    dialog = machine(build_flow(slot=slot))
    await dialog.turn("hi")

    answer = await dialog.turn(turn(location=Location(latitude=1, longitude=2)))

    assert (answer.node, "place" in str(answer.text)) == ("ask", True)


async def test_a_typed_address_can_have_an_edge_of_its_own() -> None:
    typed = edge(
        "typed", "noted", "An address is written", input_schema=input_schema(address={"type": "string"})
    )
    made = flow(
        node(
            "ask",
            "Where to?",
            edges=[
                edge("given", "done", "A place is shared", input_schema=input_schema(place=PLACE_SLOT)),
                typed,
            ],
        ),
        node("done", "PIN", is_final=True),
        node("noted", "TYPED {{ address }}", is_final=True),
    )
    for given, expected in ((turn(location=PLACE), "PIN"), ("1 Quay Street", "TYPED 1 Quay Street")):
        dialog = machine(made)
        await dialog.turn("hi")
        assert (await dialog.turn(given)).text == expected


@pytest.mark.parametrize(
    ("field", "value", "stored"),
    [
        ("integer", "5", 5),
        ("integer", " -5 ", -5),
        ("number", "4.5", 4.5),
        ("boolean", "true", True),
        ("string", 5, "5"),
        ("array", ["0_a", "1_b"], ["0_a", "1_b"]),
    ],
)
async def test_a_forms_field_is_read_in_the_type_of_its_schema(
    field: str, value: Any, stored: object
) -> None:
    schema = {"type": "object", "format": "form", "properties": {"rating": {"type": field}}}
    dialog = machine(
        flow(
            node(
                "ask", "Please rate.", edges=[edge("sent", "end", input_schema=input_schema(survey=schema))]
            ),
            node("end", "Thanks", is_final=True),
        )
    )
    await dialog.turn("hi")
    answer = await dialog.turn(turn("Sent", form={"rating": value}))

    assert answer.text == "Thanks"
    assert dialog.state is not None
    slots: Any = dialog.state["slots"]
    assert slots["survey"]["rating"] == stored


@pytest.mark.parametrize("value", ["five", "", None, "5.5", "9" * 400, "٥", {"a": 1}, "true"])
async def test_a_forms_field_of_another_type_is_asked_for_again(value: Any) -> None:
    schema = {"type": "object", "format": "form", "properties": {"rating": {"type": "integer"}}}
    dialog = machine(
        flow(
            node(
                "ask", "Please rate.", edges=[edge("sent", "end", input_schema=input_schema(survey=schema))]
            ),
            node("end", "Thanks", is_final=True),
        )
    )
    await dialog.turn("hi")

    assert (await dialog.turn(turn("Sent", form={"rating": value}))).node == "ask"


async def test_a_form_fills_its_slot_with_the_fields_that_are_named() -> None:
    fields = {"size": {"type": "string"}}
    schema = {"type": "object", "format": "form", "properties": fields, "required": ["size"]}
    sent = edge("sent", "done", input_schema=input_schema(answers=schema))
    made = flow(
        node("ask", "Please fill in the form.", edges=[sent]),
        node("done", "Size {{ answers.size }}", is_final=True),
    )
    dialog = machine(made)
    await dialog.turn("hi")
    form = {"flow_token": "t", "size": "M", "note": "x" * 5_000}

    assert (await dialog.turn(turn("Sent", form=form))).text == "Size M"
    assert dialog.state is not None
    assert dialog.state["slots"] == {"answers": {"size": "M"}}
