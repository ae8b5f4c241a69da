"""The port of the dialog engine: one turn in, the next state and what to say out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple, Protocol

from pydantic import JsonValue

from core.model import Address, Message, TimerKind, Turn

State = dict[str, JsonValue]

_NO_DETAILS: Mapping[str, str] = MappingProxyType({})


class TurnOutcome(NamedTuple):
    """What one turn came to. `state` replaces the session's dialog state when it is committed.

    `hand_off` asks for a person. `timeout` is in how many seconds to ask `timed_out` when nothing happens
    until then. `summary` is for the person who takes over. `outcome`, `node` and `edge` are for the session's
    log.
    """

    state: State
    messages: tuple[Message, ...] = ()
    outcome: str = "stay"
    node: str = ""
    edge: str = ""
    hand_off: bool = False
    timeout: float | None = None
    summary: str = ""
    details: Mapping[str, str] = _NO_DETAILS


@dataclass(frozen=True, slots=True)
class ErrorMessages:
    """What is said in place of an answer: to a turn that was given up, and to messages turned away."""

    processing_failed: str = "Sorry, something went wrong on our side. Please write to us again in a moment."
    mailbox_overflow: str = "Sorry, so many messages came at once that we could not read the last ones."


class TurnListener:
    """Hears of a turn while it is at work. This one does nothing; override what you need."""

    def on_text(self, text: str) -> None:
        """The next piece of what will be said, as soon as it is known; the model's own words as they come.

        What was heard is not final before the turn is: a model that breaks off is replaced by an apology.
        """

    async def on_side_effect(self) -> None:
        """The first act that cannot be undone is about to begin (law L11). An exception stops the turn."""


class Dialog(Protocol):
    """A function of (turn, state): holds nothing between turns, so any worker can run any session."""

    async def answer(
        self, turn: Turn, state: State | None, *, watcher: TurnListener | None = None
    ) -> TurnOutcome:
        """Answer one turn from the stored state; `None` for a session's first turn.

        `watcher` is told what happens meanwhile. A turn that is cancelled changes nothing.
        """
        ...

    async def handle_timeout(self, state: State | None, address: Address, timer: TimerKind) -> TurnOutcome:
        """What there is to say when the last step's `timeout` has passed, or what it said did not arrive."""
        ...
