"""The port of a channel: everything the gateway needs to know of a provider."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, TypeVar, runtime_checkable

from pydantic import Field

from core.errors import DeliveryError
from core.model import Address, Event, FrozenModel, Message, MessagePart, Reply, SentMessage, Turn
from core.ports.http_fetch import HttpFetcher
from core.ports.session_store import SessionStore

Http = TypeVar("Http", contravariant=True)


@dataclass(frozen=True, slots=True)
class Webhook:
    """A raw request. Header names are lower case; `url` is as the server saw it, query included."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class WebhookResponse:
    """What the provider expects back."""

    status: int = 200
    content_type: str = "text/plain"
    body: bytes = b""


class RateLimit(FrozenModel, extra="forbid"):
    """How many sends a second the provider takes from one number and from one account; 0: no limit."""

    number: float = Field(default=0, ge=0)
    account: float = Field(default=0, ge=0)


class Capabilities(FrozenModel):
    """A provider's limits, as data. Zero means: cannot do that at all.

    `choices_text_length` is how long a text with buttons or a list may be, `links` how many buttons may open
    a page, `echoes_key` whether delivery statuses tell back our own key of the reply.
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
    markdown: Literal["none", "whatsapp", "html"] = "none"
    typing: bool = False
    statuses: bool = False
    idempotent_send: bool = False
    look_up: bool = False
    echoes_key: bool = False
    one_message: bool = False
    """Whether all that answers a turn is to be one message, as on channels that are read like letters."""
    reads_log: bool = False
    """Whether clients read replies in the session's log: what is committed is said, and no call follows."""
    desk: bool = False
    """Whether people work on the same conversation there, so that it can be handed to them."""
    closes: bool = False
    """Whether a conversation can be closed there once the flow has ended."""
    pace: RateLimit = RateLimit()


class Channel(Protocol[Http]):
    """One provider. `Http` is the client that the caller owns and hands in."""

    name: str
    capabilities: Capabilities

    def verify(self, webhook: Webhook) -> None:
        """Check the raw bytes. Raises `WebhookRefused` when the request is not to be trusted."""
        ...

    def parse(self, webhook: Webhook) -> list[Event]:
        """Read a verified webhook. The unknown is `Ignored`; raises only `MalformedWebhook`."""
        ...

    def answer(self, webhook: Webhook, events: Sequence[Event]) -> WebhookResponse:
        """The response for a webhook that was accepted."""
        ...

    def render(self, message: Message, address: Address) -> list[MessagePart]:
        """Cut a message to the channel's limits: its parts, in order, each one call of the API."""
        ...

    async def send(self, reply: Reply, http: Http) -> SentMessage:
        """One call of the provider's API. Raises `Rejected`, `Unavailable` or `Unknown`."""
        ...

    async def find_sent(
        self, reply: Reply, http: Http, *, since: datetime, known: Collection[str]
    ) -> SentMessage | None:
        """Ask the provider whether it took `reply` at or after `since`; `known` are ids of other replies.

        Raises `Unavailable` when the provider cannot say, `Rejected` when it refuses the question.
        """
        ...

    def classify(self, error: Exception) -> DeliveryError:
        """The delivery error that an exception of the HTTP client stands for."""
        ...


@runtime_checkable
class HandlesInteractions(Protocol[Http]):
    """A channel that answers some requests of its provider at once, by calls of its own."""

    async def handle_interaction(self, webhook: Webhook, http: Http) -> WebhookResponse | None:
        """Answer a verified request that tells of nothing, such as what a card shows; `None` for any other.

        Raises `MalformedWebhook`.
        """
        ...


@runtime_checkable
class NeedsDependencies(Protocol):
    """A channel that needs more of a worker than an HTTP client."""

    def set_dependencies(self, *, credentials: SessionStore, fetch: HttpFetcher) -> None:
        """Take what a worker has: where credentials that are renewed are kept, by one process at a time, and
        what gets files from addresses that others named.
        """
        ...


@runtime_checkable
class ContinuesSessions(Protocol[Http]):
    """A channel whose provider begins a new conversation where an old one can take nothing more."""

    async def find_previous_session(self, turn: Turn, http: Http) -> str:
        """The session that this turn's goes on from, asked at a session's first turn; empty: none.

        Raises a `DeliveryError`.
        """
        ...


@runtime_checkable
class EnrichesTurns(Protocol[Http]):
    """A channel whose webhooks leave out what its API tells."""

    async def enrich_turn(self, turn: Turn, http: Http) -> Turn:
        """The turn with what was left out, right before it is answered. Raises a `DeliveryError`."""
        ...
