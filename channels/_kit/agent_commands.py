"""Commands that an agent gives the bot in an internal note."""

from __future__ import annotations

from core.model import ControlAction

_COMMANDS = {
    "/bot on": ControlAction.GIVE_BACK,
    "/bot off": ControlAction.TAKE_OVER,
    "/end": ControlAction.CLOSE,
}


def parse_agent_command(note: str) -> ControlAction | None:
    """Return the action of an agent's note: `/bot on`, `/bot off` or `/end`; `None` for any other note.

    The command is the complete note, case-insensitive; with further words it is an ordinary note.
    """
    return _COMMANDS.get(" ".join(note.split()).casefold())
