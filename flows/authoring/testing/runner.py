"""Running written conversations against a flow."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from core.model.turn import Address, Turn
from flows.authoring.testing.coverage import Coverage
from flows.authoring.testing.stub_fetch import WrittenFetch
from flows.authoring.testing.stub_model import Rehearsal
from flows.authoring.testing.test_file import Conversation, Expected, Said, Script
from flows.compiled.flow import compiled
from flows.document.flow import Flow
from flows.engine.machine import DialogMachine
from flows.engine.turn_result import TurnResult
from flows.llm.factory import model_from
from flows.llm.model import Model

_HERE = Address(channel="test", account="", ours="", theirs="")


@dataclass(frozen=True, slots=True)
class Case:
    """One conversation's result: what failed, message by message, and how long it took in seconds."""

    name: str
    failures: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class Trial:
    """All results, and what of the flow they have touched."""

    cases: tuple[Case, ...]
    coverage: Coverage

    @property
    def is_passed(self) -> bool:
        """Whether nothing failed."""
        return not any(case.failures for case in self.cases)


async def hold(flow: Flow, script: Script, model: str | Model = "rules") -> Trial:
    """Have every conversation, one after another, each from its beginning.

    With `scripted` the model does what the script says, and what it is asked beyond that is a failure.
    """
    coverage = Coverage(flow)
    asked = _model(model) if isinstance(model, str) else model
    try:
        cases = [await _case(flow, script, each, asked, coverage) for each in script.conversations]
    finally:
        await asked.aclose()
    return Trial(tuple(cases), coverage)


def _model(name: str) -> Model:
    return Rehearsal() if name == "scripted" else model_from(name)


async def _case(
    flow: Flow, script: Script, conversation: Conversation, model: Model, coverage: Coverage
) -> Case:
    talk = DialogMachine(
        flow,
        model,
        fetch=WrittenFetch({**script.answers, **conversation.answers}),
        secrets=dict.fromkeys(compiled(flow).secrets, "a-secret"),
        today=(lambda: script.today or datetime.now(UTC).date()),
        watch=coverage.watch,
    )
    rehearsal = model if isinstance(model, Rehearsal) else None
    began, failures = time.perf_counter(), []
    for number, said in enumerate(conversation.turns, 1):
        turn = Turn(id=str(number), session="test", address=_HERE, text=said.say, payload=said.payload)
        if rehearsal:
            rehearsal.prompt(said)
        answer = await talk.turn(turn)
        found = [*(rehearsal.differences() if rehearsal else ()), *_differences(said.expect, answer, talk)]
        failures += [f"{number}. {_quoted(said)}: {what}" for what in found]
    return Case(conversation.name, tuple(failures), time.perf_counter() - began)


def _differences(expected: Expected, answer: TurnResult, talk: DialogMachine) -> Iterator[str]:
    for part in expected.reply:
        if part not in answer.text:
            yield f"the reply has no “{part}”: {answer.text!r}"
    for what in ("node", "edge", "outcome"):
        wanted, came = getattr(expected, what), getattr(answer, what)
        if wanted is not None and wanted != came:
            yield f"{what} is “{came}”, not “{wanted}”"
    slots = (talk.state or {}).get("slots")
    known = slots if isinstance(slots, dict) else {}
    for name, value in expected.slots.items():
        if known.get(name) != value:
            yield f"slot {name} is {known.get(name)!r}, not {value!r}"
    labels = tuple(choice.label for message in answer.messages for choice in message.choices)
    if expected.choices is not None and expected.choices != labels:
        yield f"the choices are {', '.join(labels) or 'none'}"


def _quoted(said: Said) -> str:
    return f"“{said.say or said.payload}”"
