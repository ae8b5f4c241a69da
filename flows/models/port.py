"""The port of whatever decides: the edge a turn takes, what was learnt and, if it can write, what to say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from pydantic import JsonValue

from flows.compiled import CompiledEdge, CompiledNode
from flows.state import Line


class ModelError(Exception):
    """The model gave no answer: unreachable, refused, or out of time. The turn ends with an apology."""


@dataclass(frozen=True, slots=True)
class Decide:
    """A question to the model. `text` and `payload` are untrusted; `payload` is set for a chosen quick reply.

    `said` is the speech that the user is answering. `is_first` says that this is the session's first message
    and that the greeting has just been said in answer to it. `is_silent` says that the user waits for the
    bot: choose by the data alone.
    """

    node: CompiledNode
    offered: tuple[CompiledEdge, ...]
    text: str
    payload: str = ""
    said: str = ""
    prompt: str = ""
    instruction: str = ""
    conditions: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, JsonValue] = field(default_factory=dict)
    filled: frozenset[str] = frozenset()
    history: tuple[Line, ...] = ()
    today: date = date.min
    is_first: bool = False
    is_silent: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer: the id of an offered edge, or empty to stay.

    `slots` are raw, as extracted. `reply` is what the model would say when it stays; `reason` is why it could
    not read what was said, in a sentence for the user.
    """

    edge: str = ""
    slots: Mapping[str, JsonValue] = field(default_factory=dict)
    reply: str = ""
    reason: str = ""
    tokens: int = 0
    model: str = ""


@dataclass(frozen=True, slots=True)
class Speak:
    """A request to put a node's private instruction into words for the user."""

    instruction: str
    prompt: str = ""
    history: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Speech:
    """What was written; empty when the model cannot write."""

    text: str = ""
    tokens: int = 0
    model: str = ""


class Model(Protocol):
    """One object serves all sessions, so it keeps nothing of a conversation."""

    name: str

    async def decide(self, question: Decide) -> Decision:
        """Choose an edge. Raises `ModelError` when there is no answer."""
        ...

    async def speak(self, request: Speak) -> Speech:
        """Write a node's speech. Raises `ModelError` when there is no answer."""
        ...

    async def aclose(self) -> None:
        """Let go of connections."""
        ...
