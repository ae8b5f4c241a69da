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
    from flows.document.flow_file import FlowFile
    from flows.engine.machine import DialogMachine
    from flows.engine.turn_result import TurnResult
    from flows.llm.model import Model

app = typer.Typer(help="Write flows: lint, draw, chat, test, and the format's schema.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(metavar="FILE", help="The flow: JSON or YAML.")]
Llm = Annotated[
    str, typer.Option(envvar="TURNGATE_LLM", help="`rules`, or `openai/<model>` with OPENAI_API_KEY set.")
]


@app.command()
def lint(file: File) -> None:
    """Name every problem and warning, and what channels cannot show; exit code 1 when there are problems."""
    from channels._kit.rendering.message_parts import with_choices
    from flows.authoring.lint.linter import lint as look

    found = look(file, _named("CAPABILITIES"), with_choices, _named("COST"))
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
    from flows.authoring.diagram.mermaid import mermaid
    from flows.authoring.diagram.svg import svg as drawing
    from flows.document.flow import Flow

    flow = Flow.load(file)
    typer.echo(drawing(flow) if svg else mermaid(flow), nl=False)


@app.command()
def chat(file: File, llm: Llm = "rules") -> None:
    """Talk to the flow here; each answer shows node, edge, slots, tokens and time. End with Ctrl-D or Ctrl-C.

    A change of the file is taken up before the next answer.
    """
    from flows.document.flow_file import FlowFile
    from flows.engine.machine import DialogMachine
    from gateway.config.settings import Settings
    from gateway.http.ssrf_guard import GuardedFetch

    settings, source = Settings.load(), FlowFile(file)
    fetch = GuardedFetch(settings.private_hosts.split(","))
    talk = DialogMachine(source.flow, _model(llm), fetch=fetch, secrets=settings.flow_secrets)
    _chat(talk, source)


@app.command("test")
def hold_conversations(
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
    from flows.authoring.testing.junit import junit as as_junit
    from flows.authoring.testing.references import check
    from flows.authoring.testing.runner import hold
    from flows.authoring.testing.test_file import Script, beside
    from flows.document.flow import Flow

    written = conversations or beside(file)
    flow, script = Flow.load(file), Script.load(written)
    check(script, flow, str(written))
    trial = asyncio.run(hold(flow, script, llm if llm == "scripted" else _model(llm)))
    for case in trial.cases:
        typer.echo(f"{'failed' if case.failures else 'passed'}  {case.name}")
        for failure in case.failures:
            typer.echo(f"        {failure}")
    for line in trial.coverage.lines():
        typer.echo(line)
    if junit:
        _write(junit, as_junit(trial, file.stem))
    if not trial.is_passed:
        raise typer.Exit(1)


@app.command()
def schema() -> None:
    """Print the JSON Schema of the format."""
    from flows.document.schema.json_schema import flow_schema

    typer.echo(json.dumps(flow_schema(), indent=2, ensure_ascii=False))


def _write(path: Path, text: str) -> None:
    from core.errors import Misconfigured

    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Misconfigured(f"{path} cannot be written: {error.strerror}") from error


def _named(what: str) -> dict[str, Any]:
    """What the channels of this release say of themselves under a name, whether they are on or not."""
    import importlib

    import channels

    doors = {name: importlib.import_module(f"channels.{name}.capabilities") for name in channels.available()}
    return {name: getattr(door, what) for name, door in doors.items() if hasattr(door, what)}


def _model(llm: str) -> Model:
    """The model of that name, with the key and the address of the settings."""
    from flows.llm.factory import model_from
    from gateway.config.settings import Settings

    settings = Settings.load()
    key = settings.openai_api_key.get_secret_value()
    return model_from(llm, api_key=key or None, base_url=str(settings.openai_base_url or "") or None)


def _chat(talk: DialogMachine, source: FlowFile) -> None:
    # the loop stands still while a line is awaited, so that Ctrl-C interrupts the reading itself
    with asyncio.Runner() as runner:
        try:
            _show(runner.run(talk.start()), talk, 0.0)
            while (text := _said()) is not None:
                if source.is_changed():
                    _take_up(talk, source)
                began = time.perf_counter()
                _show(runner.run(talk.turn(text)), talk, time.perf_counter() - began)
        except KeyboardInterrupt:
            typer.echo()
            raise typer.Exit(130) from None
        finally:
            runner.run(talk.aclose())


def _said() -> str | None:
    """The next line from the terminal; nothing at its end, or when there is none."""
    try:
        return input("> ") if sys.stdin else None
    except EOFError:
        typer.echo()
        return None


def _take_up(talk: DialogMachine, source: FlowFile) -> None:
    from core.errors import Misconfigured

    try:
        talk.take_up(source.read())
        typer.echo("  (the flow was changed and is taken up)")
    except Misconfigured as error:
        typer.echo(f"  (the flow was changed and cannot be run)\n{error}", err=True)


def _show(answer: TurnResult, talk: DialogMachine, seconds: float) -> None:
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
