"""The port of whatever decides: the edge a turn takes, what was learnt and, if it can write, what to say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Literal, NamedTuple, Protocol

from pydantic import JsonValue

from flows.compiled import CompiledEdge, CompiledNode, SpeculativeReply
from flows.state import HistoryLine
from flows.tools import ToolCallRequest, ToolDefinition, ToolExchange

TextCallback = Callable[[str], None]
"""Takes the next piece of a text that is being written for the user."""

OutputIssue = Literal["", "refused", "empty", "malformed", "cut"]
"""What was wrong with a model's output: it would not, said nothing, nothing readable, or too much."""


_NO_VALUES: Mapping[str, JsonValue] = MappingProxyType({})


def discard(text: str) -> None:
    """Nobody reads along."""


class ModelError(Exception):
    """The model gave no answer: unreachable, refused, or out of time. The turn ends with an apology."""


class TransitionRequest(NamedTuple):
    """A question to the model. `text` and `payload` are untrusted; `payload` is set for a chosen quick reply.
    `conditions` are those of the `offered` edges, one for each.

    `said` is the speech that the user is answering, `summary` what was said before `history`. `is_first` says
    that this is the session's first message and that the greeting has just been said in answer to it.
    `is_silent` says that the user waits for the bot: choose by the data alone. `exchanges` are the tools that
    were run for this question so far. The reply, if there is one, goes to `write` while it is being written.
    With an edge of `ahead` the model may answer what is said beyond it.
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
    language: str = "en"
    write: TextCallback = discard
    speculative_replies: tuple[SpeculativeReply, ...] = ()


class TransitionDecision(NamedTuple):
    """The answer: the id of an offered edge, or empty to stay; or tools to be run before it can be given.

    `slots` are raw, as extracted. `reply` is what the model would say when it stays or, with an edge of
    `ahead`, beyond it; `reason` is why it could not read what was said, in a sentence for the user.
    """

    edge_id: str = ""
    slots: Mapping[str, JsonValue] = _NO_VALUES
    reply: str = ""
    error_message: str = ""
    tokens: int = 0
    model: str = ""
    calls: tuple[ToolCallRequest, ...] = ()
    issue: OutputIssue = ""


STAY_DECISION = TransitionDecision()
"""To stay, and nothing more."""


@dataclass(frozen=True, slots=True)
class ReplyRequest:
    """A request to put a private instruction into words for the user; `write` takes them as they come."""

    instruction: str
    prompt: str = ""
    summary: str = ""
    history: tuple[HistoryLine, ...] = ()
    values: Mapping[str, JsonValue] = field(default_factory=dict)
    write: TextCallback = field(default=discard, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class GeneratedReply:
    """What was written; empty when the model cannot write."""

    text: str = ""
    tokens: int = 0
    model: str = ""
    issue: OutputIssue = ""


@dataclass(frozen=True, slots=True)
class SummaryRequest:
    """A request to put `lines` of a conversation into a few sentences, together with those from `before`."""

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


class Model(Protocol):
    """One object serves all sessions, so it keeps nothing of a conversation."""

    name: str

    async def decide(self, question: TransitionRequest) -> TransitionDecision:
        """Choose an edge. Raises `ModelError` when there is no answer."""
        ...

    async def generate_reply(self, request: ReplyRequest) -> GeneratedReply:
        """Write a node's speech. Raises `ModelError` when there is no answer."""
        ...

    async def summarize(self, request: SummaryRequest) -> GeneratedReply:
        """Summarise; empty when the model cannot write. Raises `ModelError` when there is no answer."""
        ...

    async def aclose(self) -> None:
        """Let go of connections."""
        ...
