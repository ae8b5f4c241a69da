"""Models of what is said later or instead: timeouts, reminders, undelivered messages."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from core.local_time import load_time_zone
from flows.document.model.base import FlowModel
from flows.document.model.ways import MessageTemplate, UndeliveredClass, Way


class Fallback(FlowModel):
    """The reaction when the user does not answer: a message, an edge, or both."""

    say: str = Field("", max_length=4_000)
    edge: str = ""


class UndeliveredFallback(Fallback):
    """The reaction when a message was not delivered.

    `instead` is another way for the message, by the class of the failure; the node's text is sent there, or
    that of `say`.
    """

    instead: dict[UndeliveredClass, Way] = Field(default_factory=dict)


class Timeout(Fallback):
    """The reaction when the user has not written for a number of seconds.

    At a node that hands off it fires when no agent has taken over, and the conversation returns to the bot;
    without a message and an edge the engine's own message says so.
    """

    seconds: float = Field(gt=0, le=30 * 86_400)


_Duration = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,4} ?(s|m|h|d)$")]
_DURATION_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def parse_duration(text: str) -> float:
    """Return the seconds of a valid duration such as `2h`."""
    return int(text[:-1]) * _DURATION_UNITS[text[-1]]


class Remind(FlowModel):
    """A message for later, scheduled when the node is entered: `after` a duration, or `at` a time.

    `at` is ISO 8601; without an offset it is a time in `time_zone`. `before` moves it ahead. The `template`
    is sent in place of the text on channels that have templates.
    """

    text: str = Field(min_length=1, max_length=4_000)
    template: MessageTemplate | None = None
    after: _Duration | None = None
    at: str | None = None
    before: _Duration | None = None
    time_zone: str = ""
    cancel_on_reply: bool = False

    @model_validator(mode="after")
    def _validate_time(self) -> Self:
        if bool(self.after) == bool(self.at):
            raise PydanticCustomError("remind", "set after or at")
        if self.before and not self.at:
            raise PydanticCustomError("remind", "before has no meaning without at")
        if self.time_zone:
            load_time_zone(self.time_zone)
        return self
