"""Test rig: a session processor on the real protocol, with a provider and a dialog that fail on demand."""

from __future__ import annotations

from collections.abc import Mapping

from redis.asyncio import Redis

from core.model import ControlAction, ControlReceived, TurnReceived
from core.ports import ErrorMessages, RateLimit
from core.processing import Concurrency, SessionProcessor
from core.processing.retry_policy import ProcessingLimits
from core.processing.session_processor import ProcessResult
from gateway.redis.inbox import RedisInbox
from gateway.redis.lua import ProtocolLimits
from gateway.redis.mailbox import RedisMailbox
from gateway.redis.records.sessions.dead_letters import DeadLetter, DeadLetters
from gateway.redis.records.sessions.log.session_log import read_log
from tests.fakes import ADDRESS, EchoDialog, FakeChannel, build_turn

SESSION = "fake:1"


class Rig:
    """Mailbox, processor, fake channel and fake dialog for one session."""

    def __init__(
        self,
        redis: Redis,
        bounds: ProcessingLimits | None = None,
        look_up: bool = True,
        paces: Mapping[str, RateLimit] | None = None,
        protocol: ProtocolLimits | None = None,
        concurrency: Concurrency | None = None,
        error_messages: ErrorMessages | None = None,
        channel: FakeChannel | None = None,
    ) -> None:
        policies = {"fake": concurrency} if concurrency else None
        self.redis = redis
        self.inbox = RedisInbox(redis, protocol, policies)
        self.mailbox = RedisMailbox(redis, protocol, paces)
        self.channel = channel or FakeChannel(look_up=look_up)
        self.dialog = EchoDialog()
        self.processor = SessionProcessor(
            mailbox=self.mailbox,
            dialog=self.dialog,
            channels={"fake": self.channel},
            http=None,
            limits=bounds,
            concurrency=policies,
            error_messages=lambda turn, state: error_messages or ErrorMessages(),
        )

    async def accept_turns(self, *numbers: int, text: str = "", session: str = SESSION) -> None:
        await self.inbox.accept([TurnReceived(turn=build_turn(number, session, text)) for number in numbers])

    async def accept_action(self, act: ControlAction, name: str = "C1", session: str = SESSION) -> None:
        await self.inbox.accept(
            [ControlReceived(id=name, session=session, address=ADDRESS, act=act, actor="Grace")]
        )

    async def process(self, session: str = SESSION) -> ProcessResult:
        return await self.processor.run(session)

    async def process_when_due(self) -> ProcessResult:
        """Process the session once its delay and its account's circuit breaker cooldown have passed."""
        await self.redis.hdel(f"tg:{{{SESSION}}}", "hold")
        await self.redis.delete("tg:paused")
        return await self.process()

    async def log_kinds(self) -> list[str]:
        return [entry.kind for entry in await read_log(self.redis, SESSION)]


async def list_letters(redis: Redis) -> list[DeadLetter]:
    return [letter async for letter in DeadLetters(redis).list_between()]
