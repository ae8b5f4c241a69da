"""Messages as the dialog produces them, and replies as a provider takes them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from core.model.base import FrozenModel
from core.model.media_types import infer_content_type
from core.model.turn import UNKNOWN_CONTENT_TYPE, Address, Attachment

_MAX_PLAIN_LENGTH = 250


class Choice(FrozenModel):
    """One quick reply: the label that is shown and the payload that comes back.

    With a `url` it is a link, and no payload comes back. `description` is shown below the label in lists.
    """

    label: str
    payload: str
    description: str = ""
    url: str = ""


class Template(FrozenModel):
    """A message template approved by the provider, with its values.

    `parameters` are the values of the body by position, `variables` those by name: of the body by position
    (`1`) or name, and of other components as the channel names them. Without `needs_approval` the provider
    takes it in any status, as an SMS. `id` is the provider's, if it is known.
    """

    name: str
    language: str
    parameters: tuple[str, ...] = ()
    variables: dict[str, str] = Field(default_factory=dict)
    needs_approval: bool = True
    id: str = ""

    @property
    def values(self) -> dict[str, str]:
        """All values by name; those by position are named from `1` on."""
        return {**{str(at): text for at, text in enumerate(self.parameters, start=1)}, **self.variables}


class Route(FrozenModel):
    """Another way to the contact for a message that may not be sent as it is.

    The first that is set counts. `template` is sent in place of the text. `channel` sends the text to the
    same contact on another channel, there by `sender`, the business's number, and to `to`, by default the
    contact's number; on a channel of tickets that opens a ticket. With `waits` the text is sent when the
    contact writes again.
    """

    template: Template | None = None
    channel: str = Field("", max_length=50)
    sender: str = Field("", max_length=200)
    to: str = Field("", max_length=200)
    waits: bool = False

    def __str__(self) -> str:
        """Return what the log and an operator read."""
        if self.template:
            return f"template {self.template.name} ({self.template.language})"
        return self.channel or "the next message"


Medium = Annotated[
    Attachment, BeforeValidator(lambda given: {"url": given} if isinstance(given, str) else given)
]
"""A file by reference. A bare URL, as earlier releases stored it, has an unknown type."""


def _infer_types(media: tuple[Attachment, ...]) -> tuple[Attachment, ...]:
    return tuple(
        each.model_copy(update={"content_type": inferred})
        if each.content_type == UNKNOWN_CONTENT_TYPE and (inferred := infer_content_type(each.url, each.name))
        else each
        for each in media
    )


class Message(FrozenModel):
    """One message of the bot, before any channel has split it to its limits.

    `text` is CommonMark. A channel without buttons shows `choices` as a numbered list, and `list_button` is
    what opens a list. An unknown type of `media` is inferred from its name or URL. `template` replaces
    everything else where the channel has templates. `quotes` is the id of the turn that is replied to, and
    `reaction` an emoji on that turn. `requests_location` shows a button to share a location. `voice` is a
    recording of the text, which the channel's provider has. `fallback` is the way that it takes when the
    service window is closed, `route` the one that it takes in any case.
    """

    text: str
    choices: tuple[Choice, ...] = ()
    media: Annotated[tuple[Attachment, ...], AfterValidator(_infer_types)] = ()
    template: Template | None = None
    quotes: str = ""
    reaction: str = ""
    list_button: str = ""
    requests_location: bool = False
    voice: Attachment | None = None
    fallback: Route | None = None
    route: Route | None = None


def merge_messages(messages: Sequence[Message]) -> list[Message]:
    """Merge messages into as few as possible; a message ends at its choices or at a template."""
    merged: list[Message] = []
    for message in messages:
        previous = merged[-1] if merged else None
        is_separate = message.template or message.route
        if previous is None or previous.choices or previous.template or previous.route or is_separate:
            merged.append(message)
            continue
        text = "\n\n".join(each.text for each in (previous, message) if each.text)
        media = (*previous.media, *message.media)
        merged[-1] = message.model_copy(
            update={"text": text, "media": media, "quotes": previous.quotes or message.quotes}
        )
    return merged


class MessagePart(FrozenModel):
    """A piece of a message that fits one API call, rendered for its channel.

    `media` are fetched by the provider. `choices` are set only where the channel shows buttons. With
    `reaction` the part is an emoji on the quoted message. `list_button` opens a list of choices.
    `segments` describes the SMS segments, for display.
    """

    body: str
    choices: tuple[Choice, ...] = ()
    media: tuple[Medium, ...] = ()
    template: Template | None = None
    quotes: str = ""
    reaction: str = ""
    list_button: str = ""
    requests_location: bool = False
    segments: str = ""


class OriginalMessage(FrozenModel):
    """The message of which a reply is a part, as the dialog made it, for another channel to render.

    `key` is that of the message's first part: all parts stand for the same message.
    """

    key: str
    text: str
    choices: tuple[Choice, ...] = ()
    media: tuple[Medium, ...] = ()


def keep_original(message: Message, key: str) -> OriginalMessage | None:
    """Return what another channel needs of a message, whose first part is `key`; `None` if none is named."""
    if not any(way and way.channel for way in (message.fallback, message.route)):
        return None
    return OriginalMessage(key=key, text=message.text, choices=message.choices, media=message.media)


class Reply(MessagePart):
    """One part in the outbox. `key` is unique in the session: the idempotency key.

    `act` is `say`, `hand_off` (to the provider's desk, with `body` as an internal note) or `close` (the flow
    has ended). `voice` is the author: an agent's reply is also sent while an agent owns the session, the
    bot's is not. `bulk` replies are proactive: they are sent after those of all sessions, and not in the
    quiet hours of their `category`. `committed_at_ms` is the store's time
    at which it entered the outbox, 0 before that: a reply is given up by its age. `resends` is how often it
    was sent again because a status said that it was not delivered. `confirms_request` replies answer an
    opt-out or opt-in, so they are sent to a contact who is opted out. `fallback` and `route` as in `Message`;
    `window_closed`: the provider has said that the service window is closed. `trace` is that of its turn.
    `time_zone` is that of the contact's profile at the provider, for quiet hours.
    `original` is the whole message, kept where one of its ways leads to another channel.
    """

    key: str
    address: Address
    act: Literal["say", "hand_off", "close"] = "say"
    voice: Literal["bot", "person"] = "bot"
    bulk: bool = False
    category: str = ""
    confirms_request: bool = False
    committed_at_ms: int = 0
    resends: int = 0
    fallback: Route | None = None
    route: Route | None = None
    window_closed: bool = False
    trace: str = ""
    time_zone: str = ""
    original: OriginalMessage | None = None

    @property
    def plain_key(self) -> str:
        """Key of this reply as providers get it, who give it back in statuses and look-ups.

        A key that they might change, or refuse, is hashed: a caller's ID may have any characters.
        """
        key = self.key
        if len(key) <= _MAX_PLAIN_LENGTH and key.isascii() and key.isprintable() and " " not in key:
            return key
        return hashlib.sha256(key.encode()).hexdigest()

    @property
    def global_key(self) -> str:
        """Plain key of this reply, unique over all sessions, for providers that return it in statuses."""
        return f"{self.address.ours}:{self.address.theirs}:{self.plain_key}"


class SentMessage(FrozenModel):
    """The provider's acceptance of a reply; its status callbacks refer to `provider_id`.

    `thread` is the address of the conversation that the reply opened at the provider, and `thread_session`
    the session that the channel's webhooks name for it: they lead to the reply's own session.
    """

    provider_id: str
    thread: Address | None = None
    thread_session: str = ""
