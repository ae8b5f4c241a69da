"""Rejected webhooks are recorded with their reason and without their sender's text."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from redis.asyncio import Redis
from typer.testing import CliRunner

from core.errors import InvalidSignature
from core.ports import Webhook
from gateway.cli import app
from gateway.redis.connection.connect import open_redis
from gateway.redis.records.operators.quarantine import Quarantine

FORGED = Webhook(
    "POST",
    "http://10.0.0.5/webhooks/fake?token=secret-token",
    {"content-type": "application/json", "x-signature": "secret-signature"},
    b'{"text": "my secret", "from": "+15550170"}',
)


async def test_rejections_keep_the_reason_without_secrets_texts_or_numbers(redis: Redis) -> None:
    quarantine = Quarantine(redis)
    quarantine.add("fake", InvalidSignature("signed for another address: set PUBLIC_URL"), FORGED)
    quarantine.add("fake", InvalidSignature("too large"), None)
    await quarantine.wait_until_written()

    _, entry = await quarantine.latest()
    assert (entry.status, entry.reason) == (401, "signed for another address: set PUBLIC_URL")
    assert (entry.method, entry.path, entry.size) == ("POST", "/webhooks/fake", len(FORGED.body))
    assert entry.headers == ("content-type", "x-signature")
    stored = str(await redis.xrange("tg:quarantine"))
    for secret in ("secret-token", "secret-signature", "my secret", "+15550170"):
        assert secret not in stored


async def test_a_flood_of_rejections_is_sampled_and_bounded(redis: Redis) -> None:
    quarantine = Quarantine(redis)
    for _ in range(1_000):
        quarantine.add("fake", InvalidSignature("forged"), FORGED)
    assert len(quarantine._write_tasks) <= 20
    await quarantine.wait_until_written()

    assert 0 < await redis.xlen("tg:quarantine") <= 20
    assert await redis.pttl("tg:quarantine") > 0
    assert await quarantine.drop() > 0
    assert await quarantine.latest() == []


def test_the_quarantine_command_lists_and_drops(
    redis_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def fill() -> None:
        async with open_redis(redis_url) as redis:
            await redis.flushall()
            quarantine = Quarantine(redis)
            quarantine.add("fake", InvalidSignature("set PUBLIC_URL"), FORGED)
            await quarantine.wait_until_written()

    asyncio.run(fill())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REDIS_URL", redis_url)

    output = CliRunner().invoke(app, ["quarantine", "list"]).output
    assert "fake  401  POST /webhooks/fake" in output
    assert "set PUBLIC_URL" in output
    listed = json.loads(CliRunner().invoke(app, ["quarantine", "list", "--json"]).output)
    assert len(listed) == 1
    asked = CliRunner().invoke(app, ["quarantine", "drop"], input="n\n")
    assert asked.exit_code == 1
    assert CliRunner().invoke(app, ["quarantine", "drop", "--yes"]).output == "Deleted 1 record.\n"
    assert "No webhooks were rejected" in CliRunner().invoke(app, ["quarantine", "list"]).output
