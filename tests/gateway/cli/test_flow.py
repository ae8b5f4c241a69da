from __future__ import annotations

import json
import os
import pty
import shlex
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner, Result

from core.errors import ConfigurationError
from flows.document import FlowError
from gateway.cli import app, main
from tests.paths import ROOT

LIBRARY = ROOT / "flows" / "library"
KYC = LIBRARY / "kyc.json"
ENVIRON = {name: value for name, value in os.environ.items() if not name.startswith("TURNGATE_")} | {
    "PYTHONPATH": str(LIBRARY.parents[1])
}


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run_flow(*arguments: object, stdin: str = "") -> Result:
    return CliRunner().invoke(app, ["flow", *map(str, arguments)], input=stdin, env={"TURNGATE_LLM": "rules"})


def start_chat(file: Path, *, stdin: int, stdout: int, stderr: int | None = None) -> subprocess.Popen[bytes]:
    """Start `turngate flow chat` as a separate process."""
    command = [sys.executable, "-m", "gateway", "flow", "chat", str(file)]
    return subprocess.Popen(command, env=ENVIRON, stdin=stdin, stdout=stdout, stderr=stderr)


def interrupt(process: subprocess.Popen[bytes]) -> int:
    """Return the exit code after Ctrl-C, repeated if the first came before the prompt was ready."""
    for _ in range(10):
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            return process.wait(timeout=5)
    process.kill()
    raise AssertionError("still there")


def test_lint_reports_channel_limits_as_warnings() -> None:
    result = run_flow("lint", LIBRARY / "support.json")
    assert result.exit_code == 0
    assert "node welcome: shows 4 choices: twilio and zendesk have no buttons: numbered list" in result.stdout
    assert "node welcome: shows 4 choices: whatsapp has 3 buttons: list" in result.stdout
    assert result.stdout.endswith("support.json: OK\n")


def test_lint_fails_with_every_problem(tmp_path: Path) -> None:
    (tmp_path / "flow.yaml").write_text(
        "system_prompt: x\ninitial_node: a\nnodes: [{id: b}]", encoding="utf-8"
    )
    result = run_flow("lint", "flow.yaml")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "problem: nodes[0].name: This is required and missing: write name: Start.",
        "problem: initial_node: There is no node “a”. There is: b.",
    ]


def test_draw_prints_mermaid_or_svg() -> None:
    assert run_flow("draw", KYC).stdout.startswith("flowchart TD\n")
    assert run_flow("draw", KYC, "--mermaid").stdout.startswith("flowchart TD\n")
    assert ElementTree.fromstring(run_flow("draw", KYC, "--svg").stdout).tag.endswith("svg")


def test_chat_shows_the_answer_and_the_current_node() -> None:
    result = run_flow("chat", KYC, stdin="4321\n23 April 1990\n")
    assert result.exit_code == 0
    assert "node ask_date_of_birth · advance · edge last_four_given" in result.stdout
    assert '"date_of_birth": "1990-04-23"' in result.stdout
    assert "  1. Yes\n  2. No\n" in result.stdout
    assert "0 tokens" in result.stdout


def test_test_runs_the_conversations_of_the_flow_and_writes_junit(tmp_path: Path) -> None:
    result = run_flow("test", KYC, "--junit", tmp_path / "out.xml")
    assert result.exit_code == 0
    assert "passed  a customer is verified in four messages" in result.stdout
    assert "nodes: 6 of 6" in result.stdout
    assert ElementTree.parse(tmp_path / "out.xml").getroot().get("failures") == "0"


def test_an_unwritable_file_is_reported(tmp_path: Path) -> None:
    result = run_flow("test", KYC, "--junit", tmp_path / "nowhere" / "out.xml")
    assert isinstance(result.exception, ConfigurationError)
    assert str(result.exception).endswith("out.xml cannot be written: No such file or directory")


def test_test_fails_when_a_conversation_differs(tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(
        "conversations: [{name: a, turns: [{say: hi, expect: {node: confirm}}]}]", encoding="utf-8"
    )
    result = run_flow("test", KYC, "--conversations", other)
    assert result.exit_code == 1
    assert "failed  a\n        1. “hi”: node is “ask_last_four”, not “confirm”" in result.stdout


def test_test_uses_the_scripted_model_of_the_file(tmp_path: Path) -> None:
    written = tmp_path / "written.yaml"
    written.write_text(
        "conversations: [{name: a, turns: [{say: hi}, {say: mine is 4321, "
        "decide: {edge: last_four_given, slots: {last_four: '4321'}}, "
        "expect: {node: ask_date_of_birth}}]}]",
        encoding="utf-8",
    )
    assert run_flow("test", KYC, "--conversations", written, "--llm", "scripted").exit_code == 0
    result = run_flow("test", KYC, "--llm", "scripted")
    assert result.exit_code == 1
    assert "2. “4321”: the model is asked to decide at “ask_last_four”, without a decide" in result.stdout


def test_test_refuses_names_unknown_to_the_flow(tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text("conversations: [{name: a, turns: [{say: hi, expect: {node: x}}]}]", encoding="utf-8")
    result = run_flow("test", KYC, "--conversations", other)
    assert isinstance(result.exception, FlowError)
    assert "conversations[0].turns[0].expect.node: There is no node “x” in the flow." in str(result.exception)


def test_schema_prints_the_published_schema() -> None:
    published = ROOT / "docs" / "flow.schema.json"
    assert json.loads(run_flow("schema").stdout) == json.loads(published.read_text(encoding="utf-8"))


@pytest.mark.long
def test_chat_ends_at_ctrl_c_and_at_the_end_of_input() -> None:
    terminal, its_side = pty.openpty()
    with start_chat(KYC, stdin=its_side, stdout=its_side, stderr=its_side) as chat:
        os.close(its_side)
        shown = b""
        while not shown.endswith(b"> "):
            shown += os.read(terminal, 4096)
        os.write(terminal, b"4321\n")
        while shown.count(b"> ") < 2:
            shown += os.read(terminal, 4096)
        assert interrupt(chat) == 130
        assert os.read(terminal, 4096).endswith(b"\r\n")
    os.close(terminal)


@pytest.mark.long
def test_chat_without_a_terminal_greets_and_ends() -> None:
    command = f"{shlex.quote(sys.executable)} -m gateway flow chat {shlex.quote(str(KYC))} <&-"
    result = subprocess.run(
        ["/bin/sh", "-c", command], env=ENVIRON, capture_output=True, text=True, timeout=60, check=True
    )
    assert "Harbour Bank" in result.stdout
    assert result.stderr == ""


@pytest.mark.long
def test_chat_reloads_a_changed_file(tmp_path: Path) -> None:
    file = tmp_path / "flow.json"

    def write(text: str) -> None:
        node = {"id": "a", "name": "a", "static_text": text, "edges": []}
        file.write_text(
            json.dumps({"system_prompt": "", "initial_node": "a", "nodes": [node]}), encoding="utf-8"
        )

    write("Tea?")
    with start_chat(file, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as chat:
        assert chat.stdin is not None
        assert chat.stdout is not None
        while b"node a" not in chat.stdout.readline():
            assert chat.poll() is None
        write("Coffee, perhaps?")
        output, _ = chat.communicate(b"what?\n", timeout=60)
    assert b"flow reloaded" in output
    assert b"Coffee, perhaps?" in output


@pytest.mark.parametrize(
    "arguments",
    [
        ("flow", "chat", "kyc", "--save-test"),
        ("flow", "new"),
        ("flow", "test", "kyc"),
        ("setup", "--file"),
        ("storm", "--other-release"),
    ],
)
def test_a_file_name_that_is_too_long_is_one_message(
    arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["turngate", *arguments, "k" * 300])

    with pytest.raises(SystemExit) as ended:
        main()

    shown = capsys.readouterr().err
    assert ended.value.code in (1, 2)
    assert "File name too long" in shown
    assert "Traceback" not in shown


def test_an_argument_that_is_no_text_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["turngate", "why", "\udcff\udcfe"])
    with pytest.raises(SystemExit) as stopped:
        main()

    assert stopped.value.code == 2
    assert "turngate: the argument '\\udcff\\udcfe' is not in" in capsys.readouterr().err
