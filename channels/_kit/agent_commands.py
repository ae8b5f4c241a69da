"""What an agent can tell the bot in an internal note of the desk."""

from __future__ import annotations

from core.model import ControlAction

_COMMANDS = {
    "/bot on": ControlAction.GIVE_BACK,
    "/bot off": ControlAction.TAKE_OVER,
    "/end": ControlAction.CLOSE,
}


def parse_agent_command(note: str) -> ControlAction | None:
    """What an agent's note asks for: `/bot on`, `/bot off` or `/end`; `None` for any other note.

    The command is the whole note, in any case; words beside it make it a note for people.
    """
    return _COMMANDS.get(" ".join(note.split()).casefold())
