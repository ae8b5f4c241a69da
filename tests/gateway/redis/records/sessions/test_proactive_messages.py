"""Outcomes of proactive messages: refused at once, or followed through the outbox to their status."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis

from core.errors import Rejected, Unavailable
from core.model import (
    ControlAction,
    DeliveryStatus,
    FailureKind,
    Message,
    Owner,
    Reply,
    SentMessage,
    StatusChanged,
)
from core.processing.session_processor import ProcessResult
from gateway.redis import lua, rq_layout
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.contacts.erasure import erase_session
from gateway.redis.records.sessions.dead_letters import DeadLetters
from gateway.redis.records.sessions.log.message_timeline import MessageOutcome
from gateway.redis.records.sessions.log.session_log import read_owner
from gateway.redis.records.sessions.proactive_messages import MessageReport, ProactiveMessages
from gateway.redis.records.sessions.session_index import SessionIndex
from gateway.redis.sending.outbox import ProactiveSender
from gateway.redis.sending.send_outcome import SendOutcome
from gateway.redis.sweeper import Sweeper
from tests.core.rig import SESSION, Rig

OTHER = "fake:2"
REFUSING = [
    (ControlAction.OPT_OUT, SendOutcome.OPTED_OUT, ControlAction.OPT_IN),
    (ControlAction.TAKE_OVER, SendOutcome.PERSON, ControlAction.GIVE_BACK),
    (ControlAction.CLOSE, SendOutcome.CLOSED, ControlAction.GIVE_BACK),
]


@pytest.fixture
async def rig(redis: Redis) -> AsyncIterator[Rig]:
    rig = Rig(redis)
    await rig.accept_turns(1)
    await rig.process()
    rig.channel.sent_replies.clear()
    yield rig
    await rig.mailbox.aclose()


async def send(rig: Rig, text: str, name: str = "own-1", session: str = SESSION, **more: Any) -> SendOutcome:
    channels: Any = {"fake": rig.channel}
    sender = ProactiveSender(rig.redis, channels, ProtocolLimits())
    return (await sender.send(session, name, Message(text=text), **more)).outcome


async def read_report(rig: Rig, name: str = "1", session: str = "") -> MessageReport:
    found = await ProactiveMessages(rig.redis).find(name, session)
    assert found is not None
    return found


async def process_all(rig: Rig) -> None:
    while await rig.process_when_due() is not ProcessResult.EMPTY:
        pass


@pytest.mark.parametrize(("act", "refusal", "undo"), REFUSING)
async def test_a_refused_message_does_not_use_its_key_up(
    rig: Rig, act: ControlAction, refusal: SendOutcome, undo: ControlAction
) -> None:
    await rig.accept_action(act)
    for _ in range(2):
        assert await send(rig, "Sale!") is refusal
    assert await send(rig, "Another text") is refusal

    assert await rig.redis.llen(f"tg:{{{SESSION}}}:out") == 0
    found = await read_report(rig)
    assert (found.outcome, found.code) == (MessageOutcome.REFUSED, refusal.value)
    assert found.reason

    await rig.accept_action(undo, "C2")
    assert await send(rig, "Sale!") is SendOutcome.QUEUED
    await rig.process()
    assert rig.channel.bodies == ["Sale!"]
    assert (await read_report(rig)).outcome is MessageOutcome.SENT


async def test_an_agent_is_refused_only_when_the_person_opted_out(rig: Rig) -> None:
    await rig.accept_action(ControlAction.CLOSE)
    assert await send(rig, "Grace here", "agent-1", voice="person") is SendOutcome.QUEUED

    await rig.accept_action(ControlAction.GIVE_BACK, "C2")
    await rig.accept_action(ControlAction.OPT_OUT, "C3")
    assert await send(rig, "Grace again", "agent-2", voice="person") is SendOutcome.OPTED_OUT
    assert await read_owner(rig.redis, SESSION) is Owner.BOT


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "\u200b \u2060", "\u00a0"])
async def test_a_message_without_anything_to_show_is_refused(rig: Rig, text: str) -> None:
    assert await send(rig, text) is SendOutcome.EMPTY
    assert (await read_report(rig)).code == "empty"
    assert await send(rig, "Your parcel is here.") is SendOutcome.QUEUED


async def test_a_repetition_is_a_duplicate_and_another_text_is_not(rig: Rig) -> None:
    assert await send(rig, "one") is SendOutcome.QUEUED
    assert await send(rig, "one") is SendOutcome.DUPLICATE
    assert await send(rig, "two") is SendOutcome.ID_USED
    await process_all(rig)

    assert await send(rig, "one") is SendOutcome.DUPLICATE
    assert await send(rig, "two") is SendOutcome.ID_USED
    assert rig.channel.bodies == ["one"]


async def test_of_concurrent_messages_with_one_key_one_is_queued(rig: Rig) -> None:
    same = await asyncio.gather(*(send(rig, "one", "own-same") for _ in range(20)))
    different = await asyncio.gather(*(send(rig, str(number), "own-different") for number in range(20)))

    assert (same.count(SendOutcome.QUEUED), same.count(SendOutcome.DUPLICATE)) == (1, 19)
    assert (different.count(SendOutcome.QUEUED), different.count(SendOutcome.ID_USED)) == (1, 19)
    assert await rig.redis.llen(f"tg:{{{SESSION}}}:out") == 2


async def test_a_message_that_an_agent_overtook_can_be_sent_later_by_one_of_many(rig: Rig) -> None:
    await send(rig, "one\ntwo")
    await rig.accept_action(ControlAction.TAKE_OVER)
    await process_all(rig)
    found = await read_report(rig)
    assert (found.outcome, found.code, len(found.parts)) == (MessageOutcome.REFUSED, "person", 2)

    await rig.accept_action(ControlAction.GIVE_BACK, "C2")
    await asyncio.gather(*(rig.redis.ping() for _ in range(10)))  # so that no send waits for a connection
    again = await asyncio.gather(*(send(rig, "one\ntwo") for _ in range(10)))
    await process_all(rig)
    assert again.count(SendOutcome.QUEUED) == 1
    assert rig.channel.bodies == ["one", "two"]
    assert (await read_report(rig)).outcome is MessageOutcome.SENT


async def test_a_message_of_which_a_part_left_has_used_its_key_up(rig: Rig) -> None:
    original = rig.channel.send

    async def send_and_take_over(reply: Reply, http: object) -> SentMessage:
        sent = await original(reply, http)
        await rig.accept_action(ControlAction.TAKE_OVER)
        return sent

    rig.channel.send = send_and_take_over  # type: ignore[method-assign]
    await send(rig, "one\ntwo")
    await process_all(rig)

    found = await read_report(rig)
    assert found.outcome is MessageOutcome.REFUSED
    assert [part.outcome for part in found.parts] == [MessageOutcome.SENT, MessageOutcome.REFUSED]
    assert await send(rig, "one\ntwo") is SendOutcome.DUPLICATE


@pytest.mark.parametrize(
    ("statuses", "outcome"),
    [
        ((DeliveryStatus.SENT,), MessageOutcome.SENT),
        ((DeliveryStatus.DELIVERED,), MessageOutcome.DELIVERED),
        ((DeliveryStatus.DELIVERED, DeliveryStatus.READ), MessageOutcome.READ),
        ((DeliveryStatus.FAILED,), MessageOutcome.FAILED),
    ],
)
async def test_the_status_of_a_sent_message_is_its_outcome(
    rig: Rig, statuses: tuple[DeliveryStatus, ...], outcome: MessageOutcome
) -> None:
    await send(rig, "one\ntwo")
    assert (await read_report(rig)).outcome is MessageOutcome.QUEUED
    await process_all(rig)
    for number in (1, 2):
        for status in statuses:
            event = StatusChanged(
                provider_id=f"P{number}", channel="fake", status=status, error_code="30003", error_text="gone"
            )
            await rig.inbox.accept([event])

    found = await read_report(rig)
    assert found.outcome is outcome
    assert [part.provider_id for part in found.parts] == ["P1", "P2"]
    assert (found.reason, found.code) == ("gone", "30003")


async def test_a_message_that_is_sent_again_after_a_status_keeps_its_name(redis: Redis) -> None:
    rig = Rig(redis, protocol=ProtocolLimits(resend_ms=1))
    rig.channel.capabilities = rig.channel.capabilities.model_copy(update={"statuses": True})
    await rig.accept_turns(1)
    await rig.process()
    await send(rig, "one")
    await rig.process()
    failed = StatusChanged(
        provider_id="P2",
        channel="fake",
        status=DeliveryStatus.FAILED,
        error_code="30008",
        error_text="try later",
        failure=FailureKind.TEMPORARY,
    )
    await rig.inbox.accept([failed])
    waiting = await read_report(rig)
    assert (waiting.outcome, waiting.reason) == (MessageOutcome.QUEUED, "try later")

    await redis.zadd("tg:resends", {"tg:message:fake:P2": 1})
    await Sweeper(redis).sweep()
    assert await send(rig, "one") is SendOutcome.DUPLICATE
    await process_all(rig)
    delivered = StatusChanged(provider_id="P3", channel="fake", status=DeliveryStatus.DELIVERED)
    await rig.inbox.accept([delivered])
    found = await read_report(rig)
    assert (found.outcome, found.parts[0].key) == (MessageOutcome.DELIVERED, "own-1")
    assert found.parts[0].provider_id == "P3"
    await rig.mailbox.aclose()


async def test_a_message_in_the_middle_of_its_send_is_reported_as_such(rig: Rig) -> None:
    seen: list[MessageOutcome] = []
    original = rig.channel.send

    async def look_and_send(reply: Reply, http: object) -> SentMessage:
        seen.append((await read_report(rig)).outcome)
        return await original(reply, http)

    rig.channel.send = look_and_send  # type: ignore[method-assign]
    await send(rig, "one")
    await process_all(rig)
    assert seen == [MessageOutcome.SENDING]


async def test_a_message_that_waits_for_the_provider_has_the_reason(rig: Rig) -> None:
    rig.channel.planned_failures = [(Unavailable("HTTP 503"), False)]
    await send(rig, "one")
    await rig.process()

    found = await read_report(rig)
    assert (found.outcome, found.reason) == (MessageOutcome.QUEUED, "HTTP 503")


async def test_a_message_that_was_given_up_is_a_dead_letter_until_it_is_replayed(rig: Rig) -> None:
    rig.channel.planned_failures = [(Rejected("wrong number", code="21211"), False)]
    await send(rig, "one")
    await rig.process()

    found = await read_report(rig)
    assert (found.outcome, found.reason, found.code) == (
        MessageOutcome.DEAD_LETTER,
        "wrong number",
        "21211",
    )
    assert await send(rig, "one") is SendOutcome.DUPLICATE
    letters = DeadLetters(rig.redis)
    [letter] = [each async for each in letters.list_between()]
    await letters.replay(letter)
    assert (await read_report(rig)).outcome is MessageOutcome.QUEUED


async def test_a_message_that_the_provider_refused_as_opted_out_can_be_sent_after_an_opt_in(rig: Rig) -> None:
    rig.channel.planned_failures = [(Rejected("stop", code="21610", failure=FailureKind.OPTED_OUT), False)]
    await send(rig, "one")
    await rig.process()
    assert (await read_report(rig)).outcome is MessageOutcome.REFUSED
    assert await send(rig, "one") is SendOutcome.OPTED_OUT

    await rig.accept_action(ControlAction.OPT_IN)
    assert await send(rig, "one") is SendOutcome.QUEUED


async def test_a_message_that_a_reset_deleted_is_reported_and_can_be_sent_again(rig: Rig) -> None:
    await send(rig, "one")
    reset = lua.load_script("reset", ProtocolLimits())
    await reset(rig.redis, [rq_layout.current_timestamp(), SESSION])

    assert (await read_report(rig)).code == "reset"
    assert await send(rig, "one") is SendOutcome.QUEUED


async def test_without_its_log_a_message_is_queued_as_long_as_it_waits(rig: Rig) -> None:
    await send(rig, "one\ntwo")
    await rig.redis.delete(f"tg:{{{SESSION}}}:log")
    assert (await read_report(rig)).outcome is MessageOutcome.QUEUED

    await process_all(rig)
    await rig.redis.delete(f"tg:{{{SESSION}}}:log")
    assert (await read_report(rig)).outcome is MessageOutcome.UNKNOWN
    assert await send(rig, "one\ntwo") is SendOutcome.DUPLICATE


async def test_an_id_belongs_to_one_session_and_is_found_without_it(rig: Rig) -> None:
    await rig.accept_turns(1, session=OTHER)
    await send(rig, "one")
    await rig.accept_action(ControlAction.OPT_OUT, session=OTHER)
    assert await send(rig, "another", session=OTHER) is SendOutcome.OPTED_OUT

    assert (await read_report(rig)).session == OTHER
    assert (await read_report(rig, session=SESSION)).outcome is MessageOutcome.QUEUED
    assert (await read_report(rig, "own-1")).session == OTHER
    assert await ProactiveMessages(rig.redis).find("1", "fake:nobody") is None
    assert await ProactiveMessages(rig.redis).find("2") is None


async def test_an_erasure_deletes_the_records_of_its_session_only(rig: Rig) -> None:
    await rig.accept_turns(1, session=OTHER)
    await send(rig, "one", "own-a")
    for name in ("own-a", "own-b}:seen"):
        await send(rig, "one", name, session=OTHER)
    await send(rig, "", "own-c", session=OTHER)

    removed, _ = await erase_session(rig.redis, OTHER)
    assert removed.keys() >= {"sessions", "log entries"}
    assert [key for key in await rig.redis.keys() if OTHER.encode() in key] == []
    assert await rig.redis.get("tg:proactive_session:own-a") is None
    assert (await read_report(rig, "a", SESSION)).outcome is MessageOutcome.QUEUED
    assert await SessionIndex(rig.redis).find_by_contact("fake:1") == [SESSION]


async def test_every_record_expires(rig: Rig) -> None:
    await send(rig, "one")
    await send(rig, " ", "own-2")

    keys = [key for key in await rig.redis.keys() if b"proactive" in key]
    assert len(keys) == 5
    assert all([0 < await rig.redis.pttl(key) <= ProtocolLimits().dedup_ms for key in keys])
