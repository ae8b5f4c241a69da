"""Answers to choices: by number, label, misspelled label, or an old button."""

from __future__ import annotations

import pytest

from core.model import Turn
from core.ports import State
from flows.document import WatchedFlowFile
from flows.engine import DialogMachine
from flows.library import FLOW_LIBRARY
from flows.llm.rules import RulesModel
from tests.channels.twilio.builders import build_channel, build_payload, parse_turn

BUTTON = {"Body": "Returns", "ButtonText": "Returns", "ButtonPayload": "returns"}
ANSWER = "You can send anything back"


async def answer_turn(turn: Turn, state: State | None) -> tuple[list[str], State]:
    """Run a turn and return the rendered replies and the state."""
    dialog = DialogMachine(WatchedFlowFile(FLOW_LIBRARY / "support.json").flow, RulesModel())
    step = await dialog.answer(turn, state)
    parts = [part.body for message in step.messages for part in build_channel().render(message, turn.address)]
    return parts, step.state


async def answer_greeting() -> State:
    shown, state = await answer_turn(parse_turn(build_payload("sms", Body="hello")), None)
    assert "2. Returns" in shown[-1]
    return state


@pytest.mark.parametrize("answer", ["2", "two", "2.", "Returns", "returns", "Retruns", "the second one"])
async def test_an_answer_to_a_numbered_list_matches_its_payload(answer: str) -> None:
    shown, _ = await answer_turn(parse_turn(build_payload("sms", Body=answer)), await answer_greeting())

    assert shown[0].startswith(ANSWER)


async def test_a_button_tapped_later_keeps_its_meaning() -> None:
    _, elsewhere = await answer_turn(parse_turn(build_payload("sms", Body="1")), await answer_greeting())
    tapped = parse_turn(build_payload("whatsapp_button", **BUTTON))
    assert tapped.payload == "returns"

    at_another_question, _ = await answer_turn(tapped, elsewhere)
    a_week_later, _ = await answer_turn(tapped, None)

    assert at_another_question[0].startswith(ANSWER)
    assert "order number" in at_another_question[-1]
    assert any(part.startswith(ANSWER) for part in a_week_later)
