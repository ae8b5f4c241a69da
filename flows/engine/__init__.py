"""The dialog engine: runs one turn of a compiled flow from a stored state."""

from __future__ import annotations

from flows.engine.machine import DialogMachine
from flows.engine.turn_context import LoadPicture
from flows.engine.turn_result import NodeVisit, TurnResult
from flows.llm import Moderator

__all__ = [
    "DialogMachine",
    "LoadPicture",
    "Moderator",
    "NodeVisit",
    "TurnResult",
]
