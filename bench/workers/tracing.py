"""Cost of traces that are off: a message's steps, entered with nobody listening, against the message."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, Final

from bench.measuring.checks import assert_last_turns_answered
from core.model import Turn, TurnReceived
from core.processing import SessionProcessor
from core.steps import Step, listen
from flows.document import Flow
from flows.engine import DialogMachine
from flows.library import FLOW_LIBRARY
from gateway.http.clients import provider_client
from gateway.redis.connection.connect import open_redis
from gateway.redis.inbox import RedisInbox
from gateway.redis.mailbox import RedisMailbox
from gateway.redis.server.embedded_server import EmbeddedRedis
from gateway.webchat.channel import WebChannel, build_address, build_session_id

_MESSAGES: Final = 300
_STEPS: Final = 100_000
_GOAL: Final = 0.03
_SESSION: Final = build_session_id("traced")


class _Counter:
    """Listener that counts the steps."""

    def __init__(self) -> None:
        self.count = 0

    def enter(self, name: str, labels: Mapping[str, str], parent: str) -> Any:
        self.count += 1

    def leave(self, entered: Any, result: str) -> None:
        pass

    def trace(self) -> str:
        return ""


def render_section() -> str:
    """Measure and render the page's section. Raises `AssertionError` over the goal."""
    with TemporaryDirectory(prefix="bench") as folder:
        server = EmbeddedRedis(Path(folder), durable=False)
        server.start()
        try:
            steps, milliseconds = asyncio.run(_measure(server.url))
        finally:
            server.stop()
    share = steps * _time_step() / milliseconds
    assert share <= _GOAL, f"traces that are off cost {share:.1%} of a message"
    return f"""
## Traces that are off

A message through accept, dialog and delivery enters {steps:.0f} steps, which cost {share:.2%} of its
{milliseconds:.1f} ms without a trace listener (goal: below {_GOAL:.0%}).
"""


async def _measure(url: str) -> tuple[float, float]:
    """Return the steps of a message, and its median milliseconds in this process."""
    redis = open_redis(url)
    inbox, mailbox = RedisInbox(redis), RedisMailbox(redis)
    machine = DialogMachine(Flow.load(FLOW_LIBRARY / "kyc.json"))
    async with provider_client() as http:
        processor = SessionProcessor(
            mailbox=mailbox, dialog=machine, channels={"web": WebChannel()}, http=http
        )
        counter, times = _Counter(), []
        for number in range(_MESSAGES):
            began = perf_counter()
            await inbox.accept([_build_message(number)])
            await processor.run(_SESSION)
            times.append(1000 * (perf_counter() - began))
        with listen(counter):
            await inbox.accept([_build_message(_MESSAGES)])
            await processor.run(_SESSION)
        await assert_last_turns_answered(redis, [_SESSION])
    await mailbox.aclose()
    await redis.aclose()
    return counter.count, median(times)


def _build_message(number: int) -> TurnReceived:
    address = build_address("traced")
    return TurnReceived(turn=Turn(id=f"M{number}", session=_SESSION, address=address, text="why do you ask?"))


def _time_step() -> float:
    """Return the milliseconds that a step costs with nobody listening."""
    labels, began = {"channel": "web"}, perf_counter()
    for _ in range(_STEPS):
        with Step("send", labels):
            pass
    return 1000 * (perf_counter() - began) / _STEPS
