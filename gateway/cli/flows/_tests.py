"""The runs of `turngate flow test`, once and with `--watch`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path

import typer
from click import clear

from core.errors import ConfigurationError
from flows.authoring.testing import (
    ConversationTestFile,
    conversation_file_path,
    run_conversations,
    to_junit_xml,
    validate_references,
)
from flows.document import Flow, FlowError, read_stamp
from flows.llm import Model

_POLL_SECONDS = 0.5

Stamps = dict[Path, tuple[int, ...]]


class Suite:
    """A flow with its test conversations, and the files from which both were read."""

    def __init__(self, flow: Path, conversations: Path | None = None) -> None:
        self.flow = flow
        self.tests = conversations or conversation_file_path(flow)
        self._named: tuple[Path, ...] = ()
        self._stamps: Stamps = {}

    def load(self) -> tuple[Flow, ConversationTestFile]:
        """Load both. Raises `FlowError`; the files are then known as far as they were read."""
        self._stamps = self._read_stamps()
        try:
            flow = Flow.load(self.flow)
            self._named = flow.files
        except FlowError as error:
            self._named = error.files or self._named
            raise
        finally:
            self._stamps = self._read_stamps() | self._stamps  # a change during the load counts
        tests = ConversationTestFile.load(self.tests)
        validate_references(tests, flow, str(self.tests))
        return flow, tests

    def has_changed(self) -> bool:
        """Return whether a file has changed, appeared or gone since the last load."""
        return self._read_stamps() != self._stamps

    def _read_stamps(self) -> Stamps:
        return {file: read_stamp(file) for file in (self.flow, self.tests, *self._named)}


def run_suite(suite: Suite, build_model: Callable[[], Model | str], junit: Path | None = None) -> bool:
    """Run the conversations, print their results, and return whether all passed. Raises `FlowError`."""
    flow, tests = suite.load()
    report = asyncio.run(run_conversations(flow, tests, build_model()))
    for case in report.cases:
        typer.echo(f"{'failed' if case.failures else 'passed'}  {case.name}")
        for failure in case.failures:
            typer.echo(f"        {failure}")
    for line in report.coverage.report_lines():
        typer.echo(line)
    if junit:
        _write_file(junit, to_junit_xml(report, suite.flow.stem))
    return report.has_passed


def watch(
    suites: Sequence[Suite],
    build_model: Callable[[], Model | str],
    junit: Path | None = None,
    *,
    wait: Callable[[], None] = lambda: time.sleep(_POLL_SECONDS),
) -> None:
    """Run each suite, and again whenever one of its files changes, until Ctrl-C. Never returns.

    An error in a file is printed, and its suite runs when the file has changed again.
    """
    changed: Iterable[Suite] = suites
    try:
        while True:
            for suite in changed:
                _run_again(suite, build_model, junit)
            wait()
            changed = [suite for suite in suites if suite.has_changed()]
            if changed:
                clear()  # on a terminal only
    except KeyboardInterrupt:
        typer.echo()
        raise typer.Exit(130) from None


def _run_again(suite: Suite, build_model: Callable[[], Model | str], junit: Path | None) -> None:
    typer.echo(f"{datetime.now().astimezone():%H:%M:%S}  {suite.flow}")
    try:
        run_suite(suite, build_model, junit)
    except ConfigurationError as error:
        typer.echo(str(error))


def _write_file(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}") from error
