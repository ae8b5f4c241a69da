"""Protocols of language models, and the values of their requests and answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Literal, NamedTuple, Protocol

from pydantic import JsonValue

from flows.compiled import CompiledEdge, CompiledNode, SpeculativeReply
from flows.locales import DEFAULT_LANGUAGE
from flows.state import HistoryLine
from flows.tools import ToolCallRequest, ToolDefinition, ToolExchange

TextCallback = Callable[[str], None]
"""Callback with the next piece of a text that is being written for the user."""

OutputIssue = Literal["", "refused", "empty", "malformed", "cut", "leaked", "promised"]
"""Issue with a model's output: refused to answer, empty, unreadable, or cut because it was too long; or its
reply was not sent, as it gave the flow's private text away or promised an action that did not happen."""


_NO_VALUES: Mapping[str, JsonValue] = MappingProxyType({})
_NO_TEXTS: Mapping[str, str] = MappingProxyType({})


def discard(text: str) -> None:
    """Do nothing: the text callback when the reply is not streamed."""


class Picture(NamedTuple):
    """A picture that the user sent."""

    body: bytes
    content_type: str


class ModelError(Exception):
    """The model did not answer: unreachable, rejected, or timed out. The turn ends with an apology.

    `reason` is a short code for logs and counters. `failures` are those of all models that were asked, as
    `<model>:<reason>`.
    """

    def __init__(self, message: str = "", *, reason: str = "error", failures: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.reason = reason
        self.failures = failures


class TransitionRequest(NamedTuple):
    """A request to choose a transition.

    `text` and `payload` are untrusted; `payload` is set for a selected quick reply. `conditions` are those of
    `available_edges`, one for each. `last_speech` is the message that the user answers, `summary` covers what
    came before `history`. `is_first` says that this is the session's first message, and that the greeting has
    just been sent in answer to it. `is_silent` says that the user waits for the bot: choose by the data
    alone. `exchanges` are the tool calls made for this request so far. `write` receives the reply while it is
    written. With an edge of `speculative_replies` the reply may be the message of its target node. `pictures`
    belong to the user's message. `note` tells the model why its last answer was not used.
    """

    node: CompiledNode
    available_edges: tuple[CompiledEdge, ...]
    conditions: tuple[str, ...]
    text: str
    payload: str = ""
    last_speech: str = ""
    prompt: str = ""
    instruction: str = ""
    values: Mapping[str, JsonValue] = _NO_VALUES
    filled_slots: tuple[str, ...] = ()
    summary: str = ""
    history: tuple[HistoryLine, ...] = ()
    today: date = date.min
    is_first: bool = False
    is_silent: bool = False
    tools: tuple[ToolDefinition, ...] = ()
    exchanges: tuple[ToolExchange, ...] = ()
    language: str = DEFAULT_LANGUAGE
    write: TextCallback = discard
    speculative_replies: tuple[SpeculativeReply, ...] = ()
    pictures: tuple[Picture, ...] = ()
    note: str = ""


class TransitionDecision(NamedTuple):
    """The model's decision: the id of an available edge, or empty to stay; or tool calls to make first.

    `slots` are raw, as extracted. `reply` is the message to send when the model stays or, with an edge of
    `speculative_replies`, at its target; `error_message` tells the user why a value could not be read.
    `rejected` are the reasons why values beside those of `slots` could not be read, by slot.
    `also` are edges to answers that the message asks for beside its main wish, `later` the words of other
    wishes, which are taken up afterwards, and `later_edges` the edges of such wishes. `failures` are the
    models that were asked before in vain, as `<model>:<reason>`.
    """

    edge_id: str = ""
    slots: Mapping[str, JsonValue] = _NO_VALUES
    reply: str = ""
    error_message: str = ""
    tokens: int = 0
    model: str = ""
    calls: tuple[ToolCallRequest, ...] = ()
    issue: OutputIssue = ""
    rejected: Mapping[str, str] = _NO_TEXTS
    also: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    later_edges: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()


STAY_DECISION = TransitionDecision()
"""To stay, without a reply."""


@dataclass(frozen=True, slots=True)
class ReplyRequest:
    """A request to write a message by a private instruction; `write` receives it while it is written.

    `note` tells the model why its last answer was not used.
    """

    instruction: str
    prompt: str = ""
    summary: str = ""
    history: tuple[HistoryLine, ...] = ()
    values: Mapping[str, JsonValue] = field(default_factory=dict)
    write: TextCallback = field(default=discard, compare=False, repr=False)
    pictures: tuple[Picture, ...] = field(default=(), repr=False)
    note: str = ""


@dataclass(frozen=True, slots=True)
class GeneratedReply:
    """A generated text; empty when the model cannot write."""

    text: str = ""
    tokens: int = 0
    model: str = ""
    issue: OutputIssue = ""
    failures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SummaryRequest:
    """A request to summarize `lines` of a conversation, together with `previous_summary`."""

    previous_summary: str
    lines: tuple[HistoryLine, ...]


class Moderator(Protocol):
    """A moderation model: decides whether a text may be processed or sent."""

    async def flags(self, text: str) -> bool:
        """Return whether the text is rejected. Raises `ModelError` when there is no answer."""
        ...


class Transcriber(Protocol):
    """A speech-to-text model."""

    async def transcribe(self, body: bytes, name: str, content_type: str) -> str:
        """Return the text of a recording; `name` has the file extension of its type. Raises `ModelError`."""
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...


class SpeechSynthesizer(Protocol):
    """A text-to-speech model."""

    async def synthesize(self, text: str) -> bytes:
        """Return a recording of a text as Ogg with Opus. Raises `ModelError`."""
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...


class Model(Protocol):
    """A dialog model. One object serves all sessions, so it has no state of a conversation."""

    name: str

    async def decide(self, question: TransitionRequest) -> TransitionDecision:
        """Choose a transition. Raises `ModelError` when there is no answer."""
        ...

    async def generate_reply(self, request: ReplyRequest) -> GeneratedReply:
        """Write a node's message. Raises `ModelError` when there is no answer."""
        ...

    async def summarize(self, request: SummaryRequest) -> GeneratedReply:
        """Summarize; empty when the model cannot write. Raises `ModelError` when there is no answer."""
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...
