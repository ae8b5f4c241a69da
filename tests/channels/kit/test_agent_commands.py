"""Commands that an agent writes to the bot in an internal note."""

from __future__ import annotations

import pytest

from channels._kit.agent_commands import command
from core.model.owner import Act


@pytest.mark.parametrize(
    ("note", "act"),
    [
        ("/bot on", Act.GIVE_BACK),
        (" /Bot  ON\n", Act.GIVE_BACK),
        ("/bot off", Act.TAKE_OVER),
        ("/end", Act.CLOSE),
        ("/bot on please", None),
        ("we should try /end", None),
        ("", None),
    ],
)
def test_a_note_that_is_a_command_is_one(note: str, act: Act | None) -> None:
    assert command(note) is act
