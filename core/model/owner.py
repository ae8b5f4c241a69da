"""State machine of session ownership: who may send in a session (guarantee L10)."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Owner(StrEnum):
    """Current owner of a session (guarantee L10)."""

    BOT = "bot"
    WAITING = "waiting"
    HUMAN = "human"
    CLOSED = "closed"


class ControlAction(StrEnum):
    """An action that may change the owner, or whether anything may be sent at all.

    `PASSED_ON`: the provider reports that the bot's own hand-off is done. It changes no owner.
    """

    HAND_OFF = "hand_off"
    PASSED_ON = "passed_on"
    TAKE_OVER = "take_over"
    GIVE_BACK = "give_back"
    CLOSE = "close"
    OPT_OUT = "opt_out"
    OPT_IN = "opt_in"


class AutomaticTransition(StrEnum):
    """Cause of a transition back to the bot without anybody's action."""

    HAND_OFF_TIMEOUT = "hand-off timeout"
    BUSINESS_INACTIVITY = "message after agent inactivity"
    NEW_MESSAGE = "message"


class Transition(NamedTuple):
    """One transition of the state machine."""

    before: Owner
    cause: ControlAction | AutomaticTransition
    after: Owner


TRANSITIONS = (
    Transition(Owner.BOT, ControlAction.HAND_OFF, Owner.WAITING),
    *(
        Transition(each, ControlAction.TAKE_OVER, Owner.HUMAN)
        for each in (Owner.BOT, Owner.WAITING, Owner.CLOSED)
    ),
    *(
        Transition(each, ControlAction.GIVE_BACK, Owner.BOT)
        for each in (Owner.WAITING, Owner.HUMAN, Owner.CLOSED)
    ),
    *(
        Transition(each, ControlAction.CLOSE, Owner.CLOSED)
        for each in (Owner.BOT, Owner.WAITING, Owner.HUMAN)
    ),
    Transition(Owner.WAITING, AutomaticTransition.HAND_OFF_TIMEOUT, Owner.BOT),
    *(
        Transition(each, AutomaticTransition.BUSINESS_INACTIVITY, Owner.BOT)
        for each in (Owner.WAITING, Owner.HUMAN)
    ),
    Transition(Owner.CLOSED, AutomaticTransition.NEW_MESSAGE, Owner.BOT),
)
"""All transitions; anything else changes nothing. docs/hand-off.md draws them."""

_NEXT_OWNERS = {(move.before, move.cause): move.after for move in TRANSITIONS}


def next_owner(owner: Owner, cause: ControlAction | AutomaticTransition) -> Owner:
    """Return the owner after `cause`. The bot's hand-off never takes a session from an agent."""
    return _NEXT_OWNERS.get((owner, cause), owner)


def can_bot_answer(owner: Owner) -> bool:
    """Return whether the dialog may run for a new turn."""
    return owner is Owner.BOT
