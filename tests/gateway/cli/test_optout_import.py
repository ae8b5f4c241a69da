"""`turngate optout import`: opt-outs of contacts who may never have written here."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import pytest
from redis.asyncio import Redis

from gateway.cli.contacts import _new_opt_outs
from tests.channels.twilio.builders import ENVIRON, PUBLIC
from tests.core.rig import Rig
from tests.gateway.cli.test_sessions import ask_command, prepare, run_command
from tests.gateway.contacts.test_opt_outs import SMS, build_twilio_message
from tests.gateway.environments.inbound import InboundGateway

__all__ = ["ask_command"]

OURS, THEIRS = "+12025550101", "+12025550171"
FROM = ("--from", OURS)
SEND = ("send", "--channel", "twilio", *FROM, "--to")


async def _prepare_nothing(rig: Rig) -> None: ...


@pytest.fixture
def folder(ask_command: str, monkeypatch: pytest.MonkeyPatch) -> str:
    prepare(ask_command, _prepare_nothing)
    for name, value in {**ENVIRON, "PUBLIC_URL": PUBLIC}.items():
        monkeypatch.setenv(name, value)
    return ask_command


def import_rows(*rows: str, options: tuple[str, ...] = FROM) -> tuple[int, str]:
    Path("out.csv").write_text("\n".join(rows), encoding="utf-8")
    result = run_command("optout", "import", "out.csv", *options)
    return result.exit_code, f"{result.output}{result.exception or ''}"


def list_opt_outs() -> dict[str, str]:
    rows = json.loads(run_command("optout", "list", "--json").output)
    return {row["contact"]: row["scope"] for row in rows}


def test_who_never_wrote_gets_nothing_until_they_opt_in(folder: str) -> None:
    twice = ("Phone Number;since", "+1 (202) 555-0171;2026-01-02", f"{THEIRS};2026-01-02T10:00-05:00")
    assert import_rows(*twice) == (0, "Opted out: 1 contact.\n")

    refused = run_command(*SEND, THEIRS, "News")
    assert (refused.exit_code, "opted out" in refused.output) == (1, True)
    Path("c.csv").write_text(f"to\n{THEIRS}\n", encoding="utf-8")
    start = ("broadcast", "start", "c.csv", "--name", "spring", *FROM, "--text", "Hello", "--dry-run")
    assert "0 of 1 row can be sent" in run_command(*start).output
    assert list_opt_outs() == {THEIRS: "all"}
    assert f"{THEIRS},all,20" in run_command("optout", "list", "--csv").output
    assert json.loads(run_command("export", THEIRS).output)["sessions"][0]["opt_out"] == "all"
    assert "opted out  of everything" in run_command("why", THEIRS).output
    assert "import_opt_outs" in run_command("audit", "list").output

    assert "Opted in: 1 session" in run_command("optout", "remove", THEIRS, "--yes").output
    assert list_opt_outs() == {}
    assert "opted out  " not in run_command("why", THEIRS).output
    assert run_command(*SEND, THEIRS, "News").exit_code == 0


def test_a_long_import_tells_how_far_it_is(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_new_opt_outs, "_REPORT_EVERY", 2)

    _, output = import_rows("to", *(f"+1202555010{number}" for number in range(5)))

    assert [line for line in output.splitlines() if line.startswith("·")] == [
        "· 2 of 5 rows",
        "· 4 of 5 rows",
    ]


def test_the_first_message_of_a_contact_finds_the_opt_out_and_start_ends_it(folder: str) -> None:
    import_rows("to", THEIRS)

    async def write() -> list[str]:
        async with Redis.from_url(folder) as redis:
            gateway = InboundGateway(redis, ["twilio"])
            await gateway.receive(build_twilio_message(1, "hello"), SMS)
            await gateway.receive(build_twilio_message(2, "START"), SMS)
            await gateway.receive(build_twilio_message(3, "hello again"), SMS)
            await gateway.mailbox.aclose()
            return gateway.channel.bodies

    assert asyncio.run(write()) == ["1: hello again"]
    assert list_opt_outs() == {}


def test_an_erased_import_still_counts(folder: str) -> None:
    import_rows("to", THEIRS)
    assert "Kept: 1 opt-out" in run_command("erase", THEIRS, "--yes").output

    assert list_opt_outs() == {}
    assert run_command(*SEND, THEIRS, "News").exit_code == 1


def test_a_list_that_was_exported_here_is_imported_with_its_scopes_and_times(folder: str) -> None:
    import_rows("to,scope", f"{THEIRS},marketing", "+12025550172,all")
    written = run_command("optout", "list", "--csv").output
    exported = re.sub(r",20\d\d-", ",2025-", written)  # opted out long before they opted in
    run_command("optout", "remove", THEIRS, "--yes")

    code, output = import_rows(*exported.splitlines())
    assert (code, "2 contacts opted in or out here since: that stays" in output) == (0, True)
    assert list_opt_outs() == {"+12025550172": "all"}

    run_command("erase", "+12025550172", "--yes")
    assert "1 contact opted in" in import_rows(*exported.splitlines())[1]
    assert list_opt_outs() == {"+12025550172": "all"}


def test_what_cannot_be_imported_is_named_and_the_rest_counts(folder: str) -> None:
    rows = ("to,scope,since", "hello,,", f"{THEIRS},,", "+12025550173,half,", "+12025550174,,yesterday")
    code, output = import_rows(*rows, options=(*FROM, "--dry-run"))
    assert (code, "1 of 4 rows can be imported" in output, list_opt_outs()) == (1, True, {})

    code, output = import_rows(*rows, *["x"] * 30)
    assert (code, "line 24" in output, "Unusable in all: 33 rows" in output) == (1, False, True)
    for words in ("line 2: not a phone number", 'line 4: scope "half"', 'line 5: since "yesterday"'):
        assert words in output
    assert list_opt_outs() == {THEIRS: "all"}


@pytest.mark.parametrize(
    ("rows", "options", "reason"),
    [
        (("name", "Ada"), FROM, 'no column "to"'),
        (("to",), FROM, "no rows"),
        (("to", THEIRS), (), "`from` is needed"),
        (("to", THEIRS), ("--channel", "pigeon"), "is not configured"),
    ],
)
def test_a_file_or_sender_that_cannot_be_used_is_named(
    folder: str, rows: tuple[str, ...], options: tuple[str, ...], reason: str
) -> None:
    code, output = import_rows(*rows, options=options)

    assert code != 0
    assert reason in output


def test_one_contact_is_opted_out_for_each_of_several_numbers(folder: str) -> None:
    add = ("optout", "add", THEIRS)
    assert "--channel" in run_command(*add).output

    done = run_command(*add, *FROM, "--from", "whatsapp:+12025550102", "--scope", "marketing", "--json")
    assert len(json.loads(done.output)["sessions"]) == 2
    assert run_command(*SEND, THEIRS, "News").exit_code == 1
    assert run_command("optout", "add", "hello", *FROM).exit_code == 2
