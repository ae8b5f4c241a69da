"""Request and response schemas of the web channel; the OpenAPI document is generated from them."""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from core.model import Choice, FrozenModel, Message, OptOutScope, Template
from gateway.embedding.starlette import MAX_ID_LENGTH, MAX_TEXT_LENGTH
from gateway.redis.records.message_timeline import MessageOutcome


class TurnRequest(BaseModel):
    """A message. `message_id`, or the header Idempotency-Key, makes a repetition the same message."""

    model_config = ConfigDict(extra="ignore", strict=True)

    text: str = Field("", max_length=MAX_TEXT_LENGTH)
    payload: str = Field("", max_length=1_000, description="what a tapped choice sends back")
    session_id: str = Field("", max_length=MAX_ID_LENGTH)
    message_id: str = Field("", max_length=MAX_ID_LENGTH)


class ResetRequest(BaseModel):
    """The conversation to delete."""

    model_config = ConfigDict(extra="ignore", strict=True)

    session_id: str = Field("", max_length=MAX_ID_LENGTH)


class TemplateRequest(BaseModel):
    """A template that the provider has approved, and its values by the names that its channel documents."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=512)
    language: str = Field(min_length=1, max_length=20)
    variables: dict[str, str] = Field(default_factory=dict, max_length=200)

    def to_template(self) -> Template:
        """Return the template of a message."""
        return Template(name=self.name, language=self.language, variables=self.variables)


class MessageRequest(BaseModel):
    """A proactive message into an existing session of any channel."""

    model_config = ConfigDict(extra="forbid")

    session: str = Field(min_length=1, max_length=1_000, description="the session as the log names it")
    text: str = Field("", max_length=MAX_TEXT_LENGTH)
    choices: tuple[Choice, ...] = Field((), max_length=20)
    message_id: str = Field("", max_length=MAX_ID_LENGTH)
    template: TemplateRequest | None = Field(None, description="in place of a text")

    @model_validator(mode="after")
    def _check_content(self) -> Self:
        if ("text" in self.model_fields_set) is (self.template is not None):
            raise ValueError("give either text or template")
        return self

    def to_message(self) -> Message:
        """Return the message to send."""
        template = self.template.to_template() if self.template else None
        return Message(text=self.text, choices=self.choices, template=template)


class MessageView(FrozenModel):
    """One message as a client shows it. `text` is CommonMark."""

    text: str
    choices: tuple[dict[str, str], ...] = ()
    media: tuple[dict[str, str], ...] = ()


class OptOutRequest(BaseModel):
    """What a contact is not sent any more."""

    model_config = ConfigDict(extra="forbid")

    scope: OptOutScope = OptOutScope.ALL


class OptOutAnswer(BaseModel):
    """The contact's sessions, and whether they are opted out now."""

    opted_out: bool
    scope: OptOutScope
    sessions: list[str]


class TurnAnswer(BaseModel):
    """The answer. `reply` is its full text; `messages` has choices and media too."""

    reply: str
    messages: tuple[MessageView, ...]
    session_id: str
    message_id: str
    outcome: str


class SessionAnswer(BaseModel):
    """A new session and its token."""

    session_id: str
    token: str


class PendingAnswer(BaseModel):
    """The message is stored and its answer takes longer; `Location` is where to poll."""

    status: str
    message_id: str
    session_id: str


class ResetAnswer(BaseModel):
    """The conversation that was deleted."""

    reset: str


class HistoryAnswer(BaseModel):
    """The latest messages, oldest first; each is `from` the contact (`person`), the bot or an agent."""

    messages: list[dict[str, Any]]


class MessageAnswer(BaseModel):
    """First outcome of a proactive message. A repetition gets the outcome of the first one.

    `key` is its name in the log. `reason` and its `code` say why it was refused, failed or has to wait.
    """

    session: str
    key: str
    message_id: str
    outcome: MessageOutcome
    reason: str = ""
    code: str = ""


class PartAnswer(BaseModel):
    """One part of a message that was split to the limits of its channel."""

    key: str
    outcome: MessageOutcome
    provider_id: str = ""
    reason: str = ""
    code: str = ""


class MessageOutcomeAnswer(MessageAnswer):
    """Current outcome of a proactive message and of each of its parts."""

    parts: tuple[PartAnswer, ...] = ()


class ErrorDetail(BaseModel):
    """A fixed code and a sentence for people."""

    code: str
    message: str


class ErrorAnswer(BaseModel):
    """The shape of every error."""

    error: ErrorDetail
