"""Answers to choices: by number, label, misspelled label, or an old button."""

from __future__ import annotations

import pytest

from core.model import Turn
from core.ports import State
from flows.document import WatchedFlowFile
from flows.engine import DialogMachine
from flows.library import FLOW_LIBRARY
from flows.llm.rules import RulesModel
from tests.channels.twilio.builders import changed, turn_of, twilio

BUTTON = {"Body": "Returns", "ButtonText": "Returns", "ButtonPayload": "returns"}
ANSWER = "You can send anything back"


async def said(turn: Turn, state: State | None) -> tuple[list[str], State]:
    """Run a turn and return the rendered replies and the state."""
    dialog = DialogMachine(WatchedFlowFile(FLOW_LIBRARY / "support.json").flow, RulesModel())
    step = await dialog.answer(turn, state)
    parts = [part.body for message in step.messages for part in twilio().render(message, turn.address)]
    return parts, step.state


async def greeted() -> State:
    shown, state = await said(turn_of(changed("sms", Body="hello")), None)
    assert "2. Returns" in shown[-1]
    return state


@pytest.mark.parametrize("answer", ["2", "two", "2.", "Returns", "returns", "Retruns", "the second one"])
async def test_an_answer_to_a_numbered_list_matches_its_payload(answer: str) -> None:
    shown, _ = await said(turn_of(changed("sms", Body=answer)), await greeted())

    assert shown[0].startswith(ANSWER)


async def test_a_button_tapped_later_keeps_its_meaning() -> None:
    _, elsewhere = await said(turn_of(changed("sms", Body="1")), await greeted())
    tapped = turn_of(changed("whatsapp_button", **BUTTON))
    assert tapped.payload == "returns"

    at_another_question, _ = await said(tapped, elsewhere)
    a_week_later, _ = await said(tapped, None)

    assert at_another_question[0].startswith(ANSWER)
    assert "order number" in at_another_question[-1]
    assert any(part.startswith(ANSWER) for part in a_week_later)
