"""The port of a simulator: a provider as we know it, pure, with time and chance passed in.

A simulator takes our requests and gives answers and the webhooks that the provider would send; somebody else
(the gateway, a test) owns the clock and the wire. Times are seconds since the epoch.
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
    """A call of the provider's API. Header names are lower case; `url` holds path and query."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class SimulatorResponse:
    """The provider's answer, after `delay` seconds; `drop` closes the connection without any answer."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    delay: float = 0.0
    drop: bool = False


@dataclass(frozen=True, slots=True)
class WebhookDelivery:
    """A webhook to be sent at a time. `attempt` counts from 1; `timeout` is how long the provider waits."""

    at: float
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes = b""
    attempt: int = 1
    timeout: float = 15.0


@dataclass(frozen=True, slots=True)
class UserMessage:
    """A person's message. `surface` is which of the provider's channels, `ours` the business's end of it.

    `media` are addresses; of one that begins with `data:` the simulator keeps the bytes, and serves them itself.
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
    """One message of a conversation as the provider saw it; `number` grows over all conversations.

    `choices` are payload and label of what can be tapped.
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
    """Type and bytes of a `data:` address (RFC 2397); `None` for any other."""
    head, comma, data = url.partition(",")
    if not head.startswith("data:") or not comma:
        return None
    raw = unquote_to_bytes(data)
    kind = head.removeprefix("data:").removesuffix(";base64")
    return kind or "text/plain", b64decode(raw) if head.endswith(";base64") else raw


class Fault(StrEnum):
    """What goes wrong with one send."""

    NONE = "none"
    TOO_MANY = "429"
    SERVER_ERROR = "500"
    UNAVAILABLE = "503"
    ERROR_AFTER = "500_after"
    """The message is accepted, but the answer is an error."""
    TIMEOUT_AFTER = "timeout_after"
    """The message is accepted, but the answer comes later than anybody waits."""
    DROP_AFTER = "drop_after"
    """The message is accepted, then the connection breaks."""
    DROP_BEFORE = "drop_before"
    """The connection breaks and nothing was accepted."""


@dataclass(frozen=True, slots=True)
class FaultSettings:
    """What a simulator is told to do wrong; chances are from 0 to 1, times in seconds.

    `next` are the faults of the next sends, one each; afterwards a send meets one of `kinds` with `chance`.
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
    """A provider. Every method is a function of its arguments and of what the simulator was told before."""

    name: str

    def handle(
        self, request: SimulatorRequest, now: float
    ) -> tuple[SimulatorResponse, list[WebhookDelivery]]:
        """Answer a call of the API, and tell which webhooks follow from it."""
        ...

    def handle_delivery_result(
        self, delivery: WebhookDelivery, status: int | None, now: float, *, timed_out: bool = False
    ) -> list[WebhookDelivery]:
        """Hear how a webhook was answered (`None`: not at all), and tell which tries follow."""
        ...

    def send_user_message(self, said: UserMessage, now: float) -> tuple[str, list[WebhookDelivery]]:
        """A person writes: the provider's id of the message, and the webhooks that follow."""
        ...

    def list_messages(self, now: float, *, person: str = "", after: int = 0) -> list[TranscriptEntry]:
        """Messages both ways in order, of one person or of all, with numbers above `after`."""
        ...

    def set_faults(self, faults: FaultSettings) -> None:
        """Replace the faults."""
        ...


@dataclass(frozen=True, slots=True)
class AgentAction:
    """Something that an agent can do at a desk; with `speaks` it takes words."""

    name: str
    label: str
    speaks: bool = False


@dataclass(frozen=True, slots=True)
class DeskStatus:
    """A person's conversation at a desk: the provider's id of it, and in words how it stands."""

    thread: str = ""
    words: str = ""


@runtime_checkable
class SimulatedDesk(Protocol):
    """The agent's side of a simulator whose provider has a desk. Its `moves` are all that an agent can do."""

    agent_actions: tuple[AgentAction, ...]

    def get_desk_status(self, person: str) -> DeskStatus:
        """How the newest conversation with a person stands; an empty one when there is none."""
        ...

    def run_agent_action(self, person: str, move: str, text: str, now: float) -> list[WebhookDelivery]:
        """An agent does something: the webhooks that follow. Raises `KeyError` for what cannot be done."""
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
    """Address, session id and further session names of a conversation, as the channel's webhooks give them."""

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
    """The functions of `channels/<name>/simulator/account.py`, by which `turngate run` finds a simulator."""

    def create_account(self, gateway_url: str, secret: str) -> SimulatedAccount:
        """Build a simulator that calls the gateway at `gateway_url`; `secret` serves as every credential."""
        ...

    def list_surfaces(self, api_url: str) -> tuple[SimulatedSurface, ...]:
        """Return the surfaces of the account whose simulator is served at `api_url`."""
        ...


def parse_multipart(request: SimulatorRequest) -> dict[str, tuple[str, bytes]]:
    """The fields of a multipart request by name: type and bytes."""
    head = f"content-type: {request.headers.get('content-type', '')}\n\n".encode()
    found = {}
    for part in message_from_bytes(head + request.body, policy=HTTP).iter_parts():
        body = part.get_payload(decode=True)
        if isinstance(body, bytes):
            name = part.get_param("name", header="content-disposition")
            found[str(name)] = part.get_content_type(), body
    return found
