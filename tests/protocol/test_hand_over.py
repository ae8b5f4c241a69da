"""Hand-over at shutdown: stopping workers pass a session on until a running one starts its turn."""

from __future__ import annotations

from redis.asyncio import Redis

from core.model import TurnReceived
from core.processing import SessionProcessor
from core.processing.retry_policy import ProcessingLimits
from core.processing.session_processor import ProcessResult
from gateway.redis.inbox import RedisInbox
from gateway.redis.mailbox import RedisMailbox
from tests.fakes import EchoDialog, FakeChannel, build_turn

SESSION = "fake:1"


async def test_a_turn_requeued_by_stopping_workers_is_answered(redis: Redis) -> None:
    channel, mailbox = FakeChannel(), RedisMailbox(redis)

    def build_processor() -> SessionProcessor[None]:
        return SessionProcessor(mailbox=mailbox, dialog=EchoDialog(), channels={"fake": channel}, http=None)

    await RedisInbox(redis).accept([TurnReceived(turn=build_turn(1))])
    for _ in range(ProcessingLimits().turn_tries):
        stopping = build_processor()
        stopping.shut_down()
        assert await stopping.run(SESSION) is ProcessResult.REQUEUED
    await build_processor().run(SESSION)
    await mailbox.aclose()

    assert channel.bodies == ["1: text 1"]
    assert await redis.xlen("tg:dead") == 0
