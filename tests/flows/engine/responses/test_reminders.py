"""Reminders: scheduled when their node is entered, after a duration or at a slot's time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from core.model import Message, Route, Template
from core.ports import Reminder
from flows.document import Flow, Remind
from flows.engine import DialogMachine
from flows.llm import create_model
from tests.flows.conversation import document, edge, input_schema, node


async def read_reminders(text: str, node_fields: Any = None, **remind: Any) -> tuple[Reminder, ...]:
    """Return the reminders of a turn that enters a node with a reminder and fills the slot `slot`."""
    from core.model import Address, Turn

    schema = input_schema(slot={"type": "string"})
    flow = Flow.model_validate(
        document(
            node("start", "When?", edges=[edge("said", "done", input_schema=schema)]),
            node(
                "done", "Noted.", remind={"text": "See you, *{{ slot }}*.", **remind}, **(node_fields or {})
            ),
        )
    )
    machine = DialogMachine(flow, create_model("rules"))
    address = Address(channel="web", account="A", ours="A", theirs="ada")
    state = (await machine.answer(Turn(id="1", session="web:ada", address=address, text="hi"), None)).state
    outcome = await machine.answer(Turn(id="2", session="web:ada", address=address, text=text), state)
    assert outcome.node == "done"
    return outcome.reminders


async def test_a_reminder_after_a_duration() -> None:
    [reminder] = await read_reminders("Ada", after="2h", cancel_on_reply=True)

    assert (reminder.node, reminder.seconds, reminder.cancel_on_reply) == ("done", 7_200, True)
    assert reminder.message == Message(text="See you, *Ada*.")


async def test_a_reminder_may_be_a_template_or_take_the_nodes_way_outside_the_window() -> None:
    template = {"name": "visit", "language": "en_US", "variables": {"1": "{{ slot }}"}}
    [reminder] = await read_reminders("Ada", after="2h", template=template)
    [plain] = await read_reminders("Ada", after="2h", node_fields={"outside_window": {"wait": True}})

    sent = Template(name="visit", language="en_US", variables={"1": "Ada"})
    assert reminder.message == Message(text="See you, *Ada*.", template=sent)
    assert plain.message.fallback == Route(waits=True)


async def test_a_reminder_before_the_time_of_a_slot() -> None:
    at = (datetime.now(UTC) + timedelta(days=10)).replace(microsecond=0, second=0)
    written = at.strftime("%Y-%m-%dT%H:%M")
    [reminder] = await read_reminders(written, at="{{ slot }}", before="1d")
    [berlin] = await read_reminders(written, at="{{ slot }}", time_zone="Etc/GMT-2")

    assert reminder.at_ms == int((at - timedelta(days=1)).timestamp() * 1000)
    assert berlin.at_ms == int((at - timedelta(hours=2)).timestamp() * 1000)


@pytest.mark.parametrize("text", ["2001-01-01T09:30", "tomorrow", "2026-02-30T09:30"])
async def test_a_time_that_has_passed_or_cannot_be_read_schedules_nothing(text: str) -> None:
    assert await read_reminders(text, at="{{ slot }}") == ()


@pytest.mark.parametrize(
    "remind",
    [
        {"text": "x"},
        {"text": "x", "after": "2h", "at": "{{ slot }}"},
        {"text": "x", "after": "2 weeks"},
        {"text": "x", "after": "0h"},
        {"text": "x", "after": "2h", "before": "1h"},
        {"text": "", "after": "2h"},
        {"text": "x", "at": "{{ slot }}", "time_zone": "Mars"},
    ],
)
def test_a_wrong_reminder_is_refused(remind: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Remind.model_validate(remind)
