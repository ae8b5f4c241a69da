"""File format of conversation tests: the user's messages and what is expected."""

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
    """Checks after a message; a key that is missing is not checked. `reply` are parts of the text."""

    reply: StringList = ()
    node: str | None = None
    edge: str | None = None
    outcome: ExpectedOutcome | None = None
    slots: dict[str, JsonValue] = Field(default_factory=dict)
    choices: tuple[str, ...] | None = None


class ScriptedDecision(_StrictModel):
    """A decision of the scripted model: an edge, or none to stay, with slots and the reply."""

    edge: str = ""
    slots: dict[str, JsonValue] = Field(default_factory=dict)
    reply: str = ""


class UserStep(_StrictModel):
    """One message of the user; `payload` is set for a tapped quick reply.

    The scripted model makes the decisions of `decide` and writes the texts of `speak`, each in order.
    """

    say: str = ""
    payload: str = ""
    decide: Annotated[tuple[ScriptedDecision, ...], BeforeValidator(_wrap_object)] = ()
    speak: StringList = ()
    expect: Expectation = Expectation()

    @model_validator(mode="after")
    def _validate_not_empty(self) -> Self:
        if not self.say and not self.payload:
            raise PydanticCustomError("empty", "This step has no message: set say or payload")
        return self


class StubResponse(_StrictModel):
    """Response of another system to an action, instead of a real call; or none, as if it were unreachable."""

    status: int = Field(200, ge=100, le=599)
    data: JsonValue = None
    unreachable: bool = False


StubResponses = dict[str, Annotated[tuple[StubResponse, ...], BeforeValidator(_wrap_object)]]
"""Responses by action id, one after another; the last one is repeated."""


class ConversationTest(_StrictModel):
    """One conversation from its beginning, with its own date and responses if needed.

    With `greeting` the bot speaks first, as in `turngate flow chat`.
    """

    name: str
    today: date | None = None
    greeting: bool = False
    answers: StubResponses = Field(default_factory=dict)
    turns: tuple[UserStep, ...] = Field(min_length=1)


class ConversationTestFile(_StrictModel):
    """All conversations of a file. `today` is the date on which they take place.

    `answers` are the responses to actions in all of them; an action without one fails as if the server was
    unreachable.
    """

    today: date | None = None
    answers: StubResponses = Field(default_factory=dict)
    conversations: tuple[ConversationTest, ...] = Field(min_length=1)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Load a YAML file. Raises `FlowError` with every problem."""
        try:
            return cls.model_validate(parse_yaml(read_text(path), str(path)))
        except ValidationError as error:
            raise FlowError(str(path), list(issues_from_pydantic(error, cls))) from error


def conversation_file_path(flow: str | Path) -> Path:
    """Return the path of a flow's conversation tests: `kyc.test.yaml` for `kyc.json`."""
    return Path(flow).parent / f"{Path(flow).stem}.test.yaml"
