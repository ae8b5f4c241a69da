"""Kind of inbound message, with a sample and its expected result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from core.model import UNSUPPORTED_KIND, ActivityReceived, ControlReceived, Event, Ignored, TurnReceived

Json = dict[str, Any]

TURN, REACTION, UNSUPPORTED = "turn", "reaction", "unsupported message"
RECORDED, CONTROL, IGNORED = "recorded", "control event", "ignored"

MEANINGS = {
    TURN: "answered by the flow",
    REACTION: "decides nothing, unless the node's `on_reaction` says so; not answered",
    UNSUPPORTED: "answered with one sentence and the open question, until the next message that can be read",
    RECORDED: "an entry of the session's log; not answered",
    CONTROL: "changes who may speak, or whether anything may be sent",
    IGNORED: "acknowledged and counted with its reason",
}


class InboundKind(NamedTuple):
    """Kind of message, its handling, the data for a flow, and a sample's events."""

    kind: str
    becomes: str
    note: str
    events: Callable[[], list[Event]]


def classify(events: list[Event]) -> str:
    """Return the handling of a message."""
    [event] = events
    match event:
        case TurnReceived(turn=turn) if turn.reaction is not None:
            return REACTION
        case TurnReceived(turn=turn):
            return UNSUPPORTED if turn.kind == UNSUPPORTED_KIND else TURN
        case ActivityReceived():
            return RECORDED
        case ControlReceived():
            return CONTROL
        case Ignored():
            return IGNORED
    return "status"
