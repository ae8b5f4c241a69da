"""Who may speak in a session."""

from __future__ import annotations

from enum import StrEnum


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


_AFTER: dict[Act, Owner] = {
    Act.HAND_OFF: Owner.WAITING,
    Act.TAKE_OVER: Owner.HUMAN,
    Act.GIVE_BACK: Owner.BOT,
    Act.CLOSE: Owner.CLOSED,
}


def after(owner: Owner, act: Act) -> Owner:
    """The owner once `act` has happened. The bot's wish to hand off never takes a session from a person."""
    if act is Act.HAND_OFF and owner is not Owner.BOT:
        return owner
    return _AFTER.get(act, owner)


def may_answer(owner: Owner) -> bool:
    """Whether the dialog may run for a new turn."""
    return owner is Owner.BOT


def may_send(owner: Owner) -> bool:
    """Whether a committed reply may still leave: a farewell at hand-off may, nothing once a person speaks."""
    return owner in (Owner.BOT, Owner.WAITING)
