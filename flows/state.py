"""Where a conversation stands: a small plain value that is stored between turns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, cast

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from core.dialog import State
from core.message import Choice

Role = Literal["user", "assistant", "note"]

SCHEMA = 1
LARGEST_STATE = 4_096
"""How many characters of JSON a state may have beside its history."""
LONGEST_HISTORY = 20
LONGEST_LINE = 1_000
DEEPEST_INTERRUPT = 5


class Line(BaseModel):
    """One thing that was said; a `note` is for the model alone."""

    role: Role
    text: str


class Interrupt(BaseModel):
    """A node that a global edge led away from, and how many turns it had."""

    node: str
    turns: int = 0


class DialogState(BaseModel):
    """One session's place in a flow. A turn works on its own copy; a failed turn leaves the stored one alone.

    `filled` are the slots taken since the node was entered, `insisted` how often the user wanted to leave it
    too early, `misses` the turns in a row that were not understood, `offered` the quick replies seen last.
    `results` are what actions and tools came to, `environment` what actions put aside for other actions: the
    model never sees it. `apologies` counts the turns in a row that got no answer from the model. `flow` is
    the name of the flow where there are several, `version` the node's as it was when its question was asked.
    """

    model_config = ConfigDict(extra="ignore")

    schema_version: int = SCHEMA
    flow: str = ""
    node: str = ""
    version: str = ""
    outcome: str = "stay"
    slots: dict[str, JsonValue] = Field(default_factory=dict)
    variables: dict[str, JsonValue] = Field(default_factory=dict)
    results: dict[str, JsonValue] = Field(default_factory=dict)
    environment: dict[str, str] = Field(default_factory=dict)
    filled: list[str] = Field(default_factory=list)
    visits: dict[str, int] = Field(default_factory=dict)
    turns_in_node: int = 0
    insisted: int = 0
    misses: int = 0
    apologies: int = 0
    offered: list[Choice] = Field(default_factory=list)
    interrupts: list[Interrupt] = Field(default_factory=list)
    history: list[Line] = Field(default_factory=list)

    @property
    def is_fresh(self) -> bool:
        """Whether nothing has been said yet, so that the greeting is due."""
        return not self.node

    @classmethod
    def stored(cls, state: State | None, nodes: Mapping[str, object]) -> DialogState:
        """Take up a stored state; a fresh one when there is none or it does not fit the flow any more."""
        try:
            taken = cls.model_validate(state or {})
        except ValidationError:
            return cls()
        known = taken.schema_version == SCHEMA and (taken.is_fresh or taken.node in nodes)
        taken.interrupts = [frame for frame in taken.interrupts if frame.node in nodes]
        return taken if known else cls(flow=taken.flow)

    def begun_anew(self) -> DialogState:
        """The beginning of another conversation in the same flow, with what the caller knows beforehand."""
        return DialogState(flow=self.flow, variables=self.variables)

    def to_json(self) -> State:
        """The plain value to store; what is at its default is left out, and the oldest results if need be."""
        while self.results and self._size() > LARGEST_STATE:
            del self.results[next(iter(self.results))]
        return cast("State", {"schema_version": SCHEMA} | self.model_dump(mode="json", exclude_defaults=True))

    def _size(self) -> int:
        return len(self.model_dump_json(exclude_defaults=True, exclude={"history"}))

    def keep_result(self, name: str, result: JsonValue) -> None:
        """Remember what an action or a tool came to, as the newest."""
        self.results.pop(name, None)
        self.results[name] = result

    def remember(self, role: Role, text: str) -> None:
        """Add a line to the bounded history."""
        if text:
            self.history = [*self.history, Line(role=role, text=text[:LONGEST_LINE])][-LONGEST_HISTORY:]

    def enter(self, node: str) -> None:
        """Be at `node`, newly."""
        self.node, self.turns_in_node, self.filled, self.offered = node, 0, [], []
        self.insisted = 0
        self.visits[node] = min(self.visits.get(node, 0) + 1, 1_000)

    def interrupt(self) -> None:
        """Remember the present node as the one to come back to; the oldest of too many is given up.

        The turn that asked something else does not count as a try at this node.
        """
        frame = Interrupt(node=self.node, turns=max(0, self.turns_in_node - 1))
        self.interrupts = [*self.interrupts, frame][-DEEPEST_INTERRUPT:]

    def resume(self) -> str:
        """Go back to the node that was interrupted last, and name it; empty when there is none."""
        if not self.interrupts:
            return ""
        frame = self.interrupts.pop()
        self.enter(frame.node)
        self.turns_in_node = frame.turns
        return frame.node
