"""The `turngate flow` commands: authoring tools."""

from __future__ import annotations

import json
import shlex
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from flows.llm import Model

app = typer.Typer(
    help="Author flows: new, lint, draw, chat, test, convert, schema.",
    no_args_is_help=True,
    add_completion=False,
)


def _find_file(path: Path) -> Path:
    from flows.library import find_flow_file

    return find_flow_file(path)


def _find_files(paths: list[Path]) -> list[Path]:
    return [_find_file(path) for path in paths]


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
def lint(file: File, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Report errors, warnings and channel limitations. Exit code 1 on an error."""
    from gateway.diagnostics.flow_lint import lint_flow

    findings = lint_flow(file)
    is_invalid = any(finding.level == "problem" for finding in findings)
    if as_json:
        rows = [{"level": each.level, **each.issue._asdict()} for each in findings]
        typer.echo(json.dumps(rows))
        raise typer.Exit(int(is_invalid))
    for finding in findings:
        typer.echo(str(finding))
    if is_invalid:
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


@app.command("new")
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the flow, such as `orders`.")],
    template: Annotated[str, typer.Option(help="`form`, `faq`, `menu` or `support`.")] = "form",
) -> None:
    """Write a new flow and its test conversations from a template. Existing files are not changed."""
    from flows.authoring.scaffold import create_flow

    flow, tests = create_flow(name, template)
    typer.echo(f"{flow}\n{tests}\nNext: turngate flow chat {shlex.quote(str(flow))}")


@app.command()
def chat(
    file: File,
    llm: Llm = "rules",
    save_test: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Add the conversation to a file of test conversations."),
    ] = None,
) -> None:
    """Chat with the flow in the terminal; shows node, edge, slots, tokens and time. Ctrl-D or Ctrl-C ends.

    A changed file is reloaded before the next answer. With `--save-test` the conversation becomes a test.
    """
    from gateway.cli.flows._chat import run_chat

    run_chat(file, _build_model(llm), is_rules=llm.strip() == "rules", save_test=save_test)


@app.command("test")
def run_tests(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...", callback=_find_files, help="Flow files, or names of library flows."
        ),
    ],
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
    watch: Annotated[bool, typer.Option("--watch", help="Run again when a file changes.")] = False,
) -> None:
    """Run the flow's test conversations. Exit code 1 on failure."""
    from core.errors import ConfigurationError
    from gateway.cli.flows import _tests

    if len(files) > 1 and (conversations or junit):
        raise ConfigurationError("--conversations and --junit belong to one flow: name one FILE")
    suites = [_tests.Suite(file, conversations) for file in files]
    build = partial(_build_model, llm) if llm != "scripted" else (lambda: "scripted")
    if watch:
        _tests.watch(suites, build, junit)
    results = []
    for suite in suites:
        if len(suites) > 1:
            typer.echo(f"{suite.flow}:")
        results.append(_tests.run_suite(suite, build, junit))
    if not all(results):
        raise typer.Exit(1)


@app.command()
def convert(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Playbook in its simple form, YAML or JSON.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Where to write (default: print).")
    ] = None,
) -> None:
    """Convert a Playbook of superdialog to a flow. An existing file is not changed."""
    from core.errors import ConfigurationError
    from flows.authoring.playbook import convert_playbook

    flow = convert_playbook(file)
    if flow.left_out:
        typer.echo(f"left out, because a flow has no equivalent: {', '.join(flow.left_out)}", err=True)
    if out is None:
        typer.echo(flow.text, nl=False)
        return
    try:
        with out.open("x", encoding="utf-8") as opened:
            opened.write(flow.text)
    except OSError as error:
        raise ConfigurationError(f"{out} cannot be written: {error.strerror}") from error
    typer.echo(f"{out}\nIts steps are instructions: run it with a language model, --llm openai/<model>")


@app.command()
def schema() -> None:
    """Print the JSON Schema of the flow format."""
    from flows.document.schema import build_flow_schema

    typer.echo(json.dumps(build_flow_schema(), indent=2, ensure_ascii=False))


def _build_model(llm: str) -> Model:
    from flows.llm import create_model, parse_model_keys
    from gateway.config.settings import Settings

    settings = Settings.load()
    key = settings.openai_api_key.get_secret_value()
    keys = parse_model_keys(settings.llm_keys.get_secret_value())
    return create_model(llm, api_key=key or None, base_url=settings.openai_base_url or None, keys=keys)
