"""Who may speak in a session: the state machine of law L10, as data."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Owner(StrEnum):
    """The one voice of a session (law L10)."""

    BOT = "bot"
    WAITING = "waiting"
    HUMAN = "human"
    CLOSED = "closed"


class Act(StrEnum):
    """What somebody did that may change who speaks, or whether anybody may."""

    HAND_OFF = "hand_off"
    TAKE_OVER = "take_over"
    GIVE_BACK = "give_back"
    CLOSE = "close"
    OPT_OUT = "opt_out"
    OPT_IN = "opt_in"


class Passing(StrEnum):
    """What lets a session pass back to the bot without anybody's act, by the store's clock or its mailbox."""

    TIME_OUT = "time-out of the hand-off"
    LAPSE = "a message after a long silence of the business"
    REOPEN = "a message"


class Move(NamedTuple):
    """One arrow of the state machine."""

    before: Owner
    cause: Act | Passing
    after: Owner


MOVES = (
    Move(Owner.BOT, Act.HAND_OFF, Owner.WAITING),
    *(Move(each, Act.TAKE_OVER, Owner.HUMAN) for each in (Owner.BOT, Owner.WAITING, Owner.CLOSED)),
    *(Move(each, Act.GIVE_BACK, Owner.BOT) for each in (Owner.WAITING, Owner.HUMAN, Owner.CLOSED)),
    *(Move(each, Act.CLOSE, Owner.CLOSED) for each in (Owner.BOT, Owner.WAITING, Owner.HUMAN)),
    Move(Owner.WAITING, Passing.TIME_OUT, Owner.BOT),
    *(Move(each, Passing.LAPSE, Owner.BOT) for each in (Owner.WAITING, Owner.HUMAN)),
    Move(Owner.CLOSED, Passing.REOPEN, Owner.BOT),
)
"""All that can happen; whatever is not here changes nothing. docs/hand-off.md draws it."""

_AFTER = {(move.before, move.cause): move.after for move in MOVES}


def after(owner: Owner, cause: Act | Passing) -> Owner:
    """The owner once `cause` has happened. The bot's wish to hand off never takes a session from a person."""
    return _AFTER.get((owner, cause), owner)


def may_answer(owner: Owner) -> bool:
    """Whether the dialog may run for a new turn."""
    return owner is Owner.BOT
