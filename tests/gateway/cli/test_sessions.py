"""`turngate why`, `sessions`, `erase` and `send`, on the data of a processed session."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from redis.asyncio import Redis
from typer.testing import CliRunner, Result

from gateway.cli import app
from tests.core.rig import SESSION, Rig
from tests.fakes import ADDRESS


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


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words), env={"COLUMNS": "200"})


async def answered(rig: Rig) -> None:
    await rig.accept_turns(1, text="my secret")
    await rig.process()


@pytest.mark.parametrize("message", ["M1", "P1"])
def test_why_shows_a_messages_log_by_turn_or_provider_id(ask_command: str, message: str) -> None:
    prepare(ask_command, answered)

    output = run("why", message)

    kinds = [line.split()[2] for line in output.output.splitlines()[1:]]
    assert kinds == ["accepted", "claimed", "committed", "said", "sending", "sent"]
    assert "my secret" not in output.output
    assert "my secret" in run("why", message, "--text").output


def test_why_reports_an_unknown_message(ask_command: str) -> None:
    prepare(ask_command, answered)

    assert run("why", "nothing").exit_code == 1


def test_sessions_with_pending_work_are_listed(ask_command: str) -> None:
    prepare(ask_command, lambda rig: rig.accept_turns(1, 2))

    assert f"{SESSION}  bot  queued 2  unsent 0" in run("sessions").output


def test_a_contact_is_erased_only_after_confirmation(ask_command: str) -> None:
    async def two(rig: Rig) -> None:
        for session in (f"fake:A1:us:{ADDRESS.theirs}", f"fake:A1:us:{ADDRESS.theirs}0"):
            await rig.accept_turns(1, session=session)

    prepare(ask_command, two)
    assert run("erase", ADDRESS.theirs).exit_code == 1
    assert "Deleted 1 sessions" in run("erase", ADDRESS.theirs, "--yes").output
    assert "Deleted 0 sessions" in run("erase", ADDRESS.theirs, "--yes").output
    assert run("sessions").output.count("queued 1") == 1
    assert run("erase", "+1").exit_code == 2


def test_a_proactive_message_is_queued_in_the_outbox(ask_command: str) -> None:
    prepare(ask_command, answered)

    assert run("send", SESSION, "Your parcel is here.").exit_code == 0
    assert "unsent 1" in run("sessions").output
    assert run("send", "fake:nobody", "hello?").exit_code == 1
