"""Scored conversations over flows unknown to the authors of the rules: plays and judges `conversations/`.

A file has conversations: each begins with `# flow language`; its turns are `kind: text => expectation`.
An expectation names the nodes that are right, separated by `|`, the values that must be stored afterwards
(`day=2026-12-01`, alternatives separated by `|`, `*` for any), those that may change (`day?=2026-12-01`), and
words that stand in the reply (`~word`). `safe` is any turn that does nothing and stays at the question or at
one about its values. After a turn that was not right, the conversation continues from where it should be.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from flows.authoring.testing.stub_fetch import StubFetch
from flows.authoring.testing.test_file import StubResponse
from flows.document import Flow
from flows.engine import DialogMachine, TurnResult
from tests.understanding.scored_turns import TODAY

_FILES = Path(__file__).parent / "conversations"
FOLDERS = tuple("abcdefghijklmnopqrstu")

Verdict = Literal["right", "asks", "astray", "wrong"]


@dataclass(frozen=True)
class ConversationTurn:
    """Message of a conversation with its expected results."""

    flow: str
    language: str
    kind: str
    text: str
    nodes: tuple[str, ...]
    changes: Mapping[str, tuple[str, ...]]
    optional: Mapping[str, tuple[str, ...]]
    replies: tuple[str, ...]

    def allows(self, name: str, value: str) -> bool:
        """True if the turn may store this value."""
        allowed = {**self.optional, **self.changes}.get(name, ())
        return value in allowed or "*" in allowed


def read_conversations(folder: str) -> Iterator[tuple[Flow, list[ConversationTurn]]]:
    """Yield the conversations of all flows of a folder."""
    for file in sorted((_FILES / folder).glob("*.txt")):
        flow = Flow.load(file.with_suffix(".yaml"))
        for conversation in file.read_text().split("# ")[1:]:
            head, *lines = conversation.splitlines()
            name, language = head.split()
            yield flow, [_parse(name, language, line) for line in lines if line.strip()]


def _parse(flow: str, language: str, line: str) -> ConversationTurn:
    said, _, expected = line.rpartition(" => ")
    kind, _, text = said.partition(": ")
    nodes, *more = shlex.split(expected)
    values = [part.split("=", 1) for part in more if "=" in part]
    return ConversationTurn(
        flow, language, kind, text, tuple(nodes.split("|")),
        {name: tuple(value.split("|")) for name, value in values if name[-1] != "?"},
        {name[:-1]: tuple(value.split("|")) for name, value in values if name[-1] == "?"},
        tuple(part[1:].casefold() for part in more if part[0] == "~"),
    )  # fmt: skip


async def play(
    flow: Flow, conversation: list[ConversationTurn]
) -> AsyncIterator[tuple[ConversationTurn, Verdict, str]]:
    """Play a conversation; yield each turn, its verdict and a description of the result."""
    state = dict[str, Any]()
    for turn in conversation:
        machine = _build_machine(flow, state)
        result = await machine.turn(turn.text)
        new = dict(machine.state or {})
        verdict, happened = _classify(turn, state, new, result)
        yield turn, verdict, happened
        state = new if verdict == "right" else _repair_state(flow, turn, state, new)


def _build_machine(flow: Flow, state: dict[str, Any]) -> DialogMachine:
    answers: dict[str, tuple[StubResponse, ...]] = {
        action.id: (StubResponse(status=201, data={}),) for action in flow.actions
    }
    return DialogMachine(
        flow, "rules", state=state or None, fetch=StubFetch(answers), secrets={}, today=lambda: TODAY
    )


def _classify(
    turn: ConversationTurn, old: Mapping[str, Any], new: Mapping[str, Any], result: TurnResult
) -> tuple[Verdict, str]:
    changed = _find_changes(old, new)
    happened = f"{result.node} {changed} “{result.text[:120]}”"
    is_back = result.node == old.get("node", result.node) or any(
        part in result.node for part in ("ask_", "what_is_wrong")
    )
    is_there = result.node in turn.nodes or ("safe" in turn.nodes and is_back)
    is_action = bool(result.outcome in ("final", "hand_off") or result.tools)
    if not all(turn.allows(*change) for change in changed.items()) or (is_action and not is_there):
        return "wrong", happened
    slots = new.get("slots") or {}
    has_all = all(turn.allows(name, str(slots.get(name, ""))) for name in turn.changes)
    if is_there and has_all and all(reply in result.text.casefold() for reply in turn.replies):
        return "right", happened
    return ("asks" if is_back or is_there else "astray"), happened


def _find_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, str]:
    before = old.get("slots") or {}
    return {
        name: str(value)
        for name, value in (new.get("slots") or {}).items()
        if before.get(name) != value and not name.endswith("_skipped")
    }


def _repair_state(
    flow: Flow, turn: ConversationTurn, old: Mapping[str, Any], new: Mapping[str, Any]
) -> dict[str, Any]:
    node = str(old.get("node") if turn.nodes[0] == "safe" else turn.nodes[0])
    is_further = node != old.get("node")
    values = {**(turn.optional if is_further else {}), **turn.changes}
    learnt = {
        name: turn.text if each[0] == "*" else _to_slot_type(flow, name, each[0])
        for name, each in values.items()
    }
    skipped = str(old.get("node")).partition("ask_")[2]
    if is_further and skipped and skipped not in {**(old.get("slots") or {}), **learnt}:
        learnt[f"{skipped}_skipped"] = True
    place = next(each for each in flow.nodes if each.id == node)
    said = {"role": "assistant", "content": str(place.static_text)}
    return {
        **new,
        "node": node, "version": "", "misses": 0, "turns_in_node": 1, "interrupts": [],
        "outcome": "final" if place.is_final else "stay",
        "asked": node.partition("ask_")[2],
        "slots": {**(old.get("slots") or {}), **learnt},
        "history": [*(new.get("history") or ()), said],
        "offered": [choice.model_dump(include={"label", "payload"}) for choice in place.choices],
    }  # fmt: skip


def _to_slot_type(flow: Flow, name: str, value: str) -> Any:
    """Return a value in the type that its slot is stored in."""
    schemas: list[Any] = [edge.input_schema or {} for node in flow.nodes for edge in node.edges]
    parts = (schema.get("properties", {}).get(name) for schema in schemas)
    declared = next((part.get("type") for part in parts if part), "string")
    if declared == "boolean":
        return value == "true"
    return json.loads(value) if declared in ("integer", "number") else value
