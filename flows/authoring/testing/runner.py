"""Runs conversation tests against a flow."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from core.model import Address, Turn
from flows.authoring.testing.coverage import Coverage
from flows.authoring.testing.stub_fetch import StubFetch
from flows.authoring.testing.stub_model import ScriptedTestModel
from flows.authoring.testing.test_file import ConversationTest, ConversationTestFile, Expectation, UserStep
from flows.compiled import compile_flow
from flows.document import Flow
from flows.engine import DialogMachine, TurnResult
from flows.llm import Model, create_model
from flows.text import unescape_commonmark

_TEST_ADDRESS = Address(channel="test", account="", ours="", theirs="")


@dataclass(frozen=True, slots=True)
class CaseResult:
    """Result of one conversation: failures message by message, and the duration in seconds."""

    name: str
    failures: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class ConversationTestReport:
    """All results and the coverage of the flow."""

    cases: tuple[CaseResult, ...]
    coverage: Coverage

    @property
    def has_passed(self) -> bool:
        """True if nothing failed."""
        return not any(case.failures for case in self.cases)


async def run_conversations(
    flow: Flow, script: ConversationTestFile, model: str | Model = "rules"
) -> ConversationTestReport:
    """Run every conversation from its beginning, one after another.

    With `scripted` the model follows the file, and a request beyond it is a failure.
    """
    coverage = Coverage(flow)
    test_model = _create_test_model(model) if isinstance(model, str) else model
    try:
        cases = [
            await _run_conversation(flow, script, each, test_model, coverage) for each in script.conversations
        ]
    finally:
        await test_model.aclose()
    return ConversationTestReport(tuple(cases), coverage)


def _create_test_model(name: str) -> Model:
    return ScriptedTestModel() if name == "scripted" else create_model(name)


async def _run_conversation(
    flow: Flow, script: ConversationTestFile, conversation: ConversationTest, model: Model, coverage: Coverage
) -> CaseResult:
    machine = DialogMachine(
        flow,
        model,
        fetch=StubFetch({**script.answers, **conversation.answers}),
        secrets=dict.fromkeys(compile_flow(flow).secret_names, "a-secret"),
        today=(lambda: conversation.today or script.today or datetime.now(UTC).date()),
        watch=coverage.record_visit,
    )
    rehearsal = model if isinstance(model, ScriptedTestModel) else None
    started_at, failures = time.perf_counter(), []
    if conversation.greeting:
        await machine.start()
    for number, step in enumerate(conversation.turns, 1):
        turn = Turn(
            id=str(number), session="test", address=_TEST_ADDRESS, text=step.say, payload=step.payload
        )
        if rehearsal:
            rehearsal.load_step(step)
        answer = await machine.turn(turn)
        problems = [
            *(rehearsal.find_mismatches() if rehearsal else ()),
            *_compare_result(step.expect, answer, machine),
        ]
        failures += [f"{number}. {_describe_step(step)}: {what}" for what in problems]
    return CaseResult(conversation.name, tuple(failures), time.perf_counter() - started_at)


def _compare_result(expected: Expectation, answer: TurnResult, machine: DialogMachine) -> Iterator[str]:
    shown = unescape_commonmark(answer.text)  # a test names a value as it is
    for part in expected.reply:
        if part not in answer.text and part not in shown:
            yield f"the reply has no “{part}”: {answer.text!r}"
    author_ids = {node.id: node.author_id for node in machine.flow.nodes}
    for what in ("node", "edge", "outcome"):
        wanted, came = getattr(expected, what), getattr(answer, what)
        is_part = what == "node" and wanted == author_ids.get(answer.node)
        if wanted is not None and wanted != came and not is_part:
            yield f"{what} is “{came}”, not “{wanted}”"
    slots = (machine.state or {}).get("slots")
    actual = slots if isinstance(slots, dict) else {}
    for name, value in expected.slots.items():
        if actual.get(name) != value:
            yield f"slot {name} is {actual.get(name)!r}, not {value!r}"
    labels = tuple(choice.label for message in answer.messages for choice in message.choices)
    if expected.choices is not None and expected.choices != labels:
        yield f"the choices are {', '.join(labels) or 'none'}"


def _describe_step(step: UserStep) -> str:
    return f"“{step.say or step.payload}”"
