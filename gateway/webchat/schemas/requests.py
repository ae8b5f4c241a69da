"""Request bodies of the HTTP API."""

from __future__ import annotations

from typing import Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from core.local_time import parse_point_in_time
from core.model import Choice, Message, OptOutScope, Route, Template
from gateway.embedding.starlette import MAX_ID_LENGTH, MAX_TEXT_LENGTH
from gateway.redis.sending.first_contact import ContactAddress

_LANGUAGE_TAG: Final = r"^([A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*)?$"


class TurnRequest(BaseModel):
    """A message. Requests with the same `message_id`, or header Idempotency-Key, are the same message.

    With another content they are refused.
    """

    model_config = ConfigDict(extra="ignore", strict=True)

    text: str = Field("", max_length=MAX_TEXT_LENGTH)
    payload: str = Field("", max_length=1_000, description="payload of the tapped choice")
    session_id: str = Field("", max_length=MAX_ID_LENGTH)
    message_id: str = Field("", max_length=MAX_ID_LENGTH)
    locale: str = Field(
        "",
        max_length=35,
        pattern=_LANGUAGE_TAG,
        description="language that the contact prefers, such as de-AT; with it a conversation begins",
    )


class ResetRequest(BaseModel):
    """The conversation to delete."""

    model_config = ConfigDict(extra="ignore", strict=True)

    session_id: str = Field("", max_length=MAX_ID_LENGTH)


class TemplateRequest(BaseModel):
    """A template approved by the provider, and its values by variable name."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=512)
    language: str = Field(min_length=1, max_length=20)
    variables: dict[str, str] = Field(default_factory=dict, max_length=200)

    def to_template(self) -> Template:
        """Return the template of a message."""
        return Template(name=self.name, language=self.language, variables=self.variables)


class FallbackRequest(BaseModel):
    """Fallback for a text outside the service window: exactly one of its kinds.

    A template, another channel of the same contact (a ticket on `zendesk`), or their next message.
    """

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    template: TemplateRequest | None = None
    channel: str = Field("", max_length=50, description="such as twilio or zendesk, or channel/account")
    sender: str = Field("", alias="from", max_length=200, description="the business's number on that channel")
    to: str = Field(
        "", max_length=200, description="the contact's address on that channel; unset: their phone number"
    )
    wait: bool = Field(default=False, description="send it when the contact writes again")

    @model_validator(mode="after")
    def _check_way(self) -> Self:
        if (self.template is not None) + bool(self.channel) + self.wait != 1:
            raise ValueError("give exactly one of template, channel and wait")
        return self

    def to_route(self) -> Route:
        """Return the fallback in the form of messages."""
        template = self.template.to_template() if self.template else None
        return Route(template=template, channel=self.channel, sender=self.sender, to=self.to, waits=self.wait)


class MessageRequest(BaseModel):
    """A proactive message to a session of any channel, or to a contact, also one who never wrote."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    session: str = Field("", max_length=1_000, description="name of the session, as in the log")
    channel: str = Field("", max_length=40, description="instead of a session: the channel, with `to`")
    account: str = Field("", max_length=40, description="account of the channel, if it has several")
    to: str = Field("", max_length=200, description="the contact's number, address or ID")
    sender: str = Field(
        "", alias="from", max_length=200, description="the business's number, if there are several"
    )
    text: str = Field("", max_length=MAX_TEXT_LENGTH)
    choices: tuple[Choice, ...] = Field((), max_length=20)
    message_id: str = Field("", max_length=MAX_ID_LENGTH)
    template: TemplateRequest | None = Field(None, description="instead of a text")
    fallback: FallbackRequest | None = Field(
        None, description="fallback of a text outside the service window"
    )
    category: Literal["marketing", "utility"] = Field("marketing", description="selects the quiet hours")
    send_at: str = Field("", max_length=40, description="time to send it, ISO 8601; unset: now")
    time_zone: str = Field("", max_length=60, description="IANA time zone of a `send_at` without offset")

    @model_validator(mode="after")
    def _check_content(self) -> Self:
        if ("text" in self.model_fields_set) is (self.template is not None):
            raise ValueError("give either text or template")
        if self.template and self.fallback:
            raise ValueError("fallback cannot be combined with template, which needs no open service window")
        return self

    def to_message(self) -> Message:
        """Return the message to send."""
        template = self.template.to_template() if self.template else None
        fallback = self.fallback.to_route() if self.fallback else None
        return Message(text=self.text, choices=self.choices, template=template, fallback=fallback)

    @property
    def at_ms(self) -> int:
        """Time at which to send it, in milliseconds since the epoch; 0: now."""
        return parse_point_in_time(self.send_at, self.time_zone) if self.send_at else 0

    @model_validator(mode="after")
    def _validate_time(self) -> Self:
        if self.send_at:
            parse_point_in_time(self.send_at, self.time_zone)
        elif self.time_zone:
            raise ValueError("time_zone has no meaning without send_at")
        return self

    @model_validator(mode="after")
    def _validate_receiver(self) -> Self:
        if bool(self.session) == bool(self.channel and self.to):
            raise ValueError("give either session, or channel and to")
        if self.session and (self.channel or self.to or self.account or self.sender):
            raise ValueError("channel, account, to and from cannot be combined with session")
        return self

    @property
    def contact(self) -> ContactAddress | None:
        """The contact, if the message does not name a session."""
        if self.session:
            return None
        return ContactAddress(channel=self.channel, to=self.to, account=self.account, sender=self.sender)


class OptOutRequest(BaseModel):
    """Messages that are no longer sent to the contact.

    With `channel` the contact need not have written: the opt-out is of the conversation that they would have.
    """

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    scope: OptOutScope = OptOutScope.ALL
    channel: str = Field("", max_length=40, description="channel on which the contact would write")
    account: str = Field("", max_length=40, description="account of the channel, if it has several")
    sender: str = Field(
        "", alias="from", max_length=200, description="the business's number, if there are several"
    )

    @model_validator(mode="after")
    def _check_channel(self) -> Self:
        if (self.account or self.sender) and not self.channel:
            raise ValueError("account and from have no meaning without channel")
        return self


class SessionRequest(BaseModel):
    """Empty for a new session, or, with a session token, for a new token of that session."""

    model_config = ConfigDict(extra="forbid", strict=True)

    identity: str = Field(
        "", max_length=10_000, description="JWT of a logged-in user, signed by your backend"
    )


class RedactionRequest(BaseModel):
    """The session of the message; if unset, it is found by the message's ID."""

    model_config = ConfigDict(extra="forbid")

    session: str = Field(default="", max_length=1_000)
