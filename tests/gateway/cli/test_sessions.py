"""`turngate why`, `sessions`, `erase` and `send`, on the data of a processed session."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import time
from typing import Any, Literal

import pytest
from redis.asyncio import Redis
from typer.testing import CliRunner, Result

from core.errors import Unavailable
from core.model import ControlAction, DeliveryStatus, Message, StatusChanged, TurnReceived
from core.processing import AbuseLimits
from core.processing.session_processor import ProcessResult
from gateway.cli import app
from gateway.redis.inbox import RedisInbox
from gateway.redis.lua import ProtocolLimits
from gateway.redis.sending.outbox import ProactiveSender
from tests.channels.twilio.builders import ACCOUNT, ENVIRON, PUBLIC
from tests.core.rig import SESSION, Rig
from tests.fakes import ADDRESS, build_turn


@pytest.fixture
def ask_command(redis_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REDIS_URL", redis_url)
    return redis_url


def prepare(url: str, work: Callable[[Rig], Awaitable[object]]) -> None:
    async def run() -> None:
        async with Redis.from_url(url) as redis:
            await redis.flushall()
            rig = Rig(redis)
            await work(rig)
            await rig.mailbox.aclose()

    asyncio.run(run())


def run_command(*words: str) -> Result:
    return CliRunner().invoke(app, list(words), env={"COLUMNS": "200"})


async def answer_turn(rig: Rig) -> None:
    await rig.accept_turns(1, text="my secret")
    await rig.process()


@pytest.mark.parametrize("message", ["M1", "P1"])
def test_why_shows_a_messages_log_by_turn_or_provider_id(ask_command: str, message: str) -> None:
    prepare(ask_command, answer_turn)

    output = run_command("why", message)

    assert list_kinds(message) == ["accepted", "claimed", "committed", "said", "gate", "sending", "sent"]
    assert "my secret" not in output.output
    assert "my secret" in run_command("why", message, "--text").output


def test_why_reports_an_unknown_message(ask_command: str) -> None:
    prepare(ask_command, answer_turn)

    assert run_command("why", "nothing").exit_code == 1


@pytest.mark.parametrize(("message", "left"), [("M1", 0), ("P1", 1)])
def test_redact_deletes_the_words_of_one_message(ask_command: str, message: str, left: int) -> None:
    prepare(ask_command, answer_turn)

    refused = CliRunner().invoke(app, ["redact", message], input="n\n")
    assert (refused.exit_code, "my secret" in run_command("why", "M1", "--text").output) == (1, True)
    done = run_command("redact", message, "--yes", "--json")
    assert (done.exit_code, json.loads(done.output)["sessions"]) == (0, [SESSION])
    told = run_command("why", SESSION, "--text").output
    assert (told.count("my secret"), "An operator redacted a message" in told) == (left, True)
    assert run_command("audit", "list", "--json", "--target", SESSION).output.count('"redact"') == 1


def test_redact_says_when_it_finds_no_message(ask_command: str) -> None:
    prepare(ask_command, answer_turn)

    result = run_command("redact", "nothing", "--yes")
    assert (result.exit_code, "no message with this ID" in result.output) == (1, True)
    assert run_command("redact", "M9", "--session", SESSION, "--yes").exit_code == 1


def test_sessions_with_pending_work_are_listed(ask_command: str) -> None:
    prepare(ask_command, lambda rig: rig.accept_turns(1, 2))

    assert f"{SESSION}  bot  queued 2  unsent 0" in run_command("sessions").output


@pytest.mark.parametrize(
    "command",
    [
        f"erase {SESSION} --yes",
        pytest.param("redact M1 --yes", marks=pytest.mark.long),
        pytest.param(f"optout add {ADDRESS.theirs}", marks=pytest.mark.long),
    ],
)
def test_what_replicas_do_not_confirm_is_not_reported_as_done(
    ask_command: str, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    prepare(ask_command, answer_turn)
    monkeypatch.setenv("TURNGATE_DURABILITY", "replicated")
    monkeypatch.setenv("TURNGATE_REPLICAS", "1")

    result = run_command(*command.split())

    assert "0 of 1 replicas" in str(result.exception)
    assert result.stdout == ""


@pytest.mark.long
def test_silent_sessions_are_listed_and_resumed(ask_command: str) -> None:
    async def loop(rig: Rig) -> None:
        inbox = RedisInbox(rig.redis, abuse={"fake": AbuseLimits(rounds=2)})
        for number in range(4):
            await inbox.accept([TurnReceived(turn=build_turn(number, text="We are closed until Monday."))])
            await rig.process()

    prepare(ask_command, loop)

    assert f"{SESSION}  silent (loop)  since 20" in run_command("sessions").output
    assert run_command("sessions", "--resume", SESSION).exit_code == 0
    assert "silent" not in run_command("sessions").output
    assert run_command("sessions", "--resume", SESSION).exit_code == 1


@pytest.mark.long
def test_a_contact_is_erased_only_after_confirmation(ask_command: str) -> None:
    async def open_two_sessions(rig: Rig) -> None:
        for theirs in (ADDRESS.theirs, f"{ADDRESS.theirs}0"):
            one = build_turn(1, f"fake:A1:us:{theirs}", "my secret")
            address = ADDRESS.model_copy(update={"theirs": theirs})
            await rig.inbox.accept([TurnReceived(turn=one.model_copy(update={"address": address}))])

    prepare(ask_command, open_two_sessions)
    session, spelling = f"fake:A1:us:{ADDRESS.theirs}", "1 555 0170"
    assert run_command("erase", spelling).exit_code == 1
    exported = json.loads(run_command("export", spelling).output)
    assert [each["id"] for each in exported["sessions"]] == [session]
    assert exported["sessions"][0]["mailbox"][0]["text"] == "my secret"
    receipt = json.loads(run_command("erase", spelling, "--yes", "--json").output)
    assert (receipt["sessions"], receipt["removed"]["waiting messages"]) == (1, 1)
    for command in (("erase", spelling, "--yes"), ("export", spelling)):
        nothing = run_command(*command)
        assert (nothing.exit_code, "Nothing was found" in nothing.output) == (1, True)
    assert run_command("sessions").output.count("queued 1") == 1
    assert run_command("erase", "+1").exit_code == 2
    unknown = run_command("erase", "+15550199")
    assert (unknown.exit_code, "no session was found" in unknown.output) == (1, True)
    assert "Deleted 1 session:" in run_command("erase", f"{ADDRESS.theirs}0", "--yes").output


@pytest.mark.long
def test_a_proactive_message_is_queued_in_the_outbox(ask_command: str) -> None:
    prepare(ask_command, answer_turn)

    assert run_command("send", SESSION, "Your parcel is here.").exit_code == 0
    assert "unsent 1" in run_command("sessions").output
    assert run_command("send", "fake:nobody", "hello?").exit_code == 1


@pytest.mark.long
def test_a_contact_who_never_wrote_is_written_to(ask_command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(ask_command, lambda rig: rig.redis.ping())
    for name, value in {**ENVIRON, "PUBLIC_URL": PUBLIC, "TWILIO_NUMBERS": "+15550100"}.items():
        monkeypatch.setenv(name, value)
    contact = ("--channel", "twilio", "--to", "+1 555 0170")

    assert "Queued" in run_command("send", *contact, "Your parcel is here.").output
    assert f"twilio:{ACCOUNT}:+15550100:+15550170  bot  queued 0  unsent 1" in run_command("sessions").output
    refused = run_command("send", "--channel", "twilio", "--to", "5550170", "Your parcel is here.")
    assert (refused.exit_code, "no country code" in refused.output) == (1, True)
    assert run_command("send", "--to", "+15550170", "Your parcel is here.").exit_code == 2
    assert run_command("send", SESSION).exit_code == 2
    soon = (datetime.now(UTC) + timedelta(days=1)).isoformat(timespec="seconds")
    assert "Scheduled" in run_command("send", *contact, "Later.", "--at", soon).output
    assert run_command("send", *contact, "Later.", "--at", "2999-01-01T09:00Z").exit_code == 1
    assert run_command("send", *contact, "Later.", "--at", "tomorrow").exit_code == 2


def list_kinds(message: str) -> list[str]:
    return [entry["kind"] for [report] in [explain(message)] for entry in report["entries"]]


def explain(name: str) -> list[dict[str, Any]]:
    reports: list[dict[str, Any]] = json.loads(run_command("why", name, "--json").output)
    return reports


async def queue_refused_reply(rig: Rig) -> None:
    rig.channel.planned_failures = [(Unavailable("HTTP 503", one_contact=True, retry_after=600.0), False)]
    await rig.accept_turns(1, text="my secret")
    await rig.process()


async def open_breaker(rig: Rig) -> None:
    rig.channel.planned_failures = [(Unavailable("HTTP 503"), False)] * 5
    for number in range(5, 10):
        await rig.accept_turns(number, session=f"fake:{number}")
        await rig.process(f"fake:{number}")
    accounts: Any = await rig.redis.zrange("tg:paused", 0, -1)
    await rig.redis.zadd("tg:paused", dict.fromkeys(accounts, (time() + 600) * 1000))
    await rig.accept_turns(4, session="fake:4")
    await rig.process("fake:4")


def test_why_says_what_waits_and_until_when_while_a_provider_refuses(ask_command: str) -> None:
    prepare(ask_command, queue_refused_reply)
    [report] = explain("M1")

    assert list_kinds("M1")[-1] == "postponed"
    assert (report["unsent"], report["wait_reason"]) == (1, "HTTP 503")
    assert report["next_try_ms"] > time() * 1000
    assert "HTTP 503" in run_command("why", "M1").output.splitlines()[2]


def test_what_waits_for_as_long_as_the_provider_asked_is_tried_at_once(ask_command: str) -> None:
    prepare(ask_command, queue_refused_reply)
    assert f"`turngate sessions --retry {SESSION}`" in run_command("why", SESSION).output

    assert run_command("sessions", "--retry", SESSION).exit_code == 0

    [report] = explain(SESSION)
    assert (report["unsent"], report["next_try_ms"]) == (1, 0)
    assert run_command("sessions", "--retry", SESSION).exit_code == 1


def test_why_says_that_an_account_s_circuit_breaker_is_open(ask_command: str) -> None:
    prepare(ask_command, open_breaker)
    [report] = explain("fake:4")

    assert "HTTP 503" in report["breaker_reason"]
    assert report["breaker_until_ms"] > time() * 1000
    assert "circuit breaker open: HTTP 503" in report["wait_reason"]
    assert "circuit breaker open until" in run_command("why", "fake:4").output


@pytest.mark.parametrize("name", [SESSION, ADDRESS.theirs, f" {ADDRESS.theirs} "])
def test_why_explains_a_session_and_a_contact(ask_command: str, name: str) -> None:
    prepare(ask_command, answer_turn)
    [report] = explain(name)

    assert (report["session"], report["owner"], report["unsent"]) == (SESSION, "bot", 0)
    assert report["entries"][0]["kind"] == "accepted"
    assert "my secret" not in run_command("why", name).output + run_command("why", name, "--json").output
    assert "my secret" in run_command("why", name, "--text").output
    assert len(json.loads(run_command("why", name, "--json", "--limit", "2").output)[0]["entries"]) == 2


@pytest.mark.parametrize(("voice", "key"), [("bot", "own-rem-1"), ("person", "agent-rem-1")])
@pytest.mark.parametrize("text", ["one", "one\ntwo"])
def test_why_shows_every_step_of_a_proactive_message(
    ask_command: str, voice: Literal["bot", "person"], key: str, text: str
) -> None:
    async def send_message(rig: Rig) -> None:
        await answer_turn(rig)
        rig.channel.planned_failures = [(Unavailable("HTTP 503"), False)]
        channels: Any = {"fake": rig.channel}
        sender = ProactiveSender(rig.redis, channels, ProtocolLimits())
        await sender.send(SESSION, key, Message(text=text), voice)
        while await rig.process_when_due() is not ProcessResult.EMPTY:
            pass
        status = StatusChanged(provider_id="P2", channel="fake", status=DeliveryStatus.DELIVERED)
        await rig.inbox.accept([status])

    prepare(ask_command, send_message)
    steps = ["said", "gate", "sending", "postponed", "gate", "sending", "sent", "status"]
    if "\n" in text:
        steps = ["said", *steps[:7], "gate", "sending", "sent", "status"]
    for name in (key, "rem-1", "P2"):
        assert list_kinds(name) == steps


def test_why_and_send_tell_why_a_message_was_refused(ask_command: str) -> None:
    async def opt_out(rig: Rig) -> None:
        await answer_turn(rig)
        await rig.accept_action(ControlAction.OPT_OUT)
        channels: Any = {"fake": rig.channel}
        sender = ProactiveSender(rig.redis, channels, ProtocolLimits())
        await sender.send(SESSION, "own-rem-1", Message(text="Sale!"))

    prepare(ask_command, opt_out)
    refused = run_command("send", SESSION, "Sale!")
    assert (refused.exit_code, "opted out" in refused.stderr) == (1, True)
    assert list_kinds("rem-1") == ["refused"]
    assert "opted out" in run_command("why", "rem-1").output


def test_send_names_the_message_for_why(ask_command: str) -> None:
    prepare(ask_command, answer_turn)

    message_id = run_command("send", SESSION, "Your parcel is here.").output.split("`")[1].split()[-1]
    assert list_kinds(message_id) == ["said"]


@pytest.mark.parametrize(
    "words",
    [("why", ""), ("erase", " "), ("redact", ""), ("broadcast", "show", ""), ("templates", "show", " "),
     ("hooks", "remove", ""), ("quarantine", "replay", "x", ""), ("optout", "add", ""), ("flow", "new", ""),
     ("backup", ""), ("flow", "lint", "")],
)  # fmt: skip
def test_a_blank_name_is_refused(ask_command: str, words: tuple[str, ...]) -> None:
    result = run_command(*words)

    assert (result.exit_code, "it is empty" in result.output) == (2, True)


@pytest.mark.parametrize("option", ["--resume", "--retry"])
def test_a_blank_session_is_not_taken_for_none(ask_command: str, option: str) -> None:
    prepare(ask_command, answer_turn)

    assert run_command("sessions", option, "").exit_code == 1
