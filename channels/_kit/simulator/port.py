"""Port of a provider simulator: a pure model of its API, with time and randomness passed in.

A simulator takes API requests and returns responses and the webhooks that the provider would send; the caller
(the gateway, a test) owns the clock and the network. Times are seconds since the epoch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from channels._kit.simulator.exchange import (
    FetchedFile,
    SimulatorRequest,
    SimulatorResponse,
    WebhookDelivery,
    WebhookResult,
)
from channels._kit.simulator.faults import FaultSettings
from core.model import Address


@dataclass(frozen=True, slots=True)
class UserMessage:
    """A contact's message. `surface` is one of the provider's channels, `ours` the business's number or id.

    `media` are URLs; files of `data:` URLs are stored and served by the simulator. `form` are the fields of a
    completed form, `reaction` is an emoji on the newest message to the contact (by SMS, a sentence with it).
    `participant` writes in the contact's conversation in place of the contact, where the provider has a desk.
    """

    surface: str
    person: str
    text: str = ""
    ours: str = ""
    name: str = ""
    button: str = ""
    media: tuple[str, ...] = ()
    media_type: str = "image/jpeg"
    place: tuple[float, float] | None = None
    form: Mapping[str, str] | None = None
    reaction: str = ""
    participant: str = ""


@dataclass(frozen=True, slots=True)
class TranscriptEntry:
    """One message of a conversation as the provider stored it; `number` increases over all conversations.

    `choices` are payload and label of the quick replies.
    """

    number: int
    at: float
    direction: str
    id: str
    ours: str
    person: str
    text: str
    media: tuple[str, ...] = ()
    status: str = ""
    choices: tuple[tuple[str, str], ...] = ()


class ProviderSimulator(Protocol):
    """A simulated provider. Results depend only on the arguments and on earlier calls."""

    name: str

    def handle(
        self, request: SimulatorRequest, now: float
    ) -> tuple[SimulatorResponse, list[WebhookDelivery]]:
        """Answer an API request, and return the webhooks that follow."""
        ...

    def handle_delivery_result(
        self, delivery: WebhookDelivery, result: WebhookResult, now: float
    ) -> list[WebhookDelivery]:
        """Process the result of a webhook, and return the retries."""
        ...

    def send_user_message(self, user_message: UserMessage, now: float) -> tuple[str, list[WebhookDelivery]]:
        """Send a contact's message: returns its provider id and the webhooks that follow."""
        ...

    def list_messages(self, now: float, *, person: str = "", after: int = 0) -> list[TranscriptEntry]:
        """List messages in both directions in order, of one contact or of all, with numbers above `after`."""
        ...

    def set_faults(self, faults: FaultSettings) -> None:
        """Replace the faults."""
        ...


@runtime_checkable
class MediaFetchingSimulator(Protocol):
    """A simulator whose provider fetches the files of messages by URL after it has accepted them."""

    def handle_fetched_file(
        self, delivery: WebhookDelivery, file: FetchedFile | None, now: float
    ) -> list[WebhookDelivery]:
        """Check a fetched file (`None`: the URL did not return one), and return the statuses."""
        ...


@dataclass(frozen=True, slots=True)
class AgentAction:
    """An action that an agent can take at the desk; with `speaks` it takes a text."""

    name: str
    label: str
    speaks: bool = False


@dataclass(frozen=True, slots=True)
class DeskStatus:
    """A contact's conversation at the desk: the provider's id of it, and its state as text."""

    thread: str = ""
    words: str = ""


@runtime_checkable
class SimulatedDesk(Protocol):
    """The agents' side of a simulator. `agent_actions` are all actions that an agent can take."""

    agent_actions: tuple[AgentAction, ...]

    def get_desk_status(self, person: str) -> DeskStatus:
        """Return the state of a contact's newest conversation; an empty status if there is none."""
        ...

    def run_agent_action(self, person: str, action_name: str, text: str, now: float) -> list[WebhookDelivery]:
        """Run an agent's action and return the webhooks that follow.

        Raises `KeyError` if it is not possible.
        """
        ...


@dataclass(frozen=True, slots=True)
class SimulatedAccount:
    """A provider's simulator, and the channel settings that connect a gateway to it.

    `settings` takes the URL under which the simulator's API is served and returns the channel's environment
    variables, with made-up credentials.
    """

    simulator: ProviderSimulator
    settings: Callable[[str], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class SimulatedConversation:
    """Address, session id and aliases of a conversation, as the channel's webhooks name them."""

    address: Address
    session: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SimulatedSurface:
    """One way to write to a simulated account, as the console offers it.

    `name` is unique over all channels, `surface` is the simulator's own name (`UserMessage.surface`).
    `label`, `title` and `business` are shown: the surface, its tooltip and the receiver. `locate` takes the
    contact's phone number; with `has_desk`, the id of the provider's thread instead.
    """

    name: str
    surface: str
    label: str
    business: str
    locate: Callable[[str], SimulatedConversation]
    title: str = ""
    has_desk: bool = False
    takes_pictures: bool = True
    shows_choices: bool = True


class SimulatedAccountModule(Protocol):
    """Interface of `channels/<name>/simulator/account.py`, by which `turngate run` finds a simulator."""

    def create_account(self, gateway_url: str, new_secret: Callable[[], str]) -> SimulatedAccount:
        """Build a simulator that calls the gateway at `gateway_url`; each credential is a new secret."""
        ...

    def list_surfaces(self, api_url: str) -> tuple[SimulatedSurface, ...]:
        """Return the surfaces of the account whose simulator is served at `api_url`."""
        ...
