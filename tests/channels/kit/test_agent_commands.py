"""Agent commands in internal notes."""

from __future__ import annotations

import pytest

from channels._kit.agent_commands import parse_agent_command
from core.model import ControlAction


@pytest.mark.parametrize(
    ("note", "act"),
    [
        ("/bot on", ControlAction.GIVE_BACK),
        (" /Bot  ON\n", ControlAction.GIVE_BACK),
        ("/bot off", ControlAction.TAKE_OVER),
        ("/end", ControlAction.CLOSE),
        ("/bot on please", None),
        ("we should try /end", None),
        ("", None),
    ],
)
def test_only_a_complete_note_is_a_command(note: str, act: ControlAction | None) -> None:
    assert parse_agent_command(note) is act
