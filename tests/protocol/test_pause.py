"""Pause of a worker past the end of its lease, as by SIGSTOP."""

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
from gateway.redis.connection.connect import open_redis
from gateway.redis.inbox import RedisInbox
from gateway.redis.lua import ProtocolLimits
from gateway.redis.mailbox import RedisMailbox
from tests.fakes import EchoDialog, FakeChannel, build_turn

SESSION = "fake:1"
SHORT = ProtocolLimits(lease_ms=500)


class PausedAfterCommit(RedisMailbox):
    """Blocks after a reply was committed and marked, until another worker has taken the session."""

    def __init__(self, redis: Redis, url: str, channel: FakeChannel) -> None:
        super().__init__(redis, SHORT)
        self._url = url
        self._provider = channel

    async def commit(self, lease: Lease, commit: Commit, *, leave: bool = False) -> SessionView:
        """Commit and mark, then block until another worker has finished the session."""
        view = await super().commit(lease, commit)
        other = threading.Thread(target=lambda: asyncio.run(self._other_worker()))
        other.start()
        other.join()
        return view

    async def _other_worker(self) -> None:
        async with (
            open_redis(self._url) as redis,
            running_worker(RedisMailbox(redis, SHORT), self._provider) as processor,
        ):
            while await processor.run(SESSION) is not ProcessResult.EMPTY:
                pass


@asynccontextmanager
async def running_worker(
    mailbox: RedisMailbox, channel: FakeChannel
) -> AsyncIterator[SessionProcessor[None]]:
    """Yield a processor that represents a worker with one job."""
    yield SessionProcessor(mailbox=mailbox, dialog=EchoDialog(), channels={"fake": channel}, http=None)
    await mailbox.aclose()


async def test_a_worker_paused_between_mark_and_send_does_not_send(redis: Redis, redis_url: str) -> None:
    channel = FakeChannel()
    await RedisInbox(redis).accept([TurnReceived(turn=build_turn(1))])

    async with running_worker(PausedAfterCommit(redis, redis_url, channel), channel) as paused:
        await paused.run(SESSION)

    assert channel.bodies == ["1: text 1"]
