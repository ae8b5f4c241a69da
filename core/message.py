"""What the bot says: messages as the dialog means them, replies as the provider takes them."""

from __future__ import annotations

from typing import Literal

from core.turn import Address, Attachment
from core.value import Value


class Choice(Value):
    """One quick reply: the label that is shown and the payload that comes back."""

    label: str
    payload: str


class Message(Value):
    """One thing the bot wants to say, before any channel has cut it to its limits.

    `text` is CommonMark. A channel without buttons shows `choices` as a numbered list.
    """

    text: str
    choices: tuple[Choice, ...] = ()
    media: tuple[Attachment, ...] = ()


class Part(Value):
    """A piece of a message that fits one call of the provider's API, rendered for its channel.

    `media` are URLs that the provider fetches. `choices` are set only where the channel shows buttons.
    """

    body: str
    choices: tuple[Choice, ...] = ()
    media: tuple[str, ...] = ()


class Reply(Part):
    """One part in the outbox. `key` is ours and unique in the session.

    `act` is what is to be done: to say it, or to hand the conversation to the people of the provider's desk,
    with `body` as a note that only they see.
    `bulk` is for what nobody waits for: it leaves after the replies of all sessions.
    """

    key: str
    address: Address
    act: Literal["say", "hand_off"] = "say"
    bulk: bool = False


class SentMessage(Value):
    """The provider's word that it took a reply; `provider_id` is how its status callbacks name it."""

    provider_id: str
