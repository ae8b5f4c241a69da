"""docs/flows.md matches the code: its example flow runs, and every extension key is documented."""

from __future__ import annotations

import re

import pytest

from core.model import Location, Referral, Turn
from flows.document import Edge, Flow, Node
from tests.flows.conversation import machine, say, turn
from tests.paths import ROOT

GUIDE = (ROOT / "docs" / "flows.md").read_text(encoding="utf-8")


def load_example(name: str = "") -> Flow:
    mark = f"<!-- example: {name} -->\n" if name else ""
    match = re.search(rf"{mark}```json\n(.*?)```", GUIDE, re.DOTALL)
    assert match
    return Flow.from_json(match[1])


async def test_the_first_flow_has_15_lines_and_takes_a_reservation() -> None:
    match = re.search(r"<!-- example: first flow -->\n```yaml\n(.*?)```", GUIDE, re.DOTALL)
    assert match
    assert match[1].count("\n") <= 15
    flow = Flow.from_yaml(match[1])
    assert flow.warnings == ()
    dialog = machine(flow)
    answer = await say(dialog, "hello", "4 May 2027", "where are you?")
    assert answer.text == "You find us at 12 Quay Street.\n\nHow many are you?"
    assert (await say(dialog, "4", "no, 5 May 2027", "yes")).text == "See you on 5 May 2027!"


async def test_the_example_flow_answers_a_question_and_takes_a_date() -> None:
    dialog = machine(load_example())
    answer = await say(dialog, "hello", "what is your address?")
    assert answer.text == "You find us at 12 Quay Street.\n\nFor which day would you like a table?"
    assert (await dialog.turn("4 May 2027")).text == "See you on 4 May 2027!"


@pytest.mark.parametrize("name", ["", "delivery address", "advert"])
def test_the_example_flow_has_no_warnings(name: str) -> None:
    assert load_example(name).warnings == ()


PLACE = Location(latitude=47.5, longitude=19.0, address="1 Quay Street")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (turn(location=PLACE), "We deliver to 1 Quay Street."),
        (turn(location=Location(latitude=1, longitude=2)), "We deliver to the place on your map."),
        (turn("12 Harbour Lane"), "We deliver to 12 Harbour Lane."),
    ],
)
async def test_the_example_takes_a_delivery_address(answer: Turn, expected: str) -> None:
    dialog = machine(load_example("delivery address"))
    await dialog.turn("hello")

    assert (await dialog.turn(answer)).text == expected


async def test_the_example_greets_by_the_advert() -> None:
    came = Referral(source_id="spring-2027", headline="Spring offer")

    for referral, expected in ((came, "You saw “Spring offer”"), (None, "Hello!")):
        dialog = machine(load_example("advert"))
        assert (await dialog.turn(turn("hi", referral=referral))).text.startswith(expected)


@pytest.mark.parametrize(
    "key", ["choices", "hand_off", "media", "on_reaction", "reprompt_text", "keywords", "examples", "pattern"]
)
def test_an_extension_of_a_node_or_edge_is_documented(key: str) -> None:
    assert key in Node.model_fields or key in Edge.model_fields
    assert f"| `{key}` (extension) |" in GUIDE


@pytest.mark.parametrize("key", ["after_final", "closed_text", "unsupported_text", "budget"])
def test_an_extension_of_the_flow_is_documented(key: str) -> None:
    assert key in Flow.model_fields
    assert f"| `{key}` (extension) |" in GUIDE
