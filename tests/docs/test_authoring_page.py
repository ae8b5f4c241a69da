"""Runs the commands of docs/authoring.md on the files that it shows, and compares their outputs."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

import flows
from core.errors import ConfigurationError
from gateway.cli import app
from tests.paths import ROOT

DOCS = ROOT / "docs"
PAGE = (DOCS / "authoring.md").read_text(encoding="utf-8")
FILE = re.compile(r"^`([\w.]+)`[^\n]*:\n\n```(?:yaml|json)\n(.*?)^```", re.DOTALL | re.MULTILINE)
SESSION = re.compile(r"^```console\n(.*?)^```", re.DOTALL | re.MULTILINE)
COMMAND = re.compile(r"^\$ ([^\n]*)\n(.*?)(?=^\$ |\Z)", re.DOTALL | re.MULTILINE)
COMMANDS = [command for session in SESSION.finditer(PAGE) for command in COMMAND.findall(session[1])]


def run_command(command: str, expected: str) -> str:
    """Return a command's terminal output; its input is the text after `> ` in the expected output.

    With a redirection (`> FILE`) the output is written to the file, and nothing is returned.
    """
    command, _, file = command.partition(" > ")
    program, *arguments = shlex.split(command)
    if program == "cat":
        return Path(arguments[0]).read_text(encoding="utf-8")
    lines = re.findall(r"^> (.+)$", expected, re.MULTILINE)
    result = CliRunner().invoke(app, arguments, input="\n".join([*lines, ""]), env={"TURNGATE_LLM": "rules"})
    output, *answers = result.output.split("\n> ")
    if answers:
        answers[-1] = answers[-1].removeprefix("\n")  # the end of the input is no line
        output = "\n> ".join([output, *map("\n".join, zip([*lines, ""], answers, strict=True))])
    if isinstance(result.exception, ConfigurationError):
        output += f"turngate: {result.exception}\n"
    if file:
        Path(file).write_text(output, encoding="utf-8")
    return "" if file else output


def normalize(text: str) -> str:
    """Mask times and dates, which differ from run to run, and strip trailing blanks."""
    text = re.sub(r"today: '[\d-]+'", "today: ''", text)
    text = re.sub(r"\d+ ms", "0 ms", re.sub(r'time="[\d.]+"', 'time="0"', text))
    return re.sub(r" +$", "", text, flags=re.MULTILINE).strip()


@pytest.fixture
def _copy_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(Path(flows.__file__).parent / "library", tmp_path / "flows" / "library")
    for name, text in FILE.findall(PAGE):
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)


@pytest.mark.long
@pytest.mark.usefixtures("_copy_files")
def test_the_outputs_on_the_page_are_the_commands_own() -> None:
    for command, expected in COMMANDS:
        assert normalize(run_command(command, expected)) == normalize(expected), command


@pytest.mark.usefixtures("_copy_files")
def test_the_diagram_on_the_page_is_current() -> None:
    (command,) = [command for command, _ in COMMANDS if " > " in command]
    run_command(command, "")
    assert Path("flow.svg").read_text(encoding="utf-8") == (DOCS / "flow.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", ["new", "lint", "draw", "chat", "test", "convert", "schema"])
def test_an_authoring_command_is_documented(command: str) -> None:
    assert f"turngate flow {command}" in PAGE
