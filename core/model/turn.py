"""Normalised user message: what every channel's `parse` yields."""

from __future__ import annotations

from typing import Final

from pydantic import Field, JsonValue

from core.model.base import FrozenModel
from core.model.consent import ConsentRequest

UNKNOWN_CONTENT_TYPE: Final = "application/octet-stream"


MIN_CONTACT_LENGTH: Final = 4
"""Shortest name of a contact by which an operator may change or erase their data."""


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


class Reaction(FrozenModel):
    """An emoji on a message; without one, an earlier reaction was removed."""

    emoji: str = ""


class QuotedMessage(FrozenModel):
    """The message that the user answers or reacts to: the provider's id, and its text where it is known.

    `product_id` is the product that the user asks about, where the provider names one.
    """

    id: str = ""
    text: str = ""
    product_id: str = ""


class OrderItem(FrozenModel):
    """One position of an order; `price` is that of one piece."""

    product_id: str
    quantity: float | None = None
    price: float | None = None
    currency: str = ""


class Order(FrozenModel):
    """An order that the user put together from a catalogue."""

    catalog_id: str = ""
    items: tuple[OrderItem, ...] = ()


class Referral(FrozenModel):
    """The advert or post that the user came from; `welcome_text` is the greeting that it showed."""

    source_id: str = ""
    source_type: str = ""
    source_url: str = ""
    headline: str = ""
    body: str = ""
    click_id: str = ""
    media_type: str = ""
    media_url: str = ""
    welcome_text: str = ""


class ContactCard(FrozenModel):
    """A contact that the user shared."""

    name: str = ""
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    organization: str = ""


UNSUPPORTED_KIND = "unsupported"
"""`Turn.kind` of a message whose content the provider does not include in its webhooks."""


class Turn(FrozenModel):
    """One user message. `id` is the provider's, so a redelivery is the same turn.

    `session` is the unit of order: an opaque string, the same for all messages of one conversation. `payload`
    is the value behind a tapped button, empty for typed text. `kind` is what the message is: `text`, `image`,
    `location` and so on, empty where the provider does not say; `unsupported` is a message whose content the
    provider does not pass on. `form` is what the user filled in, by field. `subject` is that of an e-mail.
    `details` keeps further provider data, bounded and as text. With `streamed` somebody reads the reply while
    it is generated. `merged_texts` are the texts of the messages that were merged into this turn. `at` is the
    provider's time in seconds since the epoch where webhooks may arrive out of order; 0: unknown. `request`
    makes the message an opt-out or opt-in, which the dialog never sees; with `request_confirmed` the provider
    has answered it. `trace` is that of its webhook (`core.steps`), empty unless traces are on.
    """

    id: str
    session: str
    address: Address
    text: str = ""
    payload: str = ""
    attachments: tuple[Attachment, ...] = ()
    location: Location | None = None
    kind: str = ""
    reaction: Reaction | None = None
    quoted: QuotedMessage | None = None
    form: dict[str, JsonValue] | None = None
    order: Order | None = None
    referral: Referral | None = None
    contacts: tuple[ContactCard, ...] = ()
    profile_name: str = ""
    subject: str = ""
    details: dict[str, str] = Field(default_factory=dict, repr=False)
    streamed: bool = False
    merged_texts: tuple[str, ...] = ()
    at: float = 0.0
    request: ConsentRequest | None = None
    request_confirmed: bool = False
    trace: str = ""

    @property
    def has_content(self) -> bool:
        """True if the user said, sent or chose anything; a reaction is not content."""
        return bool(
            self.text.strip()
            or self.payload
            or self.attachments
            or self.location
            or self.form is not None
            or self.order
            or self.contacts
        )
