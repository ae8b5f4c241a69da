"""Where a conversation stands: a small plain value that is stored between turns."""

from __future__ import annotations

import json
from collections.abc import Container
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any, Literal, NamedTuple

from pydantic import JsonValue
from typing_extensions import TypedDict

from core.dialog import State
from core.message import Choice

Role = Literal["user", "assistant", "note"]

_ROLES = frozenset(("user", "assistant", "note"))

SCHEMA = 1
LARGEST_STATE = 4_096
"""How many characters of JSON a state may have beside its history and the summary before it."""

LONGEST_HISTORY = 20
LONGEST_SUMMARY = 800
LONGEST_LINE = 1_000
DEEPEST_INTERRUPT = 5
_MEMORY: State = {"history": None, "summary": None}


class Line(TypedDict):
    """One thing that was said, as it is stored; a `note` is for the model alone."""

    role: Role
    text: str


class Interrupt(NamedTuple):
    """A node that a global edge led away from, and how many turns it had."""

    node: str
    turns: int = 0


@dataclass(slots=True)
class DialogState:
    """One session's place in a flow. A turn works on its own copy; a failed turn leaves the stored one alone.

    `filled` are the slots taken since the node was entered, `insisted` how often the user wanted to leave
    it too early, `misses` the turns in a row that were not understood, `offered` the quick replies seen
    last. `results` are what actions and tools came to, `environment` what actions put aside for other
    actions: the model never sees it. `apologies` counts the turns in a row that got no answer from the
    model. `flow` is the name of the flow where there are several, `language` what is spoken where there
    are several, `version` the node's as it was when its question was asked. `turns` and `tokens` are what
    a flow with a budget has used of it. `summary` is what a model wrote of the lines that are no longer in
    `history`; it is made of what users said, and as little to be trusted.

    It is taken apart by hand and not by pydantic, as every turn does this twice.
    """

    flow: str = ""
    language: str = ""
    node: str = ""
    version: str = ""
    outcome: str = "stay"
    slots: dict[str, JsonValue] = field(default_factory=dict)
    variables: dict[str, JsonValue] = field(default_factory=dict)
    results: dict[str, JsonValue] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    filled: list[str] = field(default_factory=list)
    visits: dict[str, int] = field(default_factory=dict)
    turns_in_node: int = 0
    insisted: int = 0
    misses: int = 0
    apologies: int = 0
    turns: int = 0
    tokens: int = 0
    offered: list[Choice] = field(default_factory=list)
    interrupts: list[Interrupt] = field(default_factory=list)
    summary: str = ""
    history: list[Line] = field(default_factory=list)

    @property
    def is_fresh(self) -> bool:
        """Whether nothing has been said yet, so that the greeting is due."""
        return not self.node

    @classmethod
    def stored(cls, state: State | None, nodes: Container[object]) -> DialogState:
        """Take up a stored state; a fresh one when there is none or it does not fit the flow any more."""
        if not state:
            return cls()
        try:
            taken = cls(**{name: _READERS[name](value) for name, value in state.items() if name in _READERS})
        except (ValueError, TypeError, KeyError, AttributeError):
            return cls()
        known = state.get("schema_version", SCHEMA) == SCHEMA and (taken.is_fresh or taken.node in nodes)
        taken.interrupts = [frame for frame in taken.interrupts if frame.node in nodes]
        return taken if known else cls(flow=taken.flow, language=taken.language)

    def begun_anew(self) -> DialogState:
        """The beginning of another conversation in the same flow, with what the caller knows beforehand."""
        return DialogState(flow=self.flow, language=self.language, variables=self.variables)

    def to_json(self) -> State:
        """The plain value to store; what is at its default is left out, and the oldest results if need be."""
        made = self._plain()
        while self.results and len(json.dumps({**made, **_MEMORY})) > LARGEST_STATE:
            del self.results[next(iter(self.results))]
            made = self._plain()
        return made

    def _plain(self) -> State:
        made: State = {"schema_version": SCHEMA}
        made.update({name: value for name, value in zip(_READERS, _FIELDS(self), strict=True) if value})
        if self.outcome == "stay":
            del made["outcome"]
        if self.interrupts:
            made["interrupts"] = [{"node": node, "turns": turns} for node, turns in self.interrupts]
        if self.offered:
            made["offered"] = [{"label": each.label, "payload": each.payload} for each in self.offered]
        return made

    def keep_result(self, name: str, result: JsonValue) -> None:
        """Remember what an action or a tool came to, as the newest."""
        self.results.pop(name, None)
        self.results[name] = result

    def remember(self, role: Role, text: str) -> None:
        """Add a line to the bounded history."""
        if text:
            self.history.append({"role": role, "text": text[:LONGEST_LINE]})
            del self.history[:-LONGEST_HISTORY]

    def enter(self, node: str) -> None:
        """Be at `node`, newly."""
        self.node, self.turns_in_node, self.filled, self.offered = node, 0, [], []
        self.insisted = 0
        self.visits[node] = min(self.visits.get(node, 0) + 1, 1_000)

    def interrupt(self) -> None:
        """Remember the present node as the one to come back to; the oldest of too many is given up.

        The turn that asked something else does not count as a try at this node.
        """
        frame = Interrupt(self.node, max(0, self.turns_in_node - 1))
        self.interrupts = [*self.interrupts, frame][-DEEPEST_INTERRUPT:]

    def resume(self) -> str:
        """Go back to the node that was interrupted last, and name it; empty when there is none."""
        if not self.interrupts:
            return ""
        frame = self.interrupts.pop()
        self.enter(frame.node)
        self.turns_in_node = frame.turns
        return frame.node


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("this is not text")
    return value


def _number(value: Any) -> int:
    if not isinstance(value, int):
        raise TypeError("this is not a number")
    return value


def _copy(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("this is not an object")
    return dict(value)


def _lines(value: Any) -> list[Line]:
    if not {line["role"] for line in value} <= _ROLES:
        raise TypeError("this is not a line")
    "".join([line["text"] for line in value])  # raises for what is not text
    return list(value)


def _frames(value: Any) -> list[Interrupt]:
    return [Interrupt(_text(each["node"]), _number(each.get("turns", 0))) for each in value]


def _choices(value: Any) -> list[Choice]:
    return [Choice(label=each["label"], payload=each["payload"]) for each in value]


_KINDS: dict[str, Any] = {"history": _lines, "interrupts": _frames, "offered": _choices}
_BY_TYPE = {"str": _text, "int": _number, "list[str]": lambda value: [_text(each) for each in value]}
_READERS = {
    each.name: _KINDS.get(each.name) or _BY_TYPE.get(str(each.type), _copy) for each in fields(DialogState)
}
_FIELDS = attrgetter(*_READERS)
