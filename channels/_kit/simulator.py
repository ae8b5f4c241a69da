"""Port of a provider simulator: a pure model of its API, with time and randomness passed in.

A simulator takes API requests and returns responses and the webhooks that the provider would send; the caller
(the gateway, a test) owns the clock and the network. Times are seconds since the epoch.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import HTTP
from enum import StrEnum
from typing import Protocol, runtime_checkable
from urllib.parse import unquote_to_bytes

from core.model import Address


@dataclass(frozen=True, slots=True)
class SimulatorRequest:
    """A request to the provider's API. Header names are lower case; `url` is path and query."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class SimulatorResponse:
    """The provider's response, after `delay` seconds; `drop` closes the connection without a response."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    delay: float = 0.0
    drop: bool = False


@dataclass(frozen=True, slots=True)
class WebhookDelivery:
    """A webhook to be sent at a time. `attempt` counts from 1; `timeout` is the provider's, in seconds."""

    at: float
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes = b""
    attempt: int = 1
    timeout: float = 15.0


@dataclass(frozen=True, slots=True)
class UserMessage:
    """A contact's message. `surface` is one of the provider's channels, `ours` the business's number or id.

    `media` are URLs; files of `data:` URLs are stored and served by the simulator.
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


def parse_data_url(url: str) -> tuple[str, bytes] | None:
    """Return type and bytes of a `data:` URL (RFC 2397); `None` for any other."""
    head, comma, data = url.partition(",")
    if not head.startswith("data:") or not comma:
        return None
    raw = unquote_to_bytes(data)
    kind = head.removeprefix("data:").removesuffix(";base64")
    return kind or "text/plain", b64decode(raw) if head.endswith(";base64") else raw


class Fault(StrEnum):
    """Failure of one send."""

    NONE = "none"
    TOO_MANY = "429"
    SERVER_ERROR = "500"
    UNAVAILABLE = "503"
    ERROR_AFTER = "500_after"
    """The message is accepted, but the response is an error."""
    TIMEOUT_AFTER = "timeout_after"
    """The message is accepted, but the response comes after the client's timeout."""
    DROP_AFTER = "drop_after"
    """The message is accepted, then the connection breaks."""
    DROP_BEFORE = "drop_before"
    """The connection breaks and nothing was accepted."""


@dataclass(frozen=True, slots=True)
class FaultSettings:
    """Failures that a simulator injects; probabilities are 0 to 1, times in seconds.

    `next` are the faults of the next sends, one each; after them a send meets one of `kinds` with probability
    `chance`.
    """

    next: tuple[Fault, ...] = ()
    chance: float = 0.0
    kinds: tuple[Fault, ...] = ()
    webhooks_twice: float = 0.0
    webhooks_shuffled: float = 0.0
    statuses_twice: float = 0.0
    statuses_shuffled: float = 0.0
    statuses_late: float = 0.0
    answer_delay: float = 0.0


class ProviderSimulator(Protocol):
    """A simulated provider. Results depend only on the arguments and on earlier calls."""

    name: str

    def handle(
        self, request: SimulatorRequest, now: float
    ) -> tuple[SimulatorResponse, list[WebhookDelivery]]:
        """Answer an API request, and return the webhooks that follow."""
        ...

    def handle_delivery_result(
        self, delivery: WebhookDelivery, status: int | None, now: float, *, timed_out: bool = False
    ) -> list[WebhookDelivery]:
        """Process the status of a webhook's response (`None`: no response), and return the retries."""
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

    def create_account(self, gateway_url: str, secret: str) -> SimulatedAccount:
        """Build a simulator that calls the gateway at `gateway_url`; `secret` serves as every credential."""
        ...

    def list_surfaces(self, api_url: str) -> tuple[SimulatedSurface, ...]:
        """Return the surfaces of the account whose simulator is served at `api_url`."""
        ...


def parse_multipart(request: SimulatorRequest) -> dict[str, tuple[str, bytes]]:
    """Return the fields of a multipart request by name: type and bytes."""
    head = f"content-type: {request.headers.get('content-type', '')}\n\n".encode()
    fields = {}
    for part in message_from_bytes(head + request.body, policy=HTTP).iter_parts():
        body = part.get_payload(decode=True)
        if isinstance(body, bytes):
            name = part.get_param("name", header="content-disposition")
            fields[str(name)] = part.get_content_type(), body
    return fields
