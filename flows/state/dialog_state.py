"""Dialog state: the small JSON value that is stored between turns."""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from operator import attrgetter
from types import MappingProxyType
from typing import Any

from pydantic import JsonValue
from pydantic_core import to_jsonable_python

from core.model import Choice
from core.ports import State
from flows.state.size_limit import serialized_size, trim_state
from flows.state.stored_fields import (
    MAX_HISTORY_LINES,
    HistoryLine,
    Interrupt,
    KeptWish,
    Role,
    field_parser,
    interrupt_to_json,
    to_json_value,
    wish_to_json,
)
from flows.text import replace_surrogates

SCHEMA_VERSION = 2
_READABLE_VERSIONS = (1, 2)
MAX_STATE_LENGTH = 4_096
"""Maximum number of characters of JSON in a state, without its history and summary."""

MAX_CONTEXT_LENGTH = 2_000
"""Maximum number of characters of JSON in the context that the caller provides."""

_MAX_SMALL_TEXTS, _MAX_SMALL_LENGTH = 60, 150
"""Number and total length of texts that certainly fit; a character takes at most 12 in JSON."""

_NOTHING_RENAMED: Mapping[str, str] = MappingProxyType({})

MAX_SUMMARY_LENGTH = 800
MAX_LINE_LENGTH = 1_000
MAX_INTERRUPT_DEPTH = 5
MAX_KEPT_WISHES, MAX_WISH_LENGTH = 2, 200


@dataclass(slots=True)
class DialogState:
    """State of one session. A turn works on its own copy, so a failed turn leaves the state unchanged.

    Copies are cheap: values of fields are never changed in place, but replaced.

    `filled` are the slots filled since the node was entered, `insisted` the attempts to leave it before its
    completion criteria were met, `misses` the consecutive turns that were not understood, `offered` the quick
    replies shown last, `asked` the slot whose question was asked last. `results` are results of actions and
    tools; `environment` holds values that actions
    store for other actions and is never shown to the model. `done` are the actions that succeeded and run
    only once; they stay when their results are trimmed. `apologies` counts consecutive turns without an
    answer from the model, `unsupported` consecutive messages that cannot be read. `flow` and `language` are
    set where there are several; `version` is the node's when its question was asked. `turns` and `tokens` are
    used against the flow's budget. `summary` was written by a model from lines that are no longer in
    `history`; it derives from user input and is not trusted. `kept` are wishes that are taken up later.

    It is parsed by hand instead of by pydantic, because a worker does so twice in every turn.
    """

    flow: str = ""
    language: str = ""
    node: str = ""
    version: str = ""
    outcome: str = "stay"
    slots: Mapping[str, JsonValue] = field(default_factory=dict)
    variables: Mapping[str, JsonValue] = field(default_factory=dict)
    results: Mapping[str, JsonValue] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    done: tuple[str, ...] = ()
    filled: tuple[str, ...] = ()
    visits: Mapping[str, int] = field(default_factory=dict)
    turns_in_node: int = 0
    insisted: int = 0
    misses: int = 0
    apologies: int = 0
    unsupported: int = 0
    turns: int = 0
    tokens: int = 0
    offered: tuple[Choice, ...] = ()
    asked: str = ""
    interrupts: tuple[Interrupt, ...] = ()
    kept: tuple[KeptWish, ...] = ()
    summary: str = ""
    history: tuple[HistoryLine, ...] = ()

    @property
    def is_new(self) -> bool:
        """True if the dialog has not begun, so that the greeting is due."""
        return not self.node

    @classmethod
    def from_json(cls, state: State | None) -> DialogState:
        """Parse a stored state; return a new one when there is none or it cannot be parsed."""
        if not state:
            return cls()
        try:
            parsed = cls(
                **{
                    name: _FIELD_PARSERS[name](value)
                    for name, value in state.items()
                    if name in _FIELD_PARSERS
                }
            )
        except (ValueError, TypeError, KeyError, AttributeError):
            return cls()
        is_readable = state.get("schema_version", SCHEMA_VERSION) in _READABLE_VERSIONS
        return parsed if is_readable else cls(flow=parsed.flow, language=parsed.language)

    def working_copy(
        self, nodes: Container[object], renamed: Mapping[str, str] = _NOTHING_RENAMED
    ) -> DialogState:
        """Return a copy for a turn to change.

        When the flow no longer has its node, it is at the one that `renamed` names, or else at none with all
        that was learnt.
        """
        if self.node and self.node not in nodes:
            if self.outcome == "final":
                return self.restarted()
            return self._at_another_node(renamed.get(self.node, "")).working_copy(nodes, renamed)
        result = DialogState(*_get_all_fields(self))
        if result.interrupts:
            result.interrupts = tuple(frame for frame in result.interrupts if frame.node in nodes)
        if result.kept:
            result.kept = tuple(wish for wish in result.kept if wish.node in nodes)
        return result

    def _at_another_node(self, node: str) -> DialogState:
        """Return the state at a node in the place of one that the flow no longer has."""
        return replace(
            self, node=node, version="", outcome="stay", filled=(), turns_in_node=0, insisted=0, misses=0,
            offered=(), asked="", interrupts=(),
        )  # fmt: skip

    def restarted(self) -> DialogState:
        """Return the state of a new dialog in the same flow, with the caller's context."""
        return DialogState(flow=self.flow, language=self.language, variables=self.variables)

    def restarted_at(self, wish: KeptWish) -> DialogState:
        """Return the state at the node where a kept wish was said, with what was known there."""
        known = dict(list(self.slots.items())[: wish.known])
        state = DialogState(flow=self.flow, language=self.language, variables=self.variables, slots=known)
        state.environment, state.results = self.environment, self.results if known else {}
        state.turns, state.tokens, state.summary = self.turns, self.tokens, self.summary
        state.history, state.kept = self.history, self.kept
        state.enter_node(wish.node)
        return state

    def keep_wishes(self, texts: Iterable[str]) -> None:
        """Keep wishes that were said at the present node; the newest of too many are dropped."""
        wishes = (KeptWish(text[:MAX_WISH_LENGTH], self.node, len(self.slots)) for text in texts)
        self.kept = (*self.kept, *wishes)[:MAX_KEPT_WISHES]

    def to_json(self) -> State:
        """Return the JSON value to store, without fields at their default, trimmed to the size limit."""
        result = self._to_plain_json()
        if self._is_surely_small() or serialized_size(result) <= MAX_STATE_LENGTH:
            return result
        return trim_state(result, MAX_STATE_LENGTH)

    def _is_surely_small(self) -> bool:
        """Return whether the state is certain to fit; measuring it takes a third of a short turn's time."""
        if self.results or self.interrupts or self.kept:
            return False
        texts: list[Any] = [*self.filled, *self.done]
        for part in (self.slots, self.variables, self.environment, self.visits):
            texts += part
            texts += part.values()
        for choice in self.offered:
            texts += (choice.label, choice.payload)
        if len(texts) > _MAX_SMALL_TEXTS:
            return False
        letters = sum(map(_approximate_length, texts))
        return letters < _MAX_SMALL_LENGTH

    def _to_plain_json(self) -> State:
        result: State = {"schema_version": SCHEMA_VERSION}
        result.update(
            {
                name: to_json_value(value)
                for name, value in zip(_FIELD_PARSERS, _get_all_fields(self), strict=True)
                if value
            }
        )
        if self.outcome == "stay":
            del result["outcome"]
        if self.interrupts:
            result["interrupts"] = [interrupt_to_json(frame) for frame in self.interrupts]
        if self.kept:
            result["kept"] = [wish_to_json(wish) for wish in self.kept]
        if self.offered:
            result["offered"] = [{"label": each.label, "payload": each.payload} for each in self.offered]
        return result

    def with_context(self, context: Mapping[str, Any]) -> DialogState:
        """Return the state with the caller's context in it. Raises `ValueError` when it exceeds the limit."""
        variables = {**self.variables, **to_jsonable_python(dict(context))}
        if (size := len(json.dumps(variables))) > MAX_CONTEXT_LENGTH:
            raise ValueError(
                f"the context has {size:,} characters of JSON, the limit is {MAX_CONTEXT_LENGTH:,}: "
                "pass what the flow's texts and guards need, and let tools look up the rest"
            )
        return replace(self, variables=variables)

    def set_slot(self, name: str, value: JsonValue) -> None:
        """Store a slot's value."""
        self.slots = {**self.slots, name: value}
        self.filled = tuple(dict.fromkeys((*self.filled, name)))

    def set_result(self, name: str, result: JsonValue) -> None:
        """Store the result of an action or a tool as the newest."""
        others = {key: value for key, value in self.results.items() if key != name}
        self.results = {**others, name: result}

    def set_environment(self, name: str, value: str) -> None:
        """Store a value for other actions."""
        self.environment = {**self.environment, name: value}

    def add_history_line(self, role: Role, text: str) -> None:
        """Add a line to the bounded history."""
        if text:
            text = text[:MAX_LINE_LENGTH]
            line: HistoryLine = {
                "role": role,
                "content": text if text.isascii() else replace_surrogates(text),
            }
            self.history = (*self.history[1 - MAX_HISTORY_LINES :], line)

    def enter_node(self, node: str) -> None:
        """Move to `node` and reset what counts per visit."""
        self.node, self.turns_in_node, self.filled, self.offered = node, 0, (), ()
        self.insisted, self.asked = 0, ""
        self.visits = {**self.visits, node: min(self.visits.get(node, 0) + 1, 1_000)}

    def push_interrupt(self) -> None:
        """Push the present node, to return to later; the oldest of too many is dropped.

        The turn that interrupts does not count as a turn at the node.
        """
        filled = self.filled if self.asked else ()
        frame = Interrupt(self.node, max(0, self.turns_in_node - 1), self.asked, filled)
        self.interrupts = (*self.interrupts, frame)[-MAX_INTERRUPT_DEPTH:]

    def is_asking_at(self, node: str) -> bool:
        """Return whether the node was interrupted last, after a part of what it asks for was given."""
        return bool(self.interrupts) and self.interrupts[-1].node == node and bool(self.interrupts[-1].asked)

    def pop_interrupt(self) -> str:
        """Return to the node that was interrupted last; return its id, or an empty string."""
        if not self.interrupts:
            return ""
        *others, frame = self.interrupts
        self.interrupts = tuple(others)
        self.enter_node(frame.node)
        self.turns_in_node, self.asked, self.filled = frame.turns, frame.asked, frame.filled
        return frame.node


def _approximate_length(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    return 20 if value is None or isinstance(value, int | float) else _MAX_SMALL_LENGTH


_FIELD_PARSERS = {each.name: field_parser(each.name, str(each.type)) for each in fields(DialogState)}
_get_all_fields = attrgetter(*_FIELD_PARSERS)
