"""Upgrades: what the previous release has stored in Redis is read and continued by this one."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from core.model import ControlAction
from core.sessions import SessionWorker
from flows.document import Flow
from flows.engine import DialogMachine
from gateway.redis import rq_layout
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.session_keys import session_key
from gateway.redis.records.sessions.log.session_log import read_log
from gateway.redis.records.sessions.session_store import RedisSessionStore
from tests.core.rig import SESSION as RIG_SESSION
from tests.core.rig import Rig
from tests.paths import ROOT

SNAPSHOT = ROOT / "tests" / "payloads" / "upgrade" / "release_before_packages.json"
"""Keys of a server after two turns of the `kyc` flow, with a third one queued, and one embedded session.

Written by commit 3a996c7, the last one with the old layout. Keys and fields are base64 where they are bytes.
"""
FLOW = ROOT / "tests" / "payloads" / "upgrade" / "kyc.json"
"""The flow as it was then: the library's one has changed since, and an edited question is asked again."""
SESSION = "web:ada"


async def load_snapshot(redis: Redis) -> None:
    """Write the snapshot's keys as the previous release has left them."""
    for key, entry in json.loads(SNAPSHOT.read_text(encoding="utf-8")).items():
        value: Any = entry["value"]
        match entry["type"]:
            case "hash":
                await redis.hset(
                    key, mapping={decode_base64(name): decode_base64(text) for name, text in value.items()}
                )
            case "list":
                await redis.rpush(key, *map(decode_base64, value))
            case "set":
                await redis.sadd(key, *map(decode_base64, value))
            case "zset":
                await redis.zadd(key, {decode_base64(name): score for name, score in value})
            case "stream":
                for entry_id, fields in value:
                    decoded: Any = {decode_base64(name): decode_base64(text) for name, text in fields.items()}
                    await redis.xadd(key, decoded, id=entry_id)
            case _:
                await redis.set(key, decode_base64(value))


def decode_base64(text: str) -> bytes:
    return b64decode(text)


@pytest.mark.long
@pytest.mark.parametrize(
    "options", [("--worker-class", "gateway.worker.AsyncWorker"), ("--serializer", "json")]
)
async def test_a_queued_job_of_the_previous_release_is_processed(
    redis: Redis, redis_url: str, options: tuple[str, ...]
) -> None:
    await load_snapshot(redis)
    command = (str(Path(sys.executable).with_name("rq")), "worker", "--url", redis_url, "--burst")
    worker = await asyncio.create_subprocess_exec(
        *(*command, *options, rq_layout.QUEUE),
        env={**os.environ, "REDIS_URL": redis_url, "TURNGATE_FLOW": str(FLOW)},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    await worker.wait()

    committed = [each.data for each in await read_log(redis, SESSION) if each.kind == "committed"]
    assert [each["turns"] for each in committed] == [["M0"], ["M1"], ["M2"]]
    assert committed[-1]["outcome"] == "advance"
    assert "error" not in committed[-1]
    assert await redis.llen(f"tg:{{{SESSION}}}:mail") == 0
    assert await redis.llen(rq_layout.queue_key()) == 0


async def test_sent_ids_that_an_earlier_release_has_stored_expire_with_their_session(rig: Rig) -> None:
    await rig.accept_action(ControlAction.TAKE_OVER)  # nothing is sent after the upgrade
    await rig.accept_turns(1)
    sent_ids = session_key(RIG_SESSION, ":recent")
    await rig.redis.rpush(sent_ids, "P1")
    await rig.process()

    assert 0 < await rig.redis.pttl(sent_ids) <= ProtocolLimits().retention_ms


@pytest.mark.long
async def test_an_embedded_session_of_the_previous_release_continues(redis: Redis, redis_url: str) -> None:
    await load_snapshot(redis)
    store = RedisSessionStore(redis_url)
    worker = SessionWorker(agent_factory=lambda: DialogMachine(Flow.load(FLOW)), store=store)
    async with worker.acquire("embedded-1") as session:
        reply = await session.turn("23 April 1990")
    await store.aclose()

    assert reply.outcome in ("advance", "final")
    assert reply.error == ""
