"""`turngate flow`: look at a flow, draw it, talk to it, try its conversations."""

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

app = typer.Typer(help="Write flows: lint, draw, chat, test, and the format's schema.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(metavar="FILE", help="The flow: JSON or YAML.")]
Llm = Annotated[
    str, typer.Option(envvar="TURNGATE_LLM", help="`rules`, or `openai/<model>` with OPENAI_API_KEY set.")
]


@app.command()
def lint(file: File) -> None:
    """Name every problem and warning, and what channels cannot show; exit code 1 when there are problems."""
    from channels._kit.rendering import attach_choices
    from flows.authoring.lint import lint as look

    found = look(
        file, _load_channel_attribute("CAPABILITIES"), attach_choices, _load_channel_attribute("COST")
    )
    for finding in found:
        typer.echo(str(finding))
    problems = sum(finding.level == "problem" for finding in found)
    if problems:
        typer.echo(f"{file}: cannot be run", err=True)
        raise typer.Exit(1)
    typer.echo(f"{file}: OK")


@app.command()
def draw(
    file: File,
    svg: Annotated[bool, typer.Option("--svg/--mermaid", help="A drawing, or Mermaid text.")] = False,
) -> None:
    """Print the flow as Mermaid text or as an SVG drawing."""
    from flows.authoring.diagram import to_mermaid
    from flows.authoring.diagram import to_svg as drawing
    from flows.document import Flow

    flow = Flow.load(file)
    typer.echo(drawing(flow) if svg else to_mermaid(flow), nl=False)


@app.command()
def chat(file: File, llm: Llm = "rules") -> None:
    """Talk to the flow here; each answer shows node, edge, slots, tokens and time. End with Ctrl-D or Ctrl-C.

    A change of the file is taken up before the next answer.
    """
    from flows.document import WatchedFlowFile
    from flows.engine import DialogMachine
    from gateway.config.settings import Settings
    from gateway.http.ssrf_guard import SafeFetch

    settings, source = Settings.load(), WatchedFlowFile(file)
    fetch = SafeFetch(settings.private_hosts.split(","))
    talk = DialogMachine(source.flow, _build_model(llm), fetch=fetch, secrets=settings.flow_secrets)
    _run_chat(talk, source)


@app.command("test")
def run_tests(
    file: File,
    conversations: Annotated[
        Path | None, typer.Option(help="The conversations (default: FILE's name with .test.yaml).")
    ] = None,
    llm: Annotated[
        str,
        typer.Option(
            envvar="TURNGATE_LLM",
            help="`rules`, `scripted` for what the file has under `decide` and `speak`, or `openai/<model>`.",
        ),
    ] = "rules",
    junit: Annotated[Path | None, typer.Option(metavar="OUT", help="Write the results as JUnit XML.")] = None,
) -> None:
    """Have the flow's written conversations; exit code 1 when one goes another way."""
    from flows.authoring.testing import (
        ConversationTestFile,
        conversation_file_path,
        run_conversations,
        validate_references,
    )
    from flows.authoring.testing import to_junit_xml as as_junit
    from flows.document import Flow

    written = conversations or conversation_file_path(file)
    flow, script = Flow.load(file), ConversationTestFile.load(written)
    validate_references(script, flow, str(written))
    trial = asyncio.run(run_conversations(flow, script, llm if llm == "scripted" else _build_model(llm)))
    for case in trial.cases:
        typer.echo(f"{'failed' if case.failures else 'passed'}  {case.name}")
        for failure in case.failures:
            typer.echo(f"        {failure}")
    for line in trial.coverage.report_lines():
        typer.echo(line)
    if junit:
        _write_file(junit, as_junit(trial, file.stem))
    if not trial.has_passed:
        raise typer.Exit(1)


@app.command()
def schema() -> None:
    """Print the JSON Schema of the format."""
    from flows.document.schema import build_flow_schema

    typer.echo(json.dumps(build_flow_schema(), indent=2, ensure_ascii=False))


def _write_file(path: Path, text: str) -> None:
    from core.errors import ConfigurationError

    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}") from error


def _load_channel_attribute(what: str) -> dict[str, Any]:
    """What the channels of this release say of themselves under a name, whether they are on or not."""
    import importlib

    import channels

    doors = {name: importlib.import_module(f"channels.{name}.capabilities") for name in channels.available()}
    return {name: getattr(door, what) for name, door in doors.items() if hasattr(door, what)}


def _build_model(llm: str) -> Model:
    """The model of that name, with the key and the address of the settings."""
    from flows.llm import create_model
    from gateway.config.settings import Settings

    settings = Settings.load()
    key = settings.openai_api_key.get_secret_value()
    return create_model(llm, api_key=key or None, base_url=str(settings.openai_base_url or "") or None)


def _run_chat(talk: DialogMachine, source: WatchedFlowFile) -> None:
    # the loop stands still while a line is awaited, so that Ctrl-C interrupts the reading itself
    with asyncio.Runner() as runner:
        try:
            _print_answer(runner.run(talk.start()), talk, 0.0)
            while (text := _read_line()) is not None:
                if source.has_changed():
                    _reload_flow(talk, source)
                began = time.perf_counter()
                _print_answer(runner.run(talk.turn(text)), talk, time.perf_counter() - began)
        except KeyboardInterrupt:
            typer.echo()
            raise typer.Exit(130) from None
        finally:
            runner.run(talk.aclose())


def _read_line() -> str | None:
    """The next line from the terminal; nothing at its end, or when there is none."""
    try:
        return input("> ") if sys.stdin else None
    except EOFError:
        typer.echo()
        return None


def _reload_flow(talk: DialogMachine, source: WatchedFlowFile) -> None:
    from core.errors import ConfigurationError

    try:
        talk.replace_flow(source.reload())
        typer.echo("  (the flow was changed and is taken up)")
    except ConfigurationError as error:
        typer.echo(f"  (the flow was changed and cannot be run)\n{error}", err=True)


def _print_answer(answer: TurnResult, talk: DialogMachine, seconds: float) -> None:
    for message in answer.messages:
        typer.echo(message.text)
        for number, choice in enumerate(message.choices, 1):
            typer.echo(f"  {number}. {choice.label}")
        for media in message.media:
            typer.echo(f"  [{media.content_type} {media.url}]")
    slots = (talk.state or {}).get("slots") or {}
    facts = [f"node {answer.node}", answer.outcome, f"edge {answer.edge or '–'}"]
    if answer.tools:
        facts.append(f"ran {', '.join(answer.tools)}")
    facts += [f"slots {json.dumps(slots, ensure_ascii=False)}", f"{answer.tokens} tokens"]
    typer.echo(f"  ({' · '.join(facts)} · {seconds * 1000:.0f} ms · {answer.model})")
