"""Port of a channel: verify, parse, render and send for one messaging provider."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, TypeVar, runtime_checkable

from pydantic import Field

from core.errors import DeliveryError
from core.model import (
    Address,
    Attachment,
    Event,
    FrozenModel,
    Message,
    MessagePart,
    MessageTemplate,
    ParticipantPolicy,
    Reply,
    SentMessage,
    Template,
    TemplateProblem,
    Turn,
)
from core.ports.http_fetch import HttpFetcher
from core.ports.media import FilePublisher
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
    """HTTP response that the provider expects for a webhook."""

    status: int = 200
    content_type: str = "text/plain"
    body: bytes = b""


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
    """Which words of a contact opt out: with `short` also bare ones, such as "stop"."""
    reserved_words: frozenset[str] = frozenset()
    """Messages, in capital letters, that the provider takes for its own commands, such as STOP."""
    phone_numbers: bool = False
    """Contacts are addressed by their phone numbers, or by IDs that are none."""
    participants: tuple[ParticipantPolicy, ...] = ()
    """Possible consequences of a participant's message; empty where only the contact can write."""


class Channel(Protocol[Http]):
    """One provider. `Http` is the HTTP client, owned and passed in by the caller."""

    name: str
    capabilities: Capabilities

    def verify(self, webhook: Webhook) -> None:
        """Verify the raw bytes of a webhook. Raises `WebhookRefused` if it cannot be trusted."""
        ...

    def parse(self, webhook: Webhook) -> list[Event]:
        """Parse a verified webhook into events.

        Unknown content becomes `Ignored`; raises only `MalformedWebhook`.
        """
        ...

    def answer(self, webhook: Webhook, events: Sequence[Event]) -> WebhookResponse:
        """Return the response to an accepted webhook."""
        ...

    def render(self, message: Message, address: Address) -> list[MessagePart]:
        """Split a message into parts within the channel's limits, in order, one API call each."""
        ...

    async def send(self, reply: Reply, http: Http) -> SentMessage:
        """Make one call of the provider's API. Raises `Rejected`, `Unavailable` or `Unknown`."""
        ...

    async def find_sent(
        self, reply: Reply, http: Http, *, since: datetime, known: Collection[str]
    ) -> SentMessage | None:
        """Look up whether the provider accepted `reply` at or after `since`.

        `known` are IDs of other replies. Returns `None` if it did not. Raises `Unavailable` when the provider
        cannot tell, `Rejected` when it refuses the look-up.
        """
        ...

    def classify(self, error: Exception) -> DeliveryError:
        """Return the delivery error for an exception of the HTTP client."""
        ...


@runtime_checkable
class HandlesInteractions(Protocol[Http]):
    """A channel that answers some provider requests synchronously, with API calls of its own."""

    async def handle_interaction(self, webhook: Webhook, http: Http) -> WebhookResponse | None:
        """Answer a verified request that carries no event, such as a request for a card's content.

        Returns `None` for any other request. Raises `MalformedWebhook`.
        """
        ...


@runtime_checkable
class NeedsDependencies(Protocol):
    """A channel that needs more of a worker than an HTTP client."""

    def set_dependencies(self, *, credentials: SessionStore, fetch: HttpFetcher) -> None:
        """Set the worker's dependencies.

        `credentials` stores refreshed tokens under a lock shared by all processes; `fetch` downloads from
        untrusted URLs with SSRF protection.
        """
        ...


@runtime_checkable
class NeedsPublicFiles(Protocol):
    """A channel whose provider fetches the files that it sends."""

    def set_publisher(self, files: FilePublisher) -> None:
        """Set what serves files below the public URL."""
        ...


@runtime_checkable
class ContinuesSessions(Protocol[Http]):
    """A channel whose provider opens a new conversation when a closed one cannot be continued."""

    async def find_previous_session(self, turn: Turn, http: Http) -> str:
        """Return the session that this turn's session continues; empty if none.

        Called at a session's first turn. Raises a `DeliveryError`.
        """
        ...


@dataclass(frozen=True, slots=True)
class NewConversation:
    """A conversation that the business starts.

    Its names are those that the channel gives to a message of the contact, so that the answer joins it.
    """

    address: Address
    session: str
    aliases: tuple[str, ...] = ()
    consent_names: tuple[str, ...] = ()


@runtime_checkable
class StartsConversations(Protocol):
    """A channel on which the business may write first."""

    def start_conversation(self, to: str, sender: str = "") -> NewConversation:
        """Return the conversation with a contact who may never have written, without a call of the API.

        `to` is a number, an address or an ID, `sender` the business's number; empty: the only one. Raises
        `InvalidContact`.
        """
        ...


@runtime_checkable
class NamesThreads(Protocol[Http]):
    """A channel on which the first message to a contact opens a thread that is not known before."""

    async def find_thread_names(self, reply: Reply, http: Http) -> tuple[str, ...]:
        """Return the names by which webhooks of the thread find the session of the reply that opens it.

        They are stored before the send: an answer may arrive before the send is recorded. Empty for a reply
        that opens none. Raises a `DeliveryError`.
        """
        ...


@runtime_checkable
class LimitsLookUps(Protocol):
    """A channel that can look up its sends, but not those to every address."""

    def can_look_up(self, address: Address) -> bool:
        """Return whether a send to this address can be looked up."""
        ...


@runtime_checkable
class SendsVoiceNotes(Protocol[Http]):
    """A channel that can send a recording as a voice note."""

    def takes_voice_notes(self, address: Address) -> bool:
        """Return whether a voice note can be sent to this address."""
        ...

    async def upload_voice_note(
        self, address: Address, body: bytes, http: Http, *, session: str = ""
    ) -> Attachment:
        """Upload a recording, Ogg with Opus, and return it for `Message.voice`. Raises a `DeliveryError`.

        What the gateway itself keeps of it is erased with the session.
        """
        ...


@runtime_checkable
class HasTemplates(Protocol[Http]):
    """A channel whose provider approves message templates.

    `templates_setting` names the setting without which they cannot be listed; it is empty if they can be.
    """

    @property
    def templates_setting(self) -> str:
        """Setting that is missing."""
        ...

    async def list_templates(self, http: Http) -> list[MessageTemplate]:
        """Return all templates of the account. Raises a `DeliveryError`, or `ConfigurationError`."""
        ...

    def check_template(
        self, definition: MessageTemplate, template: Template, address: Address
    ) -> TemplateProblem | None:
        """Return why the provider would refuse this use of a template; `None` if it would take it."""
        ...


@runtime_checkable
class EnrichesTurns(Protocol[Http]):
    """A channel whose webhooks omit data that its API returns."""

    async def enrich_turn(self, turn: Turn, http: Http) -> Turn:
        """Return the turn with the omitted data, right before it is answered. Raises a `DeliveryError`."""
        ...


@runtime_checkable
class KnowsTimeZones(Protocol[Http]):
    """A channel whose provider has a time zone in the contact's profile."""

    async def find_time_zone(self, turn: Turn, http: Http) -> str:
        """Return the IANA name of the zone of the turn's contact; empty if the profile has none.

        Called at a session's first turn. Raises a `DeliveryError`.
        """
        ...


@runtime_checkable
class SharesApp(Protocol):
    """A channel whose app may serve several accounts, which all sign with the app's secret.

    `owned_ids` are the provider's IDs by which a webhook names this account, set by `ids_setting`; empty: the
    account takes every webhook. It reports others as `Ignored` with the reason `OTHER_ACCOUNT`.
    """

    app_secrets: frozenset[str]
    ids_setting: str

    @property
    def owned_ids(self) -> frozenset[str]:
        """IDs of this account."""
        ...


@runtime_checkable
class LearnsIds(Protocol[Http]):
    """A channel of a shared app that can ask the provider for its `owned_ids`."""

    async def learn_ids(self, http: Http) -> None:
        """Read the IDs by which webhooks name this account. Raises a `DeliveryError`."""
        ...
