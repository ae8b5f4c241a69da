"""One session per contact, whichever of the contact's identifiers a webhook has."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from redis.asyncio import Redis

from core.errors import Unavailable
from core.model import (
    Address,
    ControlAction,
    ControlReceived,
    DeliveryStatus,
    Event,
    Ignored,
    Reply,
    StatusChanged,
    Turn,
    TurnReceived,
)
from core.ports import AcceptResult
from gateway.middleware.channel.status_lookup import StatusLookup
from gateway.redis.inbox import RedisInbox
from gateway.redis.records.contacts.identities import IdentityResolver
from tests.channels.whatsapp.builders import build_channel

ADDRESS = Address(channel="whatsapp", account="a", ours="1", theirs="2")
PHONE, USER, OTHER = "w:1:+12025550180", "w:1:US.1", "w:1:US.2"


@pytest.fixture
def contacts(redis: Redis) -> IdentityResolver:
    return IdentityResolver(redis, RedisInbox(redis))


def build_event(number: int, *names: str) -> Event:
    turn = Turn(id=f"wamid.{number}", session=names[0], address=ADDRESS, text="Hi")
    return TurnReceived(turn=turn, aliases=names)


async def read_lengths(redis: Redis, *sessions: str) -> list[int]:
    return [await redis.llen(f"tg:{{{session}}}:mail") for session in sessions]


async def test_a_session_continues_when_an_id_replaces_the_phone_number(
    contacts: IdentityResolver, redis: Redis
) -> None:
    await contacts.accept([build_event(1, PHONE)])
    await contacts.accept([build_event(2, USER, PHONE)])
    await contacts.accept([build_event(3, USER)])

    assert await read_lengths(redis, PHONE, USER) == [3, 0]


async def test_a_session_continues_when_a_phone_number_is_added(
    contacts: IdentityResolver, redis: Redis
) -> None:
    await contacts.accept([build_event(1, USER)])
    await contacts.accept([build_event(2, USER, PHONE)])
    await contacts.accept([build_event(3, PHONE)])

    assert await read_lengths(redis, USER, PHONE) == [3, 0]


async def test_the_events_of_a_request_are_resolved_in_order(
    contacts: IdentityResolver, redis: Redis
) -> None:
    await contacts.accept([build_event(1, PHONE), build_event(2, USER, PHONE), build_event(3, USER)])

    assert await read_lengths(redis, PHONE, USER) == [3, 0]


async def test_a_reassigned_phone_number_belongs_to_the_new_contact(
    contacts: IdentityResolver, redis: Redis
) -> None:
    await contacts.accept([build_event(1, USER, PHONE)])
    await contacts.accept([build_event(2, OTHER, PHONE)])
    await contacts.accept([build_event(3, PHONE)])

    assert await read_lengths(redis, USER, OTHER) == [1, 2]


async def test_a_changed_id_resolves_to_the_same_session(contacts: IdentityResolver, redis: Redis) -> None:
    await contacts.accept([build_event(1, USER, PHONE)])
    await contacts.accept([Ignored(reason="changed user id", aliases=(USER, OTHER))])
    await contacts.accept([build_event(2, OTHER, PHONE)])

    assert await read_lengths(redis, USER, OTHER) == [2, 0]


async def test_a_message_delivered_in_two_requests_is_one_turn(
    contacts: IdentityResolver, redis: Redis
) -> None:
    first = await contacts.accept([build_event(1, USER, PHONE)])
    second = await contacts.accept([build_event(2, USER, PHONE), build_event(1, USER, PHONE)])

    assert (first, second) == ([AcceptResult.NEW], [AcceptResult.NEW, AcceptResult.DUPLICATE])


async def test_a_take_over_resolves_to_the_contacts_session(contacts: IdentityResolver, redis: Redis) -> None:
    await contacts.accept([build_event(1, USER, PHONE)])
    results = ControlReceived(
        id="e", session=PHONE, address=ADDRESS, act=ControlAction.TAKE_OVER, aliases=(PHONE,)
    )
    await contacts.accept([results])

    assert await redis.hget(f"tg:{{{USER}}}", "owner") == b"human"
    assert await contacts.find_session(PHONE) == USER


async def test_a_send_confirmed_by_a_status_is_found(contacts: IdentityResolver, redis: Redis) -> None:
    reply = Reply(key="wamid.1.1", address=ADDRESS, body="Hi")
    channel, long_ago = (
        StatusLookup(build_channel(), lambda _: [redis]),
        datetime.now(UTC) - timedelta(minutes=1),
    )
    async with httpx.AsyncClient() as http:
        assert await channel.find_sent(reply, http, since=long_ago, known=()) is None
        with pytest.raises(Unavailable):
            await channel.find_sent(reply, http, since=datetime.now(UTC), known=())
        status = StatusChanged(
            channel="whatsapp", provider_id="wamid.X", status=DeliveryStatus.SENT, reply_key=reply.global_key
        )
        await contacts.accept([status])
        sent = await channel.find_sent(reply, http, since=datetime.now(UTC), known=())

    assert sent is not None
    assert sent.provider_id == "wamid.X"
