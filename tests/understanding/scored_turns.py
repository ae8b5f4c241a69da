"""Scored turns: reads the files in `turns/`, plays each turn from its scene, and judges the result.

A file has scenes, `# flow language`, with the messages that lead there (`> hello`) and then turns:
`kind: text => expectation`. An expectation names the nodes that are right, separated by `|`, and the values
that the turn must change (`day=2026-12-01`); no other value may change. `~word` must stand in the reply.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

from flows.authoring.testing.stub_fetch import StubFetch
from flows.authoring.testing.test_file import StubResponse, StubResponses
from flows.document import Flow
from flows.engine import DialogMachine
from tests.flows.conversation import LIBRARY
from tests.understanding.shop import SHOPS

TODAY = date(2026, 11, 27)
TURNS = Path(__file__).parent / "turns"
FORMS = Path(__file__).parent / "forms"

Verdict = Literal["right", "asks", "wrong"]


@dataclass(frozen=True)
class ScoredConversation:
    """Flow, language, and the messages written before."""

    flow: str
    language: str
    before: tuple[str, ...]


@dataclass(frozen=True)
class ScoredTurn:
    """Message with its expected results."""

    scene: ScoredConversation
    kind: str
    text: str
    nodes: frozenset[str]
    changes: dict[str, str]
    replies: tuple[str, ...]


def read_turns() -> Iterator[ScoredTurn]:
    """Yield all turns of all files."""
    for file in sorted(TURNS.glob("*.txt")):
        scene, before = ScoredConversation("", "", ()), list[str]()
        for line in file.read_text().splitlines():
            if line.startswith("# "):
                flow, language = line[2:].split()
                scene, before = ScoredConversation(flow, language, ()), []
            elif line.startswith("> "):
                before.append(line[2:])
                scene = ScoredConversation(scene.flow, scene.language, tuple(before))
            elif line.strip():
                yield _parse_turn(scene, line)


def _parse_turn(scene: ScoredConversation, line: str) -> ScoredTurn:
    said, _, expected = line.rpartition(" => ")
    kind, _, text = said.partition(": ")
    parts = expected.split()
    changes = dict(part.split("=", 1) for part in parts if "=" in part)
    nodes = frozenset(
        name for part in parts if "=" not in part and part[0] != "~" for name in part.split("|")
    )
    replies = tuple(part[1:].replace("_", " ") for part in parts if part[0] == "~")
    return ScoredTurn(scene, kind, text, nodes, changes, replies)


def load(scene: ScoredConversation) -> Flow:
    """Return the scene's flow."""
    if scene.flow == "shop":
        return SHOPS[scene.language]
    form = FORMS / f"{scene.flow}.yaml"
    return Flow.load(form if form.exists() else LIBRARY / f"{scene.flow}.json")


_ANSWERS: StubResponses = {
    "book": (StubResponse(status=201, data={"reference": "A1"}),),
    "place": (StubResponse(status=201, data={}),),
    "look_up": (StubResponse(status=200, data={"status": "shipped", "day": ""}),),
}


def _build_machine(flow: Flow, state: dict[str, Any] | None) -> DialogMachine:
    done = (StubResponse(status=201, data={}),)
    answers = {action.id: _ANSWERS.get(action.id, done) for action in flow.actions}
    return DialogMachine(
        flow, "rules", state=state, fetch=StubFetch(answers), secrets={"BOOKING_TOKEN": "a-secret"},
        today=lambda: TODAY,
    )  # fmt: skip


def _read_slots(state: Mapping[str, Any]) -> dict[str, Any]:
    return dict(state.get("slots") or {})


class TurnPlayer:
    """Plays turns, each from its scene's state, which is built once."""

    def __init__(self) -> None:
        self._flows: dict[tuple[str, str], Flow] = {}
        self._states: dict[ScoredConversation, dict[str, Any]] = {}

    async def play(self, turn: ScoredTurn) -> tuple[Verdict, str]:
        """Return the verdict on a turn, and a description of the result."""
        flow = self._flows.setdefault((turn.scene.flow, turn.scene.language), load(turn.scene))
        if turn.scene not in self._states:
            machine = _build_machine(flow, None)
            for text in turn.scene.before:
                await machine.turn(text)
            self._states[turn.scene] = dict(machine.state or {})
        before = self._states[turn.scene]
        machine = _build_machine(flow, before)
        result = await machine.turn(turn.text)
        old, new = _read_slots(before), _read_slots(machine.state or {})
        changed = {name: str(value) for name, value in new.items() if old.get(name) != value}
        happened = f"{result.node} {changed} “{result.text[:90]}”"
        if any(turn.changes.get(name) != value for name, value in changed.items()):
            return "wrong", happened
        is_right = result.node in turn.nodes and changed == turn.changes
        if is_right and all(reply.casefold() in result.text.casefold() for reply in turn.replies):
            return "right", happened
        is_action = result.outcome in ("final", "hand_off") and result.node not in turn.nodes
        return (
            "wrong" if is_action or (result.tools and result.node not in turn.nodes) else "asks"
        ), happened
