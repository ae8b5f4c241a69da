"""Business hours: outside of them, a request for a person is answered as such and can take another edge."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from flows.document import BusinessHours, Flow, FlowError
from flows.engine import DialogMachine

WEEK = {"timezone": "Europe/Berlin", "monday": ["09:00-12:00", "13:00-17:00"], "closed_on": ["2026-11-30"]}


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-11-23T08:00:00+00:00", True),
        ("2026-11-23T07:59:59+00:00", False),
        ("2026-11-23T11:00:00+00:00", False),
        ("2026-11-23T15:59:59+00:00", True),
        ("2026-11-23T16:00:00+00:00", False),
        ("2026-11-24T08:00:00+00:00", False),
        ("2026-11-30T08:00:00+00:00", False),
        ("2026-07-06T07:00:00+00:00", True),
    ],
    ids=["opens", "before", "noon", "afternoon", "closes", "another day", "a holiday", "summer time"],
)
def test_hours_are_the_businesss_own(moment: str, *, is_open: bool) -> None:
    assert BusinessHours.model_validate(WEEK).is_open(datetime.fromisoformat(moment)) is is_open


@given(st.datetimes(timezones=st.timezones()))
@example(datetime(2000, 1, 1, 23, 59, 59, 999_999, tzinfo=UTC))
def test_every_moment_is_open_or_not(moment: datetime) -> None:
    whole = BusinessHours(
        **{day: ["00:00-24:00"] for day in BusinessHours.model_fields if day.endswith("day")}
    )

    assert BusinessHours.model_validate(WEEK).is_open(moment) in (True, False)
    assert whole.is_open(moment)


@pytest.mark.parametrize(
    "wrong",
    [
        {"timezone": "Mars/Olympus"},
        {"timezone": "../etc"},
        {"monday": ["9-5"]},
        {"monday": ["17:00-09:00"]},
    ],
    ids=str,
)
def test_what_is_not_a_time_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        BusinessHours.model_validate(wrong)


def build_flow(resort: dict[str, str]) -> Flow:
    desk = {
        "id": "desk",
        "name": "Desk",
        "static_text": "One moment.",
        "hand_off": True,
        "out_of_hours": resort,
        "edges": [{"id": "later", "condition": "nobody is there", "target_node_id": "call"}],
    }
    call = {
        "id": "call",
        "name": "Call",
        "static_text": "Your number, please?",
        "edges": [
            {"id": "done", "condition": "gives a number", "keywords": ["number"], "target_node_id": "desk"}
        ],
    }
    ask = {
        "id": "ask",
        "name": "Ask",
        "static_text": "Hello!",
        "edges": [
            {"id": "person", "condition": "wants a person", "keywords": ["person"], "target_node_id": "desk"}
        ],
    }
    document = {"system_prompt": "Help.", "initial_node": "ask", "nodes": [ask, desk, call], "hours": WEEK}
    return Flow.from_json(json.dumps(document))


DAY, NIGHT = datetime(2026, 11, 23, 8, tzinfo=UTC), datetime(2026, 11, 23, 22, tzinfo=UTC)


async def ask(resort: dict[str, str], moment: datetime) -> tuple[str, str]:
    dialog = DialogMachine(build_flow(resort), now=lambda: moment)
    await dialog.start()
    result = await dialog.turn("a person please")
    return result.outcome, result.text


async def test_by_day_the_conversation_goes_to_a_person() -> None:
    assert await ask({"say": "We are closed.", "edge": "later"}, DAY) == ("hand_off", "One moment.")


async def test_at_night_it_may_lead_elsewhere() -> None:
    outcome, text = await ask({"say": "We are closed.", "edge": "later"}, NIGHT)

    assert outcome == "advance"
    assert text == "We are closed.\n\nYour number, please?"


async def test_at_night_it_may_wait_until_the_morning() -> None:
    assert await ask({"say": "We open at nine."}, NIGHT) == ("hand_off", "We open at nine.")


def test_a_resort_that_leads_nowhere_is_refused() -> None:
    with pytest.raises(FlowError, match="no edge “nowhere”"):
        build_flow({"edge": "nowhere"})
