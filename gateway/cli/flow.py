"""The `turngate flow` commands: authoring tools."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from flows.document import WatchedFlowFile
    from flows.engine import DialogMachine, TurnResult
    from flows.llm import Model

app = typer.Typer(
    help="Author flows: lint, draw, chat, test, schema.", no_args_is_help=True, add_completion=False
)


def _find_file(path: Path) -> Path:
    from flows.library import find_flow_file

    return find_flow_file(path)


File = Annotated[
    Path,
    typer.Argument(
        metavar="FILE", callback=_find_file, help="Flow file (JSON or YAML), or the name of a library flow."
    ),
]
Llm = Annotated[
    str, typer.Option(envvar="TURNGATE_LLM", help="`rules`, or `openai/<model>` with OPENAI_API_KEY set.")
]


@app.command()
def lint(file: File) -> None:
    """Report errors, warnings and channel limitations. Exit code 1 on an error."""
    from channels._kit.rendering import attach_choices
    from flows.authoring import lint as linter

    findings = linter.lint(
        file, _load_channel_attribute("CAPABILITIES"), attach_choices, _load_channel_attribute("COST")
    )
    for finding in findings:
        typer.echo(str(finding))
    if any(finding.level == "problem" for finding in findings):
        typer.echo(f"{file}: invalid", err=True)
        raise typer.Exit(1)
    typer.echo(f"{file}: OK")


@app.command()
def draw(
    file: File,
    svg: Annotated[bool, typer.Option("--svg/--mermaid", help="SVG or Mermaid text.")] = False,
) -> None:
    """Print the flow as a Mermaid or SVG diagram."""
    from flows.authoring.diagram import to_mermaid, to_svg
    from flows.document import Flow

    flow = Flow.load(file)
    typer.echo(to_svg(flow) if svg else to_mermaid(flow), nl=False)


@app.command()
def chat(file: File, llm: Llm = "rules") -> None:
    """Chat with the flow in the terminal; shows node, edge, slots, tokens and time. Ctrl-D or Ctrl-C ends.

    A changed file is reloaded before the next answer.
    """
    from flows.document import WatchedFlowFile
    from flows.engine import DialogMachine
    from gateway.config.settings import Settings
    from gateway.http.ssrf_guard import SafeFetch

    settings, source = Settings.load(), WatchedFlowFile(file)
    fetch = SafeFetch(settings.private_hosts.split(","))
    machine = DialogMachine(source.flow, _build_model(llm), fetch=fetch, secrets=settings.flow_secrets)
    _run_chat(machine, source)


@app.command("test")
def run_tests(
    file: File,
    conversations: Annotated[
        Path | None, typer.Option(help="Test conversations (default: FILE with the suffix .test.yaml).")
    ] = None,
    llm: Annotated[
        str,
        typer.Option(
            envvar="TURNGATE_LLM",
            help="`rules`, `scripted` (the file's own `decide` and `speak`) or `openai/<model>`.",
        ),
    ] = "rules",
    junit: Annotated[Path | None, typer.Option(metavar="OUT", help="Write a JUnit XML report.")] = None,
) -> None:
    """Run the flow's test conversations. Exit code 1 on failure."""
    from flows.authoring.testing import (
        ConversationTestFile,
        conversation_file_path,
        run_conversations,
        to_junit_xml,
        validate_references,
    )
    from flows.document import Flow

    test_path = conversations or conversation_file_path(file)
    flow, tests = Flow.load(file), ConversationTestFile.load(test_path)
    validate_references(tests, flow, str(test_path))
    report = asyncio.run(run_conversations(flow, tests, llm if llm == "scripted" else _build_model(llm)))
    for case in report.cases:
        typer.echo(f"{'failed' if case.failures else 'passed'}  {case.name}")
        for failure in case.failures:
            typer.echo(f"        {failure}")
    for line in report.coverage.report_lines():
        typer.echo(line)
    if junit:
        _write_file(junit, to_junit_xml(report, file.stem))
    if not report.has_passed:
        raise typer.Exit(1)


@app.command()
def schema() -> None:
    """Print the JSON Schema of the flow format."""
    from flows.document.schema import build_flow_schema

    typer.echo(json.dumps(build_flow_schema(), indent=2, ensure_ascii=False))


def _write_file(path: Path, text: str) -> None:
    from core.errors import ConfigurationError

    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}") from error


def _load_channel_attribute(name: str) -> dict[str, Any]:
    """Read an attribute of every channel's `capabilities` module, by channel."""
    import importlib

    import channels

    modules = {
        each: importlib.import_module(f"channels.{each}.capabilities") for each in channels.available()
    }
    return {channel: getattr(module, name) for channel, module in modules.items() if hasattr(module, name)}


def _build_model(llm: str) -> Model:
    from flows.llm import create_model, parse_model_keys
    from gateway.config.settings import Settings

    settings = Settings.load()
    key = settings.openai_api_key.get_secret_value()
    keys = parse_model_keys(settings.llm_keys.get_secret_value())
    return create_model(llm, api_key=key or None, base_url=settings.openai_base_url or None, keys=keys)


def _run_chat(machine: DialogMachine, source: WatchedFlowFile) -> None:
    # input() blocks the event loop on purpose: Ctrl-C then interrupts the reading itself
    with asyncio.Runner() as runner:
        try:
            _print_answer(runner.run(machine.start()), machine, 0.0)
            while (text := _read_line()) is not None:
                if source.has_changed():
                    _reload_flow(machine, source)
                began = time.perf_counter()
                _print_answer(runner.run(machine.turn(text)), machine, time.perf_counter() - began)
        except KeyboardInterrupt:
            typer.echo()
            raise typer.Exit(130) from None
        finally:
            runner.run(machine.aclose())


def _read_line() -> str | None:
    """Read the next line; `None` at end of file or without a terminal."""
    try:
        return input("> ") if sys.stdin else None
    except EOFError:
        typer.echo()
        return None


def _reload_flow(machine: DialogMachine, source: WatchedFlowFile) -> None:
    from core.errors import ConfigurationError

    try:
        machine.replace_flow(source.reload())
        typer.echo("  (flow reloaded)")
    except ConfigurationError as error:
        typer.echo(f"  (flow changed, but it is invalid; the previous one stays in use)\n{error}", err=True)


def _print_answer(answer: TurnResult, machine: DialogMachine, seconds: float) -> None:
    from flows.text import unescape_commonmark

    for message in answer.messages:
        typer.echo(unescape_commonmark(message.text))
        for number, choice in enumerate(message.choices, 1):
            typer.echo(f"  {number}. {choice.label}")
        for media in message.media:
            typer.echo(f"  [{media.content_type} {media.url}]")
    slots = (machine.state or {}).get("slots") or {}
    facts = [f"node {answer.node}", answer.outcome, f"edge {answer.edge or '–'}"]
    if answer.tools:
        facts.append(f"ran {', '.join(answer.tools)}")
    facts += [f"slots {json.dumps(slots, ensure_ascii=False)}", f"{answer.tokens} tokens"]
    typer.echo(f"  ({' · '.join(facts)} · {seconds * 1000:.0f} ms · {answer.model})")
