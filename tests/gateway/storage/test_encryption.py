"""Encryption at rest with real processes: nothing of a conversation is in the server's files."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from core.model import Message
from gateway.broadcasts.broadcast import Broadcast
from gateway.broadcasts.recipient_file import Recipient
from gateway.broadcasts.store import Broadcasts
from gateway.hooks.subscription import Content, create_subscription
from gateway.hooks.subscriptions import Subscriptions
from gateway.redis.connection.connect import open_redis
from gateway.redis.encryption.cipher import use_cipher
from gateway.redis.encryption.key_ring import generate_master_key, parse_encryption_keys
from gateway.redis.lua import ProtocolLimits
from gateway.redis.sending.outbox import ProactiveSender
from gateway.redis.server.embedded_server import EmbeddedRedis
from gateway.webchat.channel import WebChannel
from tests.gateway.environments.running import RunningGateway

MARK, NAME, DESK, OFFER = "zebrafish-7731", "Quillfeather", "walrus-5512", "pelican-9094"


def find_words(folder: Path) -> list[str]:
    """Return the files that have one of the marked words."""
    words = [word.encode() for word in (MARK, NAME, DESK, OFFER)]
    files = [each for each in folder.rglob("*") if each.is_file()]
    return [str(each) for each in files for word in words if word in each.read_bytes()]


async def write_to_contacts(url: str, key: str) -> None:
    """Subscribe to all events with their texts, start a broadcast, and schedule a message."""
    async with open_redis(url) as redis:
        use_cipher(redis, parse_encryption_keys(key))
        hook = create_subscription(
            "https://crm.invalid/hook",
            name="crm",
            events=(),
            include=tuple(Content),
            private_hosts=(),
            now_ms=0,
        )
        await Subscriptions(redis).add(hook)
        rows = [Recipient(line=2, to="+15550123", variables={"name": NAME})]
        broadcast = Broadcast(name="spring", channel="twilio", text=f"Hi {{{{ name }}}}, {OFFER}")
        await Broadcasts(redis, ProtocolLimits()).start(broadcast, rows)
        sender = ProactiveSender(redis, {"web": WebChannel()}, ProtocolLimits())
        seconds, _ = await redis.time()
        later = Message(text=f"{OFFER} for {NAME}")
        receipt = await sender.send("web:ada", "own-1", later, at_ms=(seconds + 3_600) * 1000)
        assert receipt.outcome == "scheduled"


@pytest.mark.long
async def test_no_word_of_a_conversation_is_in_the_servers_files(tmp_path: Path) -> None:
    key = generate_master_key()
    running = RunningGateway(tmp_path, TURNGATE_FLOW="kyc", TURNGATE_ENCRYPTION_KEYS=key)
    try:
        running.wait_until_ready()
        async with httpx.AsyncClient(base_url=running.url, trust_env=False, timeout=30) as http:
            for text in ("Hello", NAME, f"my file is {MARK}"):
                answer = await http.post("/turn", json={"session_id": "ada", "text": text})
                assert answer.status_code == 200, answer.text
                await write_to_contacts(EmbeddedRedis(tmp_path / "var").url, key) if text == NAME else None
            desk = {"session": "web:ada", "id": "d1", "text": f"an agent says {DESK}"}
            assert (await http.post("/console/desk/say", json=desk)).status_code == 202
            shown = (await http.get("/console/desk/log", params={"session": "web:ada"})).text
        assert all(word in shown for word in (MARK, DESK, NAME))
    finally:
        running.stop()

    assert list((tmp_path / "var").rglob("*.aof"))
    assert find_words(tmp_path / "var") == []
