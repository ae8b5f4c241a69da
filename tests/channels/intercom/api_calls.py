"""Calls of the Intercom client, and what they have sent."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import respx

from core.model import Address, Choice, Message, MessagePart, Reply, SentMessage
from tests.channels.intercom.builders import APP, CONVERSATION, Json, build_channel

NOT_FOUND = {"type": "error.list", "errors": [{"code": "not_found", "message": "Resource not found"}]}
ADDRESS = Address(channel="intercom", account=APP, ours=APP, theirs=CONVERSATION)
THEN = datetime.fromtimestamp(1_790_000_100, UTC)
YES = Choice(label="Yes", payload="confirmed")


def build_reply(**fields: Any) -> Reply:
    return Reply(key="turn.1", address=ADDRESS, **{"body": "Hello", **fields})


async def send(reply: Reply, **changed: str) -> SentMessage:
    async with httpx.AsyncClient() as http:
        return await build_channel(**changed).send(reply, http)


async def find_sent(reply: Reply, *known: str) -> SentMessage | None:
    async with httpx.AsyncClient() as http:
        return await build_channel().find_sent(reply, http, since=THEN, known=known)


def read_posts(api: respx.MockRouter) -> list[Json]:
    return [json.loads(call.request.content) for call in api.calls if call.request.method == "POST"]


def render(**fields: Any) -> list[MessagePart]:
    return build_channel().render(Message(**fields), ADDRESS)
