"""Limits and abilities of a provider, as data."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from core.model import Address, FrozenModel, ParticipantPolicy


class RateLimit(FrozenModel, extra="forbid"):
    """Sends per second that the provider accepts, from one number and from one account; 0 means no limit."""

    number: float = Field(default=0, ge=0)
    account: float = Field(default=0, ge=0)


class ServiceWindow(FrozenModel):
    """Time after a contact's message in which free text is accepted; outside it, only templates are.

    It applies to the contacts' addresses that begin with `prefix`.
    """

    seconds: int = Field(gt=0)
    prefix: str = ""

    def applies_to(self, address: Address) -> bool:
        """Return whether free text to this address needs an open window."""
        return address.theirs.startswith(self.prefix)


class Capabilities(FrozenModel):
    """A provider's limits, as data; 0 or `False` means not supported. Lengths are in characters.

    With `choices_text_length` a text with buttons or a list is limited further, `links` is the number of URL
    buttons, `echoes_key` says that delivery statuses return the reply's key.
    """

    max_webhook_bytes: int
    max_webhook_fields: int
    text_length: int
    buttons: int = 0
    button_title_length: int = 0
    choices_text_length: int = 0
    payload_length: int = 0
    list_rows: int = 0
    list_title_length: int = 0
    list_description_length: int = 0
    links: int = 0
    media: int = 0
    caption_length: int = 0
    templates: bool = False
    quotes: bool = False
    reactions: bool = False
    location_requests: bool = False
    voice_notes: bool = False
    markdown: Literal["none", "whatsapp", "html"] = "none"
    typing: bool = False
    statuses: bool = False
    idempotent_send: bool = False
    look_up: bool = False
    echoes_key: bool = False
    one_message: bool = False
    """All replies to a turn are sent as one message, as on channels that are read like e-mail."""
    reads_log: bool = False
    """Clients read replies from the session's log; committing delivers them, and no API call follows."""
    desk: bool = False
    """Agents work on the same conversation at the provider, so that it can be handed off to them."""
    closes: bool = False
    """The conversation can be closed at the provider when the flow has ended."""
    pace: RateLimit = RateLimit()
    service_window: ServiceWindow | None = None
    """The provider refuses free text outside it."""
    opt_out_words: Literal["explicit", "short"] = "explicit"
    """Words with which a contact opts out; with `short` also single words, such as "stop"."""
    reserved_words: frozenset[str] = frozenset()
    """Messages, in capital letters, that the provider takes for its own commands, such as STOP."""
    phone_numbers: bool = False
    """Contacts are addressed by phone numbers; if false, by other IDs."""
    participants: tuple[ParticipantPolicy, ...] = ()
    """Possible consequences of a participant's message; empty where only the contact can write."""
