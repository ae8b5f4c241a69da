"""What the bot says: messages as the dialog means them, replies as the provider takes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BeforeValidator

from core.model.base import FrozenModel
from core.model.turn import Address, Attachment


class Choice(FrozenModel):
    """One quick reply: the label that is shown and the payload that comes back.

    With a `url` it is a link to follow, and nothing comes back. A `description` stands below the label where
    choices are shown as a list.
    """

    label: str
    payload: str
    description: str = ""
    url: str = ""


class Template(FrozenModel):
    """A message that the provider approved beforehand: its name, its language, the texts of its gaps."""

    name: str
    language: str
    parameters: tuple[str, ...] = ()


Medium = Annotated[
    Attachment, BeforeValidator(lambda given: {"url": given} if isinstance(given, str) else given)
]
"""A file by reference; a bare URL, as earlier releases stored it, is one of unknown type."""


class Message(FrozenModel):
    """One thing the bot wants to say, before any channel has cut it to its limits.

    `text` is CommonMark. A channel without buttons shows `choices` as a numbered list. `template` replaces
    all of it where the channel has templates. `quotes` is the id of the turn that is answered to.
    """

    text: str
    choices: tuple[Choice, ...] = ()
    media: tuple[Attachment, ...] = ()
    template: Template | None = None
    quotes: str = ""


def merge_messages(messages: Sequence[Message]) -> list[Message]:
    """As few messages as say the same: one ends where its choices are offered, or where it is a template."""
    found: list[Message] = []
    for message in messages:
        last = found[-1] if found else None
        if last is None or last.choices or last.template or message.template:
            found.append(message)
            continue
        text = "\n\n".join(each.text for each in (last, message) if each.text)
        media = (*last.media, *message.media)
        found[-1] = message.model_copy(
            update={"text": text, "media": media, "quotes": last.quotes or message.quotes}
        )
    return found


class MessagePart(FrozenModel):
    """A piece of a message that fits one call of the provider's API, rendered for its channel.

    `media` are fetched by the provider. `choices` are set only where the channel shows buttons. With
    `reaction` the part is an emoji on the message that it quotes. `segments` says what an SMS is sent as, for
    people who look.
    """

    body: str
    choices: tuple[Choice, ...] = ()
    media: tuple[Medium, ...] = ()
    template: Template | None = None
    quotes: str = ""
    reaction: str = ""
    segments: str = ""


class Reply(MessagePart):
    """One part in the outbox. `key` is ours and unique in the session.

    `act` is what is to be done: to say it; to hand the conversation to the people of the provider's desk,
    with `body` as a note that only they see; or to close it there, as the flow has ended.
    `voice` is who says it: what a person says leaves also while a person has the session, the bot's does not.
    `bulk` is for what nobody waits for: it leaves after the replies of all sessions.
    """

    key: str
    address: Address
    act: Literal["say", "hand_off", "close"] = "say"
    voice: Literal["bot", "person"] = "bot"
    bulk: bool = False

    @property
    def global_key(self) -> str:
        """Our name of this reply over all sessions, for providers that tell it back."""
        return f"{self.address.ours}:{self.address.theirs}:{self.key}"


class SentMessage(FrozenModel):
    """The provider's word that it took a reply; `provider_id` is how its status callbacks name it."""

    provider_id: str
