"""Other ways of a message to the contact: a template, another channel, a ticket, their next message."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from flows.document.model.base import FlowModel

TICKET_CHANNEL = "zendesk"


class MessageTemplate(FlowModel):
    """A template that the provider has approved, sent in place of the node's text where the channel has it.

    `language` is the provider's code; without one, the conversation's language.
    """

    name: str = Field(min_length=1, max_length=512)
    language: str = Field("", max_length=20)
    variables: dict[str, str] = Field(default_factory=dict, max_length=200)


class Way(FlowModel):
    """Exactly one way: `template`, `channel`, `ticket` or `wait`.

    On a `channel` the text goes to the same contact: to `to`, or else to their phone number, and from the
    business's number `from`. A `ticket` is opened at Zendesk for the e-mail address or user ID `to`. With
    `wait` the text is sent when the contact writes again.
    """

    template: MessageTemplate | None = None
    channel: str = Field("", max_length=50)
    sender: str = Field("", alias="from", max_length=200)
    to: str = Field("", max_length=500)
    ticket: bool = False
    wait: bool = False

    @model_validator(mode="after")
    def _validate_way(self) -> Self:
        if (self.template is not None) + bool(self.channel) + self.ticket + self.wait != 1:
            raise PydanticCustomError("way", "set exactly one of template, channel, ticket and wait")
        if self.ticket and not self.to:
            raise PydanticCustomError("way", "a ticket needs to: whose ticket it is")
        return self

    @property
    def channel_name(self) -> str:
        """Channel on which the text is sent; empty for another way."""
        return TICKET_CHANNEL if self.ticket else self.channel


UndeliveredClass = Literal[
    "permanent",
    "unreachable",
    "landline",
    "blocked",
    "temporary",
    "opted_out",
    "opted_out_of_marketing",
    "account",
    "window",
]
"""Classes of failed deliveries (`core.model.FailureKind`), the keys of `instead`."""
