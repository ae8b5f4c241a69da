"""Reactions, unsupported messages and edits on WhatsApp, through the gateway's processes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from channels._kit.simulator import TranscriptEntry, UserMessage
from channels.whatsapp.simulator.records import IdentityMode
from channels.whatsapp.simulator.server import WhatsAppSimulator
from gateway.http.clients import provider_client
from gateway.local.http_server import serve
from gateway.redis.records.sessions.log.session_log import read_log_end
from gateway.redis.records.sessions.session_index import SessionIndex
from tests.channels.whatsapp.builders import (
    ENVIRON,
    PHONE,
    SECRET,
    TOKEN,
    build_batch,
    build_message,
    build_value,
    build_webhook,
)
from tests.flows.conversation import document, edge, node
from tests.gateway.environments.surroundings import RecordingSimulatorServer, find_free_url, start_gateway

QUESTION, CONTACT = "Shall I cancel your order?", f"+{PHONE}"
FLOW = document(
    node(
        "ask",
        QUESTION,
        choices=[{"label": "Cancel it", "payload": "cancel"}, {"label": "Keep it", "payload": "keep"}],
        edges=[edge("cancel", "cancelled", keywords=["cancel"]), edge("keep", "kept", keywords=["keep"])],
        on_reaction={"👎": "keep"},
    ),
    node("cancelled", "CANCELLED", edges=[edge("again", "ask", keywords=["again"])]),
    node("kept", "KEPT", edges=[edge("again", "ask", keywords=["again"])]),
)


class Environment:
    """A gateway that has asked the contact its question."""

    def __init__(self, url: str, redis_url: str, server: RecordingSimulatorServer) -> None:
        self._url = url
        self._redis_url = redis_url
        self.server = server

    async def send(self, kind: str, content: object, wamid: str) -> None:
        """Send a message of any kind, signed as Meta does."""
        hook = build_webhook(build_batch(build_value(build_message(kind, content, id=wamid))))
        async with httpx.AsyncClient(trust_env=False) as http:
            answer = await http.post(
                f"{self._url}/webhooks/whatsapp", content=hook.body, headers=hook.headers
            )
        assert answer.status_code == 200

    async def log(self, wamid: str) -> list[tuple[str, Any]]:
        """Return the log of the session of a message."""
        async with Redis.from_url(self._redis_url) as redis:
            session = await SessionIndex(redis).find_by_message(wamid)
            assert session
            return [(entry.kind, entry.data) for entry in await read_log_end(redis, session, 1_000)]

    def replies(self) -> list[TranscriptEntry]:
        return self.server.list_entries(CONTACT)


@asynccontextmanager
async def running_environment(folder: Path) -> AsyncIterator[Environment]:
    file = folder / "flow.json"
    file.write_text(json.dumps(FLOW), encoding="utf-8")
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(provider_client())
        url = find_free_url()
        simulator = WhatsAppSimulator(
            app_secret=SECRET,
            access_token=TOKEN,
            webhook_url=f"{url}/webhooks/whatsapp",
            seed=7,
            identity=IdentityMode.PHONE,
        )
        server = RecordingSimulatorServer(simulator, http)
        environ = {**ENVIRON, "WHATSAPP_API_URL": await stack.enter_async_context(serve(server))}
        redis_url = await start_gateway(stack, url, str(file), environ)
        server.send_user_message(UserMessage("whatsapp", CONTACT, "hi"))
        await server.wait_for_entries(QUESTION, CONTACT, 0)
        yield Environment(url, redis_url, server)


@pytest.mark.long
async def test_reactions_unsupported_messages_and_edits(tmp_path: Path) -> None:
    async with running_environment(tmp_path) as environment:
        [question] = environment.replies()
        for number, emoji in enumerate(("👍", "")):
            reaction = {"message_id": question.id, "emoji": emoji}
            await environment.send("reaction", reaction, f"wamid.R{number}=")
        await environment.send("edit", {"original_message_id": "wamid.O"}, "wamid.E=")
        for number in range(3):
            await environment.send("unsupported", {"type": "poll_creation"}, f"wamid.U{number}=")
        [answer] = await environment.server.wait_for_entries("as text", CONTACT, 1)
        assert answer.text.endswith(QUESTION)

        await environment.send("reaction", {"message_id": answer.id, "emoji": "👎"}, "wamid.R9=")
        assert [entry.text for entry in await environment.server.wait_for_entries("KEPT", CONTACT, 2)] == [
            "KEPT"
        ]

        log = await environment.log("wamid.E=")
    outcomes = [data["outcome"] for kind, data in log if kind == "committed"]
    assert outcomes == ["stay", "reaction", "reaction", "stay", "unsupported", "unsupported", "advance"]
    [edited] = [data for kind, data in log if kind == "activity"]
    assert (edited["activity"], edited["message"]) == ("edited", "wamid.O")
