"""Texts that cannot be rendered are reported in the log, by `why`, in the console and in the metrics."""

from __future__ import annotations

import logging

import pytest
from redis.asyncio import Redis

from core.model import TurnReceived
from flows import DialogMachine, Flow
from gateway.redis.records.sessions.log.entry_words import describe_entry
from gateway.redis.records.sessions.log.session_log import read_log
from tests.fakes import build_turn
from tests.flows.conversation import document, edge, node
from tests.gateway.console.console_client import open_console
from tests.gateway.console.conversations.conversation_pages import open_first
from tests.gateway.environments.inbound import InboundGateway


async def test_a_text_that_cannot_be_made_is_named_with_its_node(
    redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    flow = document(node("hello", "Hi {{ 1 / 0 }}", edges=[edge("on", "hello", keywords=["on"])]))
    gateway = InboundGateway(redis, ["fake"], dialog=DialogMachine(Flow.model_validate(flow), "rules"))
    with caplog.at_level(logging.WARNING):
        await gateway.receive([TurnReceived(turn=build_turn(1, text="my secret"))], "fake:1")
    await gateway.mailbox.aclose()
    async with open_console(redis) as http:
        _, page = await open_first(http)
    told = [describe_entry(entry).detail for entry in await read_log(redis, "fake:1")]

    expected = "a text of node hello could not be rendered (ZeroDivisionError)"
    assert any(expected in each for each in told), told
    assert expected in page.text
    assert "the flow's node hello was left out, its template failed: ZeroDivisionError" in caplog.text
    assert "my secret" not in caplog.text
    assert await redis.hget("tg:counts", "template_failed") == b"1"
