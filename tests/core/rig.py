"""A gateway of one session on the real protocol, with a provider and a dialog that fail as told."""

from __future__ import annotations

from collections.abc import Mapping

from redis.asyncio import Redis

from core.model.event import ControlReceived, TurnReceived
from core.model.owner import Act
from core.ports.channel import Pace
from core.ports.dialog import Excuses
from core.processing.concurrency import Concurrency
from core.processing.retry_policy import Bounds
from core.processing.session_processor import Drain, Drained
from gateway.redis.inbox import RedisInbox
from gateway.redis.lua import Protocol
from gateway.redis.mailbox import RedisMailbox
from gateway.redis.records.session_log import read_log
from tests.fakes import ADDRESS, EchoDialog, FakeChannel, turn

SESSION = "fake:1"


class Rig:
    """A gateway of one session, small enough to hold in one hand."""

    def __init__(
        self,
        redis: Redis,
        bounds: Bounds | None = None,
        look_up: bool = True,
        paces: Mapping[str, Pace] | None = None,
        protocol: Protocol | None = None,
        concurrency: Concurrency | None = None,
        excuses: Excuses | None = None,
    ) -> None:
        policies = {"fake": concurrency} if concurrency else None
        self.redis = redis
        self.inbox = RedisInbox(redis, protocol, policies)
        self.mailbox = RedisMailbox(redis, protocol, paces)
        self.channel = FakeChannel(look_up=look_up)
        self.dialog = EchoDialog()
        self.worker = Drain(
            mailbox=self.mailbox,
            dialog=self.dialog,
            channels={"fake": self.channel},
            http=None,
            bounds=bounds,
            concurrency=policies,
            excuses=lambda turn, state: excuses or Excuses(),
        )

    async def say(self, *numbers: int, text: str = "", session: str = SESSION) -> None:
        await self.inbox.accept([TurnReceived(turn=turn(number, session, text)) for number in numbers])

    async def act(self, act: Act, name: str = "C1", session: str = SESSION) -> None:
        await self.inbox.accept(
            [ControlReceived(id=name, session=session, address=ADDRESS, act=act, actor="Grace")]
        )

    async def drain(self, session: str = SESSION) -> Drained:
        return await self.worker.run(session)

    async def drain_when_due(self) -> Drained:
        """What a sweeper would bring about once the session's hold is over, and its account's rest."""
        await self.redis.hdel(f"tg:{{{SESSION}}}", "hold")
        await self.redis.delete("tg:paused")
        return await self.drain()

    async def kinds(self) -> list[str]:
        return [entry.kind for entry in await read_log(self.redis, SESSION)]
