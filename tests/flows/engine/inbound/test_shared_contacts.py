"""Contact cards and orders: what the user shares is data, and not what they say."""

from __future__ import annotations

from typing import Any

import pytest

from core.model import ContactCard, Order, OrderItem
from tests.flows.conversation import edge, flow, input_schema, machine, node, turn

CARDS = (ContactCard(name="Dr. Cancel", phones=("+1 202-555-0190",), emails=("stop@shop.example",)),)
ORDER = Order(items=(OrderItem(product_id="yes", quantity=2),))
PHONE = {"type": "string", "format": "phone", "x-question": "Which number?"}


def build_flow(slot: Any) -> Any:
    return flow(
        node("ask", "Whom may we call?", edges=[edge("given", "done", "The number", input_schema=slot)]),
        node("cancelled", "Cancelled.", is_final=True),
        node("done", "We call {{ number }}.", is_final=True),
        global_edges=[edge("stop", "cancelled", "The user cancels", examples=["cancel", "stop"])],
    )


def build_confirmation() -> Any:
    choices = [{"label": "Yes", "payload": "yes"}, {"label": "Cancel", "payload": "no"}]
    return flow(
        node(
            "ask",
            "Book it?",
            quick_replies=choices,
            edges=[
                edge("yes", "done", "The user confirms"),
                edge("no", "cancelled", "The user cancels", examples=["cancel"]),
            ],
        ),
        node("cancelled", "Cancelled.", is_final=True),
        node("done", "Booked.", is_final=True),
    )


@pytest.mark.parametrize("shared", [{"contacts": CARDS}, {"order": ORDER}])
async def test_a_shared_card_or_order_chooses_and_confirms_nothing(shared: Any) -> None:
    dialog = machine(build_confirmation())
    await dialog.turn("hi")
    answer = await dialog.turn(turn("", **shared))

    assert (answer.node, answer.outcome) == ("ask", "stay")
    assert ("(shared a contact)" in str(dialog.state)) == ("contacts" in shared)
    assert ("(sent an order)" in str(dialog.state)) == ("order" in shared)
    assert (await dialog.turn("yes")).text == "Booked."


async def test_a_card_answers_the_question_for_a_number() -> None:
    dialog = machine(build_flow(input_schema(number=PHONE)))
    await dialog.turn("hi")

    assert (await dialog.turn(turn("", contacts=CARDS))).text == "We call +12025550190."


async def test_a_card_gives_no_value_that_is_not_required() -> None:
    schema = input_schema(number=PHONE, email={"type": "string", "format": "email"})
    dialog = machine(build_flow({**schema, "required": ["number"]}))
    await dialog.turn("hi")
    await dialog.turn(turn("", contacts=CARDS))

    assert "stop@shop.example" not in str((dialog.state or {})["slots"])


async def test_two_numbers_and_words_beside_a_card_are_asked_about() -> None:
    several = (*CARDS, ContactCard(name="Bob", phones=("+1 202-555-0191",)))
    for shared in (turn("", contacts=several), turn("no idea", contacts=CARDS)):
        dialog = machine(build_flow(input_schema(number=PHONE)))
        await dialog.turn("hi")

        assert (await dialog.turn(shared)).node == "ask"
