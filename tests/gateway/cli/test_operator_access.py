"""`turngate key` and `turngate audit`: the place of the key, and operator actions."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import pytest
import redis as sync
from typer.testing import CliRunner

from gateway.access.generated_key import load_or_create_key
from gateway.access.operator_keys import parse_operator_keys
from gateway.cli import app
from gateway.config.settings import setting_rows
from gateway.redis.connection.connect import open_redis
from gateway.redis.inbox import RedisInbox
from gateway.redis.records.operators.audit_log import AuditEntry, AuditLog
from tests.gateway.environments.stack import build_message

SESSION = build_message(1, "hi").turn.session
ENTRIES = (
    AuditEntry(who="anna", role="agent", via="session", act="answer", status=202),
    AuditEntry(who="ops", role="operator", via="key", act="start_broadcast", target="spring", status=202),
)


@pytest.fixture(autouse=True)
def _own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, redis_url: str) -> None:
    for name, _, _ in setting_rows():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setenv("TURNGATE_DATA_DIR", str(tmp_path / "data"))


def run_command(*arguments: str) -> str:
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_the_command_says_where_a_generated_key_is(tmp_path: Path) -> None:
    assert "No key is set" in run_command("key")
    key = load_or_create_key(tmp_path / "data")

    assert str(key.path) in run_command("key")
    assert key.secret not in run_command("key")
    assert run_command("key", "--show").strip() == key.secret


def test_a_new_key_is_strong_and_configured_ones_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = run_command("key", "--new").strip()
    parse_operator_keys(secret, "")
    monkeypatch.setenv("TURNGATE_API_KEYS", f"anna:agent:{secret}")

    assert run_command("key") == "anna  agent\n"


def test_acts_are_listed_newest_first(redis_url: str, sync_redis: sync.Redis) -> None:
    sync_redis.flushall()
    assert "No acts are recorded" in run_command("audit", "list")
    asyncio.run(record_acts(redis_url))

    lines = run_command("audit", "list").splitlines()
    assert lines[0].endswith("ops  operator  key  start_broadcast  spring  202")
    assert re.search(r"  anna  agent  session  answer  #[0-9a-f]{16}  202$", lines[1])
    assert "+15550170" not in "".join(lines)
    assert len(run_command("audit", "list", "--limit", "1").splitlines()) == 1
    (about,) = run_command("audit", "list", "--target", SESSION, "--json").splitlines()
    assert (json.loads(about)["who"], json.loads(about)["act"]) == ("anna", "answer")


def test_acts_of_commands_are_recorded_without_numbers(redis_url: str, sync_redis: sync.Redis) -> None:
    sync_redis.flushall()
    asyncio.run(write_message(redis_url))
    run_command("optout", "add", SESSION)
    run_command("quarantine", "drop", "--yes")
    run_command("erase", SESSION, "--yes")

    entries = [json.loads(line) for line in run_command("audit", "list", "--json").splitlines()]
    assert [each["act"] for each in entries] == ["erase", "drop_rejections", "opt_out"]
    assert {each["via"] for each in entries} == {"cli"}
    assert entries[0]["target"] == entries[2]["target"] != ""
    assert "+15550170" not in run_command("audit", "list", "--json")


async def write_message(redis_url: str) -> None:
    """Let the contact write."""
    async with open_redis(redis_url) as redis:
        await RedisInbox(redis).accept([build_message(1, "hi")])


async def record_acts(redis_url: str) -> None:
    async with open_redis(redis_url) as redis:
        for entry, about in zip(ENTRIES, (SESSION, ""), strict=True):
            await AuditLog(redis).record(entry, about)
        assert 0 < await redis.pttl("tg:audit") <= 365 * 86_400_000
