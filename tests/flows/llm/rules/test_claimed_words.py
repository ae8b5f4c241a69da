"""Words and digits of one value are not used for another, and a second thought is asked about."""

from __future__ import annotations

from typing import Any

import pytest

from flows.document import Flow
from tests.flows.conversation import machine

_SLOTS: dict[str, dict[str, Any]] = {
    "code": {"question": "Your code?", "pattern": "^[0-9]{7}$", "description": "your code"},
    "day": {"question": "Which day?", "format": "date", "x-future": True, "description": "the day"},
    "guests": {"question": "How many guests?", "type": "integer", "description": "the number of guests"},
    "room": {
        "question": "Which room?", "enum": ["attic", "cellar"], "x-synonyms": {"attic": ["guests upstairs"]},
    },
    "clock": {"question": "What time?", "format": "time", "description": "the time"},
    "phone": {"question": "Your phone number?", "format": "phone", "x-region": "ES"},
}  # fmt: skip


def _build_flow(*names: str, language: str = "en") -> Flow:
    return Flow.model_validate(
        {
            "system_prompt": "You take bookings.",
            "agent_language": language,
            "initial_node": "form",
            "nodes": [
                {
                    "id": "form",
                    "node_type": "collect",
                    "slots": [{"name": name, **_SLOTS[name]} for name in names],
                    "then": "end",
                },
                {"id": "end", "name": "End", "static_text": "Done.", "is_final": True},
            ],
        }
    )


async def _fill_slots(flow: Flow, *texts: str) -> dict[str, Any]:
    dialog = machine(flow)
    for text in ("hello", *texts):
        await dialog.turn(text)
    state: dict[str, Any] = dict(dialog.state or {})
    return dict(state.get("slots") or {})


@pytest.mark.parametrize(
    ("names", "language", "texts", "slots"),
    [
        (("code", "day"), "es", ("es el 30 41 772",), {"code": "3041772"}),
        (("code", "phone"), "es", ("3041772", "612 34 56"), {"code": "3041772"}),
        (("code",), "es", ("3041772 no, 3041773",), {"code": "3041773"}),
        (("phone",), "es", ("6 5 5, 0 1 2, 3 4 5",), {"phone": "+34655012345"}),
        (("day", "clock"), "de", ("0",), {}),
        (("day",), "en", ("the 9th at the earliest",), {}),
        (("guests",), "en", ("four of us, well five with the baby",), {}),
        (("guests",), "en", ("we're 4, no 5",), {"guests": 5}),
        (("guests",), "es", ("somos 4, no 5",), {}),
        (("guests",), "de", ("nein ich meinte 6",), {"guests": 6}),
        (("room", "guests"), "en", ("cellar", "six guests then"), {"room": "cellar", "guests": 6}),
    ],
)
async def test_digits_and_words_belong_to_one_value(
    names: tuple[str, ...], language: str, texts: tuple[str, ...], slots: dict[str, Any]
) -> None:
    assert await _fill_slots(_build_flow(*names, language=language), *texts) == slots
