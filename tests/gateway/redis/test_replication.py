"""TURNGATE_DURABILITY=replicated: no failover loses an acknowledged message; an unconfirmed one is 503."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from time import time

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from core.errors import ConfigurationError, StorageUnavailable
from core.model import Message, Reply
from core.ports import AcceptResult, Commit
from gateway.config.settings import Settings
from gateway.redis.connection.connect import open_redis
from gateway.redis.connection.replication import ReplicaConfirmation
from gateway.redis.inbox import RedisInbox
from gateway.redis.lua import ProtocolLimits
from gateway.redis.mailbox import RedisMailbox
from gateway.redis.records.schedule import CancelOutcome
from gateway.redis.sending.outbox import ProactiveSender
from gateway.redis.sending.send_outcome import SendOutcome, SendReceipt
from gateway.redis.server.readiness import Readiness
from gateway.storm.servers.sentinel_group import running_sentinel_group
from tests.gateway.environments.stack import build_message

REPLICAS = 2
LATER_MS = int(time() * 1000) + 3_600_000


def build_inbox(redis: Redis, wait_seconds: float = 0.5) -> RedisInbox:
    return RedisInbox(redis, confirmation=ReplicaConfirmation(redis, REPLICAS, wait_seconds))


class LoadWriter:
    """A web process under load: several requests at once, and the numbers that were acknowledged."""

    def __init__(self, redis: Redis) -> None:
        self._inbox = build_inbox(redis)
        self._next = 0
        self.acknowledged: list[int] = []
        self.failures = 0
        self.progress = asyncio.Event()

    async def run(self) -> None:
        await asyncio.gather(*(self._write() for _ in range(8)))

    async def _write(self) -> None:
        while True:
            self._next += 1
            number = self._next
            try:
                await self._inbox.accept([build_message(number, "hi", f"+1555{number:07d}")])
            except StorageUnavailable:
                self.failures += 1
                self.progress.set()
                await asyncio.sleep(0.02)  # the provider comes again later
                continue
            self.acknowledged.append(number)
            self.progress.set()

    async def wait_for_more(self, count: int, *, or_failures: bool = False) -> None:
        """Wait until so many further messages were acknowledged, or refused."""
        wanted = self._count(or_failures) + count
        async with asyncio.timeout(60):
            while self._count(or_failures) < wanted:
                self.progress.clear()
                await self.progress.wait()

    def _count(self, or_failures: bool) -> int:
        return len(self.acknowledged) + (self.failures if or_failures else 0)


@pytest.mark.long
@pytest.mark.timeout(180)
@pytest.mark.parametrize("how", ["killed", "stalled", "killed with replicas behind"])
async def test_a_failover_loses_no_acknowledged_message(how: str) -> None:
    async with (
        running_sentinel_group(REPLICAS, sentinels=3) as group,
        open_redis(group.url, timeout=2.0) as redis,
    ):
        writer = LoadWriter(redis)
        running = asyncio.create_task(writer.run())
        try:
            await writer.wait_for_more(200)
            if how == "killed with replicas behind":
                await group.cut_replicas_off()
                await writer.wait_for_more(8, or_failures=True)
            end = asyncio.create_task(group.fail_over(signal.SIGSTOP if how == "stalled" else signal.SIGKILL))
            await group.primary_gone.wait()
            for port in group.replica_ports:
                group.resume(port)
            await end
            before = list(writer.acknowledged)
            if how == "stalled":  # the former primary comes back, and does no harm
                group.resume(group.primary_port)
                await group.wait_until_replica(group.primary_port)
                await writer.wait_for_more(50)
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
        lost = [number for number in writer.acknowledged if not await is_stored(redis, number)]

    assert len(before) >= 200
    assert lost == []


async def is_stored(redis: Redis, number: int) -> bool:
    session = build_message(number, "hi", f"+1555{number:07d}").turn.session
    return bool(await redis.exists(f"tg:{{{session}}}:mail"))


@pytest.mark.long
@pytest.mark.timeout(60)
async def test_with_a_replica_missing_nothing_is_acknowledged_until_it_is_back() -> None:
    async with running_sentinel_group(REPLICAS) as group, open_redis(group.url, timeout=2.0) as redis:
        confirmation = ReplicaConfirmation(redis, REPLICAS, 0.2)
        inbox, readiness = RedisInbox(redis, confirmation=confirmation), Readiness(redis, 0.0, confirmation)
        sender = ProactiveSender(redis, {}, ProtocolLimits(), None, confirmation)
        message = build_message(1, "hi")
        session, news = message.turn.session, Message(text="news")
        assert await inbox.accept([message]) == [AcceptResult.NEW]
        assert await readiness.storage_problem() == await confirmation.find_risk() == ""
        assert "2 replicas and TURNGATE_REPLICAS is 1" in await ReplicaConfirmation(redis, 1).find_risk()

        group.stall(group.replica_ports[0])
        with pytest.raises(StorageUnavailable, match="only 1 of 2 replicas confirmed"):
            await inbox.accept([message])  # a duplicate, too, is confirmed by its own write
        for key, at_ms in (("own-1", 0), ("own-1", 0), ("own-2", LATER_MS), ("own-2", LATER_MS)):
            with pytest.raises(StorageUnavailable, match="of 2 replicas"):
                await sender.send(session, key, news, at_ms=at_ms)
        for _ in range(2):
            with pytest.raises(StorageUnavailable, match="of 2 replicas"):
                await sender.cancel(session, "own-2")
        group.resume(group.replica_ports[0])
        async with asyncio.timeout(20):
            while True:
                with suppress(StorageUnavailable):
                    assert await inbox.accept([message]) == [AcceptResult.DUPLICATE]
                    break
                await asyncio.sleep(0.05)
        assert await redis.llen(f"tg:{{{session}}}:mail") == 1
        await sender.send(session, "own-1", news)
        assert await sender.send(session, "own-1", news) == (SendOutcome.DUPLICATE, session, "", 0)
        assert await sender.cancel(session, "own-2") is CancelOutcome.CANCELLED
        with pytest.raises(StorageUnavailable, match="forgotten"):
            await sender._confirm(SendReceipt(SendOutcome.QUEUED, session), "own-9")


async def test_a_server_without_replicas_is_not_ready_and_says_what_to_do(redis: Redis) -> None:
    confirmation = ReplicaConfirmation(redis, REPLICAS, 0.05)
    inbox = RedisInbox(redis, confirmation=confirmation)
    for _ in range(2):
        with pytest.raises(StorageUnavailable, match="replicas"):
            await inbox.accept([build_message(1, "hi")])

    assert (
        "0 of 2 replicas (TURNGATE_REPLICAS)" in await Readiness(redis, 0.0, confirmation).storage_problem()
    )


@pytest.mark.parametrize(
    "settings",
    [{"TURNGATE_DURABILITY": "replicated"}, {"TURNGATE_REPLICAS": "2"}],
    ids=["no number", "not on"],
)
def test_the_two_settings_belong_together(settings: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match="belong together"):
        Settings.load()


async def test_a_worker_marks_and_commits_nothing_that_a_failover_may_forget(redis: Redis) -> None:
    mailbox = RedisMailbox(redis, confirmation=ReplicaConfirmation(redis, REPLICAS, 0.05))
    event = build_message(1, "hi")
    await RedisInbox(redis).accept([event])
    claim = await mailbox.claim(event.turn.session)
    assert claim is not None
    reply = Reply(key="r1", address=event.turn.address, body="hello")
    with pytest.raises(RedisConnectionError, match="0 of 2 replicas"):
        await mailbox.mark_sending(claim.lease, reply)
    with pytest.raises(RedisConnectionError, match="TURNGATE_REPLICAS"):
        await mailbox.commit(claim.lease, Commit(turns=(event.turn,), state=None))
