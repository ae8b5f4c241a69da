"""Every command of the authoring page is run on the page's files and must print what the page shows."""

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
SHOWN = [command for session in SESSION.finditer(PAGE) for command in COMMAND.findall(session[1])]


def output(command: str, shown: str) -> str:
    """Return what a terminal shows for the command, with the page's `> ` lines as input."""
    command, _, file = command.partition(" > ")
    program, *arguments = shlex.split(command)
    if program == "cat":
        return Path(arguments[0]).read_text(encoding="utf-8")
    input_lines = re.findall(r"^> (.+)$", shown, re.MULTILINE)
    result = CliRunner().invoke(
        app, arguments, input="\n".join([*input_lines, ""]), env={"TURNGATE_LLM": "rules"}
    )
    first, *answers = result.output.split("\n> ")
    output_text = (
        "\n> ".join([first, *map("\n".join, zip([*input_lines, ""], answers, strict=True))])
        if answers
        else first
    )
    if isinstance(result.exception, ConfigurationError):
        output_text += f"turngate: {result.exception}\n"
    if file:
        Path(file).write_text(output_text, encoding="utf-8")
    return "" if file else output_text


def masked(text: str) -> str:
    """Return the text without run-dependent parts and trailing blanks."""
    text = re.sub(r"\d+ ms", "0 ms", re.sub(r'time="[\d.]+"', 'time="0"', text))
    return re.sub(r" +$", "", text, flags=re.MULTILINE).strip()


@pytest.fixture
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(Path(flows.__file__).parent / "library", tmp_path / "flows" / "library")
    for name, text in FILE.findall(PAGE):
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("_files")
def test_every_command_prints_what_the_page_shows() -> None:
    for command, shown in SHOWN:
        assert masked(output(command, shown)) == masked(shown), command


@pytest.mark.usefixtures("_files")
def test_the_diagram_matches_the_page() -> None:
    (command,) = [command for command, _ in SHOWN if " > " in command]
    output(command, "")
    assert Path("flow.svg").read_text(encoding="utf-8") == (DOCS / "flow.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", ["lint", "draw", "chat", "test", "schema"])
def test_every_authoring_command_is_documented(command: str) -> None:
    assert f"turngate flow {command}" in PAGE
