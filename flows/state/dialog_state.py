"""Where a conversation stands: a small plain value that is stored between turns."""

from __future__ import annotations

import json
from collections.abc import Container, Mapping
from dataclasses import dataclass, field, fields, replace
from operator import attrgetter
from typing import Any, Literal, NamedTuple

from pydantic import JsonValue
from pydantic_core import to_jsonable_python
from typing_extensions import TypedDict

from core.model import Choice
from core.ports import State
from flows.state.size_limit import serialized_size, trim_state
from flows.text import replace_surrogates

Role = Literal["user", "assistant", "system"]

SCHEMA_VERSION = 2
_READABLE_VERSIONS = (1, 2)
MAX_STATE_LENGTH = 4_096
"""How many characters of JSON a state may have beside its history and the summary before it."""

MAX_CONTEXT_LENGTH = 2_000
"""How many of these may be what the caller knows beforehand."""

_MAX_SMALL_TEXTS, _MAX_SMALL_LENGTH = 60, 150
"""So many texts of so many letters together surely fit; a letter is twelve of JSON at most."""

MAX_HISTORY_LINES = 40
MAX_SUMMARY_LENGTH = 800
MAX_LINE_LENGTH = 1_000
MAX_INTERRUPT_DEPTH = 5


class HistoryLine(TypedDict):
    """One thing that was said, as a model is told it; a line of the `system` is a note for it alone."""

    role: Role
    content: str


class Interrupt(NamedTuple):
    """A node that a global edge led away from, and how many turns it had."""

    node: str
    turns: int = 0


@dataclass(slots=True)
class DialogState:
    """One session's place in a flow. A turn works on its own copy; a failed turn leaves the one before alone.

    The copy is cheap, as no value in a field is ever changed in place: a change puts a new one there.

    `filled` are the slots taken since the node was entered, `insisted` how often the user wanted to leave
    it too early, `misses` the turns in a row that were not understood, `offered` the quick replies seen
    last. `results` are what actions and tools came to, `environment` what actions put aside for other
    actions: the model never sees it. `done` are the actions that have succeeded and are to be run once;
    they stay when their results have to make room. `apologies` counts the turns in a row that got no answer
    from the model. `flow` is the name of the flow where there are several, `language` what is spoken where
    there are several, `version` the node's as it was when its question was asked. `turns` and `tokens` are
    what a flow with a budget has used of it. `summary` is what a model wrote of the lines that are no longer
    in `history`; it is made of what users said, and as little to be trusted.

    It is taken apart by hand and not by pydantic, as a worker does this twice in every turn.
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
    turns: int = 0
    tokens: int = 0
    offered: tuple[Choice, ...] = ()
    interrupts: tuple[Interrupt, ...] = ()
    summary: str = ""
    history: tuple[HistoryLine, ...] = ()

    @property
    def is_new(self) -> bool:
        """Whether nothing has been said yet, so that the greeting is due."""
        return not self.node

    @classmethod
    def from_json(cls, state: State | None) -> DialogState:
        """Read a stored state; a fresh one when there is none or it cannot be read."""
        if not state:
            return cls()
        try:
            taken = cls(
                **{
                    name: _FIELD_PARSERS[name](value)
                    for name, value in state.items()
                    if name in _FIELD_PARSERS
                }
            )
        except (ValueError, TypeError, KeyError, AttributeError):
            return cls()
        known = state.get("schema_version", SCHEMA_VERSION) in _READABLE_VERSIONS
        return taken if known else cls(flow=taken.flow, language=taken.language)

    def working_copy(self, nodes: Container[object]) -> DialogState:
        """A copy for a turn to work on; a fresh one when the flow does not have its node any more."""
        if self.node and self.node not in nodes:
            return self.restarted()
        made = DialogState(*_get_all_fields(self))
        if made.interrupts:
            made.interrupts = tuple(frame for frame in made.interrupts if frame.node in nodes)
        return made

    def restarted(self) -> DialogState:
        """The beginning of another conversation in the same flow, with what the caller knows beforehand."""
        return DialogState(flow=self.flow, language=self.language, variables=self.variables)

    def to_json(self) -> State:
        """The plain value to store; what is at its default is left out, and the oldest if need be."""
        made = self._to_plain_json()
        if self._is_surely_small() or serialized_size(made) <= MAX_STATE_LENGTH:
            return made
        return trim_state(made, MAX_STATE_LENGTH)

    def _is_surely_small(self) -> bool:
        """Whether the state surely fits: to measure it is a third of what a short turn takes."""
        if self.results or self.interrupts:
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
        made: State = {"schema_version": SCHEMA_VERSION}
        made.update(
            {
                name: _to_json_value(value)
                for name, value in zip(_FIELD_PARSERS, _get_all_fields(self), strict=True)
                if value
            }
        )
        if self.outcome == "stay":
            del made["outcome"]
        if self.interrupts:
            made["interrupts"] = [{"node": node, "turns": turns} for node, turns in self.interrupts]
        if self.offered:
            made["offered"] = [{"label": each.label, "payload": each.payload} for each in self.offered]
        return made

    def with_context(self, context: Mapping[str, Any]) -> DialogState:
        """The state with what the caller knows in it. Raises `ValueError` where there is no room for it."""
        variables = {**self.variables, **to_jsonable_python(dict(context))}
        if (size := len(json.dumps(variables))) > MAX_CONTEXT_LENGTH:
            raise ValueError(
                f"the context is {size:,} characters of JSON, and a state has room for {MAX_CONTEXT_LENGTH:,}: "
                "give what the flow's texts and guards need, and let tools look up the rest"
            )
        return replace(self, variables=variables)

    def set_slot(self, name: str, value: JsonValue) -> None:
        """Remember what the user has said."""
        self.slots = {**self.slots, name: value}
        self.filled = tuple(dict.fromkeys((*self.filled, name)))

    def set_result(self, name: str, result: JsonValue) -> None:
        """Remember what an action or a tool came to, as the newest."""
        others = {key: value for key, value in self.results.items() if key != name}
        self.results = {**others, name: result}

    def set_environment(self, name: str, value: str) -> None:
        """Keep a text for other actions."""
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
        """Be at `node`, newly."""
        self.node, self.turns_in_node, self.filled, self.offered = node, 0, (), ()
        self.insisted = 0
        self.visits = {**self.visits, node: min(self.visits.get(node, 0) + 1, 1_000)}

    def push_interrupt(self) -> None:
        """Remember the present node as the one to come back to; the oldest of too many is given up.

        The turn that asked something else does not count as a try at this node.
        """
        frame = Interrupt(self.node, max(0, self.turns_in_node - 1))
        self.interrupts = (*self.interrupts, frame)[-MAX_INTERRUPT_DEPTH:]

    def pop_interrupt(self) -> str:
        """Go back to the node that was interrupted last, and name it; empty when there is none."""
        if not self.interrupts:
            return ""
        *others, frame = self.interrupts
        self.interrupts = tuple(others)
        self.enter_node(frame.node)
        self.turns_in_node = frame.turns
        return frame.node


_ROLE_BY_STORED_NAME: Mapping[object, Role] = {
    "user": "user",
    "assistant": "assistant",
    "system": "system",
    "note": "system",
}


def _to_json_value(value: Any) -> JsonValue:
    return list(value) if isinstance(value, tuple) else value


def _parse_text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("this is not text")
    return value


def _parse_number(value: Any) -> int:
    if not isinstance(value, int):
        raise TypeError("this is not a number")
    return value


def _parse_object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("this is not an object")
    return dict(value)


def _approximate_length(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    return 20 if value is None or isinstance(value, int | float) else _MAX_SMALL_LENGTH


def _parse_counts(value: Any) -> dict[str, int]:
    return {name: _parse_number(count) for name, count in _parse_object(value).items()}


def _parse_string_map(value: Any) -> dict[str, str]:
    return {name: _parse_text(text) for name, text in _parse_object(value).items()}


def _parse_history(value: Any) -> tuple[HistoryLine, ...]:
    """A history. What is no line of it is left out, such as a tool's call that has lost its answer."""
    if not isinstance(value, list):
        raise TypeError("this is not a history")
    return tuple([line for line in map(_parse_history_line, value[-MAX_HISTORY_LINES:]) if line])


def _parse_history_line(value: Any) -> HistoryLine | None:
    # schema 1 has `text` for `content`, and `note` for `system`
    if not isinstance(value, dict):
        return None
    role, content = _ROLE_BY_STORED_NAME.get(value.get("role")), value.get("content") or value.get("text")
    if not role or not content or not isinstance(content, str):
        return None
    return {"role": role, "content": replace_surrogates(content)}


def _parse_interrupts(value: Any) -> tuple[Interrupt, ...]:
    return tuple(Interrupt(_parse_text(each["node"]), _parse_number(each.get("turns", 0))) for each in value)


def _parse_choices(value: Any) -> tuple[Choice, ...]:
    return tuple(Choice(label=each["label"], payload=each["payload"]) for each in value)


def _parse_string_list(value: Any) -> tuple[str, ...]:
    return tuple(_parse_text(each) for each in value)


_PARSER_BY_FIELD: dict[str, Any] = {
    "history": _parse_history,
    "interrupts": _parse_interrupts,
    "offered": _parse_choices,
    "visits": _parse_counts,
    "environment": _parse_string_map,
}
_PARSER_BY_TYPE = {"str": _parse_text, "int": _parse_number, "tuple[str, ...]": _parse_string_list}
_FIELD_PARSERS = {
    each.name: _PARSER_BY_FIELD.get(each.name) or _PARSER_BY_TYPE.get(str(each.type), _parse_object)
    for each in fields(DialogState)
}
_get_all_fields = attrgetter(*_FIELD_PARSERS)
