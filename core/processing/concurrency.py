"""Concurrency policies for messages that arrive while an earlier one is being answered (guarantee L11)."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from pydantic import Field

from core.model import FrozenModel, Turn
from core.ports import TurnListener

_MAX_DETAILS = 50
_SINGLE_FIELDS = ("location", "quoted", "form", "order", "referral", "profile_name", "subject")


class ConcurrencyPolicy(StrEnum):
    """`queue`: one turn after the other. `burst`: debounce, messages within a short window are one turn.

    `interrupt`: a new message cancels the running turn, and both are answered as one.
    """

    QUEUE = "queue"
    BURST = "burst"
    INTERRUPT = "interrupt"


class Concurrency(FrozenModel, extra="forbid"):
    """A policy with its times in seconds.

    `window` is how long a burst waits for the next message, `cap` how long it waits in total and how long a
    running turn may be restarted.
    """

    policy: ConcurrencyPolicy = ConcurrencyPolicy.QUEUE
    window: float = Field(default=1.5, gt=0, le=60)
    cap: float = Field(default=8.0, gt=0, le=300)


class CommitBarrier(TurnListener):
    """Marks the first irreversible action of a turn. Before it, a new message may restart the turn."""

    def __init__(self) -> None:
        self.is_crossed = False

    async def on_side_effect(self) -> None:
        """Cross the barrier: a tool with side effects is about to start."""
        self.is_crossed = True


def bypasses_policy(turn: Turn) -> bool:
    """Return whether a turn is a button, a reaction, a command or an opt-out: it is not merged."""
    return bool(turn.payload or turn.request) or turn.reaction is not None or turn.text.startswith("/")


def turns_to_merge(turns: Sequence[Turn]) -> tuple[Turn, ...]:
    """Return the first turns, as many as are answered as one."""
    for number, turn in enumerate(turns):
        if bypasses_policy(turn):
            return tuple(turns[: max(number, 1)])
    return tuple(turns)


def merge_turns(turns: Sequence[Turn]) -> Turn:
    """Merge messages into one turn. It has the first one's id, so that it stays the same when more arrive."""
    if len(turns) == 1:
        return turns[0]
    details = {name: value for turn in turns for name, value in turn.details.items()}
    newest = {name: _newest_value(turns, name) for name in _SINGLE_FIELDS}
    texts = tuple(turn.text for turn in turns if turn.text)
    return turns[-1].model_copy(
        update={
            "id": turns[0].id,
            "text": "\n".join(texts),
            "merged_texts": texts,
            "attachments": tuple(each for turn in turns for each in turn.attachments),
            "contacts": tuple(each for turn in turns for each in turn.contacts),
            "kind": next((turn.kind for turn in reversed(turns) if turn.has_content), turns[-1].kind),
            **newest,
            "details": dict(list(details.items())[:_MAX_DETAILS]),
            "streamed": any(turn.streamed for turn in turns),
        }
    )


def _newest_value(turns: Sequence[Turn], name: str) -> object:
    """Return a field's value in the last of these turns that has one."""
    return next(
        (value for turn in reversed(turns) if (value := getattr(turn, name))), getattr(turns[-1], name)
    )
