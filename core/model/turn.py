"""One user message, normalised: what every channel makes of its provider's inbound webhook."""

from __future__ import annotations

from pydantic import Field

from core.model.base import FrozenModel


class Address(FrozenModel):
    """Where a conversation takes place, in the provider's own spelling: what a reply is sent to.

    `account` is the set of credentials (a Twilio AccountSid, a workspace id), `ours` the business's end
    (a phone number), `theirs` the person's or the thread's.
    """

    channel: str
    account: str
    ours: str
    theirs: str


class Attachment(FrozenModel):
    """A file that the user sent, by reference; it is fetched in the worker, never on the webhook."""

    url: str
    content_type: str = "application/octet-stream"
    name: str = ""


class Location(FrozenModel):
    """A place that the user shared, in degrees."""

    latitude: float
    longitude: float
    label: str = ""
    address: str = ""


class Turn(FrozenModel):
    """One user message. `id` is the provider's, so a redelivery is the same turn.

    `session` is the unit of order: an opaque string, the same for all messages of one conversation.
    `payload` is the value behind a tapped button, empty for typed text.
    `details` keeps the provider's other facts (profile name, referral, …), bounded and as text.
    `streamed` says that somebody reads the answer while it is being written. `at` is when it was said, in
    seconds since the epoch by the provider's clock, where webhooks may overtake each other; 0: unknown.
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
