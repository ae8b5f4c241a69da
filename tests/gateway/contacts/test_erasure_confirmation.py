"""Confirmation of an erasure by replicas: no failover brings back what was reported as erased."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis
from starlette.applications import Starlette

from core.errors import StorageUnavailable
from core.model import Message
from gateway.partitions.records.contact_partitions import ContactPartitions, build_erasure
from gateway.redis.connection.connect import open_redis
from gateway.redis.connection.replication import ReplicaConfirmation
from gateway.redis.inbox import RedisInbox
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.contacts.contact_search import ContactSearch
from gateway.redis.records.contacts.erasure import ContactErasure
from gateway.redis.sending.new_opt_outs import NewOptOuts
from gateway.redis.sending.outbox import ProactiveSender
from gateway.redis.sending.send_outcome import SendOutcome
from gateway.redis.server.readiness import Readiness
from gateway.storm.servers.sentinel_group import running_sentinel_group
from gateway.webchat.api.consent import ConsentApi
from tests.fakes import ADDRESS
from tests.gateway.access.rule import build_operator_auth
from tests.gateway.console.console_client import open_console
from tests.gateway.console.conversations.conversation_pages import accept_message, open_first
from tests.gateway.contacts.traces import NUMBER, SMS, build_sms, find_traces
from tests.gateway.environments.inbound import InboundGateway
from tests.gateway.environments.stack import build_message
from tests.gateway.stopped_process import StoppedCalls

REPLICAS = 2


async def test_an_unconfirmed_erasure_has_to_be_repeated_also_when_nothing_is_left(
    gateway: InboundGateway,
) -> None:
    await gateway.receive(build_sms(1), SMS)
    erasure = ContactErasure(
        gateway.redis, confirmations=[ReplicaConfirmation(gateway.redis, REPLICAS, 0.05)]
    )
    for _ in range(2):
        with pytest.raises(StorageUnavailable, match=r"replicas.* repeat it until"):
            await erasure.erase(NUMBER, 0)

    assert await find_traces(gateway.redis) == []


async def test_messages_are_confirmed_after_an_erasure_and_before_one(redis: Redis) -> None:
    """Each confirmation writes a key of its own kind."""
    confirmation = ReplicaConfirmation(redis, 0)
    erasure = ContactErasure(redis, confirmations=[confirmation])
    sender = ProactiveSender(redis, {}, ProtocolLimits(), None, confirmation)
    event = build_message(1, "hi")
    for number in range(2):
        await erasure.erase("+15550199", 0)
        await RedisInbox(redis).accept([event])
        sent = await sender.send(event.turn.session, f"own-{number}", Message(text=f"news {number}"))
        assert sent.outcome is SendOutcome.QUEUED
        assert await Readiness(redis, 0.0).storage_problem() == ""


async def test_the_console_says_that_an_erasure_is_not_confirmed(redis: Redis) -> None:
    await accept_message(redis, 1)
    async with open_console(redis, confirmations=[ReplicaConfirmation(redis, REPLICAS, 0.05)]) as http:
        path, _ = await open_first(http)
        done = await http.post(f"{path}/erase", data={"contact": ADDRESS.theirs})

    assert "was erased, but replicas did not confirm it" in done.text


async def test_the_api_answers_503_until_an_erasure_is_confirmed(redis: Redis) -> None:
    await RedisInbox(redis).accept([build_message(1, "hi")])
    inbox = RedisInbox(redis)
    contacts = ContactPartitions([redis], [inbox], confirmations=[ReplicaConfirmation(redis, REPLICAS, 0.05)])
    new_opt_outs = NewOptOuts(ProactiveSender(redis, {}, ProtocolLimits()), inbox)
    app = Starlette(routes=ConsentApi(contacts, new_opt_outs, build_operator_auth(redis)).routes())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as http:
        answers = [await http.delete(f"/contacts/{build_message(1, 'hi').turn.session}") for _ in range(2)]

    for answer in answers:
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")
        assert "repeat it until" in answer.json()["error"]["message"]


@pytest.mark.parametrize("partitions", [1, 2])
async def test_a_promotion_during_an_erasure_is_noticed(
    redis: Redis, redis_url: str, partitions: int
) -> None:
    """The promoted server may lack what was deleted before, and confirms only what comes after."""
    run: Any = redis.execute_command

    async def promote() -> None:
        await run("REPLICAOF", "127.0.0.1", "1")
        await run("REPLICAOF", "NO", "ONE")

    event = build_message(1, "hi")
    await RedisInbox(redis).accept([event])
    async with open_redis(redis_url) as erasing:
        StoppedCalls([erasing], 5, promote)
        stores = [erasing] * partitions
        erasure = build_erasure(stores, [ReplicaConfirmation(erasing, 0)])

        with pytest.raises(StorageUnavailable, match="became the primary meanwhile"):
            await erasure.erase(event.turn.session, 0)
        assert (await erasure.erase(event.turn.session, 0)).is_empty


@pytest.mark.long
@pytest.mark.timeout(120)
async def test_an_erasure_that_a_failover_undid_is_reported_and_repeated() -> None:
    async with running_sentinel_group(REPLICAS, sentinels=3) as group, open_redis(group.url) as redis:
        event = build_message(1, "hi")
        session = event.turn.session
        confirmation = ReplicaConfirmation(redis, REPLICAS)
        await RedisInbox(redis, confirmation=confirmation).accept([event])
        await group.cut_replicas_off()

        with pytest.raises(StorageUnavailable, match="repeat it until"):
            await ContactErasure(redis, confirmations=[confirmation]).erase(session, 0)
        promotion = asyncio.create_task(group.fail_over())
        await group.primary_gone.wait()
        for port in group.replica_ports:
            group.resume(port)
        await promotion
        assert (await ContactSearch(redis).find(session)).sessions == (session,)

        erasure = ContactErasure(redis, confirmations=[ReplicaConfirmation(redis, 1)])  # one is left
        receipt = await erasure.erase(session, 0)
    assert receipt.sessions == 1
