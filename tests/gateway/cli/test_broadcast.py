"""`turngate broadcast`: check a file, start, follow, export and stop."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.cli.messages import broadcast
from tests.channels.twilio.builders import ENVIRON, PUBLIC
from tests.core.rig import Rig
from tests.gateway.cli.test_sessions import ask_command, prepare, run_command

__all__ = ["ask_command"]

ROWS = (
    "\ufeffphone;name;city\n+12025550111;Ada;Kiel\n+1 (202) 555-0111;Bob;Rome\n"
    "hello;Cy;Bern\n+12025550112;;Oslo\n"
)
START = ("broadcast", "start", "c.csv", "--name", "spring", "--from", "+12025550101", "--text")


async def _prepare_nothing(rig: Rig) -> None: ...


@pytest.fixture
def folder(ask_command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(ask_command, _prepare_nothing)
    for name, value in {**ENVIRON, "PUBLIC_URL": PUBLIC}.items():
        monkeypatch.setenv(name, value)
    Path("c.csv").write_text(ROWS, encoding="utf-8")


def test_a_dry_run_says_who_gets_it_and_why_others_do_not(folder: None) -> None:
    output = run_command(*START, "Hello {{ name }}", "--dry-run").output

    for words in (
        "1 of 4 rows can be sent",
        "1 SMS segment.",
        "does not use: city",
        "line 3: the same contact as in line 2",
        "line 4: not a phone number",
        "line 5: no value for name",
    ):
        assert words in output
    assert "0 broadcasts" in run_command("broadcast", "list").output
    found = json.loads(run_command(*START, "Hello {{ name }}", "--dry-run", "--json").output)
    assert (found["sendable"], found["unused"], len(found["skipped"])) == (1, ["city"], 3)


def test_a_broadcast_is_started_once_followed_exported_and_stopped(
    folder: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run_command(*START, "Hello {{ name }}").exit_code == 1  # nobody confirms
    assert "broadcast show spring" in run_command(*START, "Hello {{ name }}", "--yes").output
    assert "nothing is sent twice" in run_command(*START, "Hello {{ name }}", "--yes").output
    assert run_command(*START, "Bye {{ name }}", "--yes").exit_code == 1
    assert json.loads(run_command("broadcast", "show", "spring", "--json").output)["total"] == 4

    assert "paused" in run_command("broadcast", "pause", "spring").output
    assert "running" in run_command("broadcast", "resume", "spring").output
    assert "stopped" in run_command("broadcast", "stop", "spring", "--yes").output
    assert run_command("broadcast", "resume", "spring").exit_code == 1
    monkeypatch.setattr(broadcast, "_REPORT_EVERY", 2)
    shown = run_command("broadcast", "show", "spring", "--export", "o.csv").output
    assert [line for line in shown.splitlines() if line.startswith("·")] == [
        "· 2 of 4 recipients",
        "· 4 of 4 recipients",
    ]
    assert Path("o.csv").read_text(encoding="utf-8").splitlines()[1] == "2,+12025550111,not_processed,,,"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("broadcast", "show", "autumn"), "there is no broadcast of this name"),
        ((*START, ""), "give it a text or a template"),
        ((*START[:2], "missing.csv", *START[3:], "Hi"), "cannot be read"),
        ((*START[:-1], "--template", "offer"), "a template needs its language"),
        ((*START, "Hi", "--channel", "pigeon"), "is not configured"),
        ((*START[:4], "", *START[5:], "Hi"), "name: write 1 to 60 letters"),
        ((*START, "Hi {{ name"), "4 skipped: {{ in the text belongs to no variable"),
    ],
)
def test_what_cannot_be_used_is_named(folder: None, words: tuple[str, ...], reason: str) -> None:
    result = run_command(*words)

    assert result.exit_code != 0
    assert reason in f"{result.output} {result.exception}"


def test_a_file_that_cannot_be_written_is_no_problem_of_redis(folder: None) -> None:
    run_command(*START, "Hello {{ name }}", "--yes")
    result = run_command("broadcast", "show", "spring", "--export", "no/folder/o.csv")

    assert isinstance(result.exception, FileNotFoundError)
    assert result.exception.filename == "no/folder/o.csv"
