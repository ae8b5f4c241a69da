"""A worker that stands still past its lease, as under SIGSTOP: its event loop does nothing meanwhile."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import Redis

from core.model import TurnReceived
from core.ports import Commit, Lease, SessionView
from core.processing import SessionProcessor
from core.processing.session_processor import ProcessResult
from gateway.redis.inbox import RedisInbox
from gateway.redis.lua import ProtocolLimits
from gateway.redis.mailbox import RedisMailbox
from tests.fakes import EchoDialog, FakeChannel, turn

SESSION = "fake:1"
SHORT = ProtocolLimits(lease_ms=500)


class PausedAfterCommit(RedisMailbox):
    """The process stops once a reply is committed and marked; another one takes the session meanwhile."""

    def __init__(self, redis: Redis, url: str, channel: FakeChannel) -> None:
        super().__init__(redis, SHORT)
        self._url = url
        self._provider = channel

    async def commit(self, lease: Lease, commit: Commit, *, leave: bool = False) -> SessionView:
        """Commit and mark, then stand still until somebody else is done with the session."""
        view = await super().commit(lease, commit)
        other = threading.Thread(target=lambda: asyncio.run(self._other_worker()))
        other.start()
        other.join()
        return view

    async def _other_worker(self) -> None:
        async with (
            Redis.from_url(self._url) as redis,
            drain(RedisMailbox(redis, SHORT), self._provider) as it,
        ):
            while await it.run(SESSION) is not ProcessResult.EMPTY:
                pass


@asynccontextmanager
async def drain(mailbox: RedisMailbox, channel: FakeChannel) -> AsyncIterator[SessionProcessor[None]]:
    """A worker of one drain."""
    yield SessionProcessor(mailbox=mailbox, dialog=EchoDialog(), channels={"fake": channel}, http=None)
    await mailbox.aclose()


async def test_a_worker_that_stood_still_between_mark_and_send_does_not_send(
    redis: Redis, redis_url: str
) -> None:
    channel = FakeChannel()
    await RedisInbox(redis).accept([TurnReceived(turn=turn(1))])

    async with drain(PausedAfterCommit(redis, redis_url, channel), channel) as paused:
        await paused.run(SESSION)

    assert channel.bodies == ["1: text 1"]
