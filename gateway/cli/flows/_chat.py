"""The chat of `turngate flow chat`."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer

from core.errors import ConfigurationError
from flows.authoring.testing import run_conversations
from flows.authoring.testing.recorder import ConversationRecorder, RecordingFetch, RecordingModel
from flows.authoring.testing.recording_file import require_appendable
from flows.document import FlowError, WatchedFlowFile
from flows.engine import DialogMachine, TurnResult
from flows.llm import Model
from flows.text import unescape_commonmark
from gateway.config.settings import Settings
from gateway.http.ssrf_guard import SafeFetch


def run_chat(file: Path, model: Model, *, is_rules: bool, save_test: Path | None) -> None:
    """Chat until the end of the input; with `save_test` the conversation is then added to that file.

    Raises `ConfigurationError`.
    """
    if save_test:
        require_appendable(save_test)
    settings, source = Settings.load(), WatchedFlowFile(file)
    today = datetime.now(UTC).date()
    fetch = RecordingFetch(SafeFetch(settings.private_hosts.split(",")))
    recording = None if is_rules or not save_test else RecordingModel(model)
    recorder = ConversationRecorder(today, fetch, recording)
    machine = DialogMachine(
        source.flow,
        recording or model,
        fetch=fetch,
        secrets=settings.flow_secrets,
        today=(lambda: today) if save_test else None,
    )
    # input() blocks the event loop on purpose: Ctrl-C then interrupts the reading itself
    with asyncio.Runner() as runner:
        try:
            _converse(runner, machine, source, recorder, fetch.failures)
        except KeyboardInterrupt:
            typer.echo()
            raise typer.Exit(130) from None
        finally:
            if save_test and not recorder.is_empty:
                _save(runner, recorder, save_test, source, None if is_rules else "scripted")
            runner.run(machine.aclose())


def _converse(
    runner: asyncio.Runner,
    machine: DialogMachine,
    source: WatchedFlowFile,
    recorder: ConversationRecorder,
    failures: list[str],
) -> None:
    _print_answer(runner.run(machine.start()), machine, 0.0)
    _print_failures(failures)
    recorder.begin(_slots_of(machine))
    while (text := _read_line()) is not None:
        if not text.strip():
            continue
        if source.has_changed():
            _reload_flow(machine, source)
        began = time.perf_counter()
        answer = runner.run(machine.turn(text))
        _print_answer(answer, machine, time.perf_counter() - began)
        _print_failures(failures)
        recorder.add(text, answer, _slots_of(machine))


def _save(
    runner: asyncio.Runner,
    recorder: ConversationRecorder,
    path: Path,
    source: WatchedFlowFile,
    llm: str | None,
) -> None:
    """Save the conversation, run it as a test and print the differences."""
    try:
        saved = recorder.save(path)
    except FlowError as error:
        typer.echo(f"the conversation was not saved: {error}", err=True)
        raise typer.Exit(1) from None
    (case,) = runner.run(run_conversations(source.flow, saved, llm or "rules")).cases
    typer.echo(f"saved  {case.name}  → {path}")
    for failure in case.failures:
        typer.echo(f"        the saved test gives another result, check it: {failure}", err=True)


def _print_failures(failures: list[str]) -> None:
    """Print why calls failed, once each; the answer says only that they failed."""
    for failure in dict.fromkeys(failures):
        typer.echo(f"  (call failed: {failure})")
    failures.clear()


def _slots_of(machine: DialogMachine) -> Mapping[str, Any]:
    slots = (machine.state or {}).get("slots")
    return slots if isinstance(slots, dict) else {}


def _read_line() -> str | None:
    """Read the next line; `None` at end of file or without a terminal."""
    try:
        return input("> ") if sys.stdin else None
    except EOFError:
        typer.echo()
        return None


def _reload_flow(machine: DialogMachine, source: WatchedFlowFile) -> None:
    try:
        machine.replace_flow(source.reload())
        typer.echo("  (flow reloaded)")
    except ConfigurationError as error:
        typer.echo(f"  (flow changed, but it is invalid; the previous one stays in use)\n{error}", err=True)


def _print_answer(answer: TurnResult, machine: DialogMachine, seconds: float) -> None:
    for message in answer.messages:
        typer.echo(unescape_commonmark(message.text))
        for number, choice in enumerate(message.choices, 1):
            typer.echo(f"  {number}. {choice.label}")
        for media in message.media:
            typer.echo(f"  [{media.content_type} {media.url}]")
    facts = [f"node {answer.node}", answer.outcome, f"edge {answer.edge or '–'}"]
    if answer.tools:
        facts.append(f"ran {', '.join(answer.tools)}")
    facts += [f"slots {json.dumps(_slots_of(machine), ensure_ascii=False)}", f"{answer.tokens} tokens"]
    typer.echo(f"  ({' · '.join(facts)} · {seconds * 1000:.0f} ms · {answer.model})")
