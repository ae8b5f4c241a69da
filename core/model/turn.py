"""Normalised user message: what every channel's `parse` yields."""

from __future__ import annotations

from typing import Final

from pydantic import Field

from core.model.base import FrozenModel

UNKNOWN_CONTENT_TYPE: Final = "application/octet-stream"


class Address(FrozenModel):
    """Endpoint of a conversation in the provider's spelling; replies are sent to it.

    `account` is the set of credentials (a Twilio AccountSid, a workspace id), `ours` the business's side (a
    phone number), `theirs` the contact's or the thread's.
    """

    channel: str
    account: str
    ours: str
    theirs: str


class Attachment(FrozenModel):
    """A file that the user sent, by reference; it is downloaded in the worker, never on the webhook."""

    url: str
    content_type: str = UNKNOWN_CONTENT_TYPE
    name: str = ""


class Location(FrozenModel):
    """A location that the user shared, in degrees."""

    latitude: float
    longitude: float
    label: str = ""
    address: str = ""


class Turn(FrozenModel):
    """One user message. `id` is the provider's, so a redelivery is the same turn.

    `session` is the unit of order: an opaque string, the same for all messages of one conversation. `payload`
    is the value behind a tapped button, empty for typed text. `details` keeps further provider data (profile
    name, referral, …), bounded and as text. With `streamed` somebody reads the reply while it is generated.
    `at` is the provider's time in seconds since the epoch where webhooks may arrive out of order; 0: unknown.
    """

    id: str
    session: str
    address: Address
    text: str = ""
    payload: str = ""
    attachments: tuple[Attachment, ...] = ()
    location: Location | None = None
    details: dict[str, str] = Field(default_factory=dict, repr=False)
    streamed: bool = False
    at: float = 0.0
