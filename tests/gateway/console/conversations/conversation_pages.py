"""Conversations to look at in the console, and the pages about them."""

from __future__ import annotations

import re

import httpx
from redis.asyncio import Redis

from core.model import Turn, TurnReceived
from gateway.redis.inbox import RedisInbox
from tests.fakes import build_turn
from tests.gateway.environments.inbound import InboundGateway

LINK = re.compile(r'href="(/console/conversations/[A-Za-z0-9_-]{30,})"')
NUMBER = "+15550170"


async def accept_message(
    redis: Redis, number: int, session: str = "fake:1", text: str = "hello", **more: object
) -> Turn:
    message = build_turn(number, session, text).model_copy(update=more)
    await RedisInbox(redis).accept([TurnReceived(turn=message)])
    return message


async def process_session(redis: Redis, session: str = "fake:1") -> None:
    """Process the waiting messages of a session, as a worker does."""
    gateway = InboundGateway(redis, ["fake"])
    await gateway.processor.run(session)
    await gateway.mailbox.aclose()


def list_links(page: httpx.Response) -> list[str]:
    return list(dict.fromkeys(LINK.findall(page.text)))


async def open_first(http: httpx.AsyncClient) -> tuple[str, httpx.Response]:
    path = list_links(await http.get("/console/conversations"))[0]
    return path, await http.get(path)
