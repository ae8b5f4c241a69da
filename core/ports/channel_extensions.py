"""Optional parts of the port of a channel: what some providers need or can do, each found by its methods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from core.model import Address, Attachment, MessageTemplate, Reply, Template, TemplateProblem, Turn
from core.ports.channel import Http, Webhook, WebhookResponse
from core.ports.http_fetch import HttpFetcher
from core.ports.media import FilePublisher
from core.ports.session_store import SessionStore


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
        """Set the publisher, which serves files below the public URL."""
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

        A copy that the gateway keeps is erased with the session.
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
