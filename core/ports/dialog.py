"""Port of the dialog engine: one turn in, the next state and messages out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple, Protocol

from pydantic import JsonValue

from core.model import Address, Message, TimerKind, Turn

State = dict[str, JsonValue]

_NO_DETAILS: Mapping[str, str] = MappingProxyType({})


class Reminder(NamedTuple):
    """A message for later: after `seconds`, or at `at_ms`, in ms since the epoch.

    `node` names it within the turn. With `cancel_on_reply` it is dropped when the contact writes before.
    """

    node: str
    message: Message
    seconds: float = 0.0
    at_ms: int = 0
    cancel_on_reply: bool = False


class TurnOutcome(NamedTuple):
    """Result of one turn. `state` replaces the session's dialog state when it is committed.

    `hand_off` asks for an agent and `summary` is written for that agent. `timeout` is the number of seconds
    without a message after which `handle_timeout` is called. `opt_out`: the contact gets nothing more after
    these messages. `reminders` are sent later. `outcome`, `node`, `edge` and `details` go to
    the session's log.
    """

    state: State
    messages: tuple[Message, ...] = ()
    outcome: str = "stay"
    node: str = ""
    edge: str = ""
    hand_off: bool = False
    timeout: float | None = None
    summary: str = ""
    opt_out: bool = False
    reminders: tuple[Reminder, ...] = ()
    details: Mapping[str, str] = _NO_DETAILS


@dataclass(frozen=True, slots=True)
class ErrorMessages:
    """Texts sent to the contact without the dialog.

    When a turn was given up, when messages were refused for overflow, and after an opt-out or opt-in.
    """

    processing_failed: str = "Sorry, something went wrong on our side. Please write to us again in a moment."
    mailbox_overflow: str = "Sorry, so many messages came at once that we could not read the last ones."
    opted_out: str = "You will get no more messages from us. Write START to get them again."
    opted_out_of_marketing: str = "You will get no more offers from us."
    opted_in: str = "You will get our messages again. Write STOP to end them."


class TurnListener:
    """Receives progress of a running turn. The base class does nothing; override what is needed."""

    def on_text(self, text: str) -> None:
        """Receive the next piece of the reply's text, as the model streams it.

        Streamed text is not final until the turn ends: if the model fails, an error message replaces it.
        """

    async def on_side_effect(self) -> None:
        """Called before the turn's first irreversible action (guarantee L11). An exception stops the turn."""


class Dialog(Protocol):
    """A function of (turn, state) without state of its own, so that any worker can run any session."""

    async def answer(
        self, turn: Turn, state: State | None, *, listener: TurnListener | None = None
    ) -> TurnOutcome:
        """Answer one turn from the stored state, `None` for a session's first turn.

        `listener` is notified of progress. A cancelled turn changes nothing.
        """
        ...

    async def handle_timeout(self, state: State | None, address: Address, timer: TimerKind) -> TurnOutcome:
        """Return what to send when the last outcome's `timeout` has passed or its reply was not delivered.

        For a reply that was not delivered, `state` has the class of the failure as `undelivered`.
        """
        ...
