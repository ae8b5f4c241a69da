"""Conversations written down beside a flow: what is said, and what is expected."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from flows.document import FlowError, parse_yaml, read_text
from flows.document.validation import issues_from_pydantic


def _wrap_string(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _wrap_object(value: object) -> object:
    return [value] if isinstance(value, dict) else value


StringList = Annotated[tuple[str, ...], BeforeValidator(_wrap_string)]
ExpectedOutcome = Literal[
    "stay", "advance", "final", "hand_off", "budget", "refused", "rounds", "hops", "error"
]


class _StrictModel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Expectation(_StrictModel):
    """What is checked after a message; what is not named is not looked at. `reply` are parts of the text."""

    reply: StringList = ()
    node: str | None = None
    edge: str | None = None
    outcome: ExpectedOutcome | None = None
    slots: dict[str, JsonValue] = Field(default_factory=dict)
    choices: tuple[str, ...] | None = None


class ScriptedDecision(_StrictModel):
    """What a scripted model decides: an edge, or none to stay; what it has learnt, and what it says."""

    edge: str = ""
    slots: dict[str, JsonValue] = Field(default_factory=dict)
    reply: str = ""


class UserStep(_StrictModel):
    """One message of the user's; `payload` is set for a tapped quick reply.

    With the model `scripted`, it decides what `decide` says and writes what `speak` says, each in order.
    """

    say: str = ""
    payload: str = ""
    decide: Annotated[tuple[ScriptedDecision, ...], BeforeValidator(_wrap_object)] = ()
    speak: StringList = ()
    expect: Expectation = Expectation()

    @model_validator(mode="after")
    def _validate_not_empty(self) -> Self:
        if not self.say and not self.payload:
            raise PydanticCustomError("empty", "Nothing is said here: set say or payload")
        return self


class StubResponse(_StrictModel):
    """What another system answers to an action, in place of a real call."""

    status: int = Field(200, ge=100, le=599)
    data: JsonValue = None


StubResponses = dict[str, Annotated[tuple[StubResponse, ...], BeforeValidator(_wrap_object)]]
"""The answers to each action by its id, one after another; the last is given again and again."""


class ConversationTest(_StrictModel):
    """A conversation from its beginning, with answers of its own if need be."""

    name: str
    answers: StubResponses = Field(default_factory=dict)
    turns: tuple[UserStep, ...] = Field(min_length=1)


class ConversationTestFile(_StrictModel):
    """All conversations of a file. `today` is the day on which they take place.

    `answers` are what actions get in all of them. An action without one fails, as if nobody was there.
    """

    today: date | None = None
    answers: StubResponses = Field(default_factory=dict)
    conversations: tuple[ConversationTest, ...] = Field(min_length=1)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a YAML file. Raises `FlowError`, naming every problem."""
        try:
            return cls.model_validate(parse_yaml(read_text(path), str(path)))
        except ValidationError as error:
            raise FlowError(str(path), list(issues_from_pydantic(error))) from error


def conversation_file_path(flow: str | Path) -> Path:
    """The file with the conversations of a flow: `kyc.test.yaml` for `kyc.json`."""
    return Path(flow).with_suffix(".test.yaml")
