"""The port of the dialog engine: one turn in, the next state and what to say out."""

from __future__ import annotations

from typing import Protocol

from pydantic import Field, JsonValue

from core.concurrency import Barrier
from core.message import Message
from core.turn import Turn
from core.value import Value

State = dict[str, JsonValue]


class Step(Value):
    """What one turn came to. `state` replaces the session's dialog state when it is committed.

    `hand_off` asks for a person. `outcome`, `node` and `edge` are for the session's log.
    """

    state: State
    messages: tuple[Message, ...] = ()
    outcome: str = "stay"
    node: str = ""
    edge: str = ""
    hand_off: bool = False
    details: dict[str, str] = Field(default_factory=dict)


class Dialog(Protocol):
    """A function of (turn, state): holds nothing between turns, so any worker can run any session."""

    async def answer(self, turn: Turn, state: State | None, barrier: Barrier | None = None) -> Step:
        """Answer one turn from the stored state; `None` for a session's first turn.

        `barrier` is to be crossed right before the turn's first irreversible act (law L11). A turn that is
        cancelled changes nothing.
        """
        ...
