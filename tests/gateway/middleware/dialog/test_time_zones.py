"""Time zone of a contact: read from the profile with the first turn, and used for proactive messages."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from redis.asyncio import Redis

from channels._kit.simulator import UserMessage
from core.model import Message, Turn, TurnReceived
from core.quiet_hours import QuietHours
from gateway.bootstrap.accounts import find_zoned_channels
from gateway.middleware.dialog.time_zones import TimeZones
from gateway.redis.inbox import RedisInbox
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.contacts.erasure import ContactErasure
from gateway.redis.sending.outbox import ProactiveSender
from gateway.redis.sending.quiet_policy import QuietPolicy, QuietRule
from gateway.redis.sending.send_outcome import SendOutcome
from tests.channels.zendesk.simulation import Simulation
from tests.fakes import EchoDialog

ZONE = "Pacific/Honolulu"


class TicketAccount:
    """Simulated account with one ticket, and the reader of its requester's profile."""

    def __init__(self, redis: Redis) -> None:
        self.redis, self.account = redis, Simulation()
        message = UserMessage("zendesk", "ada@example.com", "hi")
        self.account.parse_deliveries(self.account.simulator.send_user_message(message, self.account.now)[1])
        self.events = [each for each in self.account.events if isinstance(each, TurnReceived)]
        self.turn = self.events[0].turn
        self.calls: list[str] = []
        self.account.before_call = lambda method, path: self.calls.append(path)
        channels: Any = {"zendesk": self.account.channel}
        self.middleware = TimeZones(EchoDialog(), channels, self.account.http, redis)

    async def zone(self) -> str:
        stored: Any = await self.redis.hget(f"tg:{{{self.turn.session}}}", "zone")
        return (stored or b"").decode()


async def test_the_zone_is_learnt_once_while_the_first_turn_is_answered(redis: Redis) -> None:
    account = TicketAccount(redis)
    await RedisInbox(redis).accept(account.events)
    outcome = await account.middleware.answer(account.turn, None)
    await account.middleware.answer(account.turn, {"turns": 1})

    assert [message.text for message in outcome.messages] == ["1: hi"]
    assert await account.zone() == ZONE
    assert len(account.calls) == 1


class HangingChannel:
    async def find_time_zone(self, turn: Turn, http: httpx.AsyncClient) -> str:
        await asyncio.Event().wait()
        raise AssertionError


async def test_a_provider_that_hangs_holds_no_answer_up(redis: Redis) -> None:
    account = TicketAccount(redis)
    channels: Any = {"zendesk": HangingChannel()}
    middleware = TimeZones(EchoDialog(), channels, account.account.http, redis, max_seconds=0.05)

    async with asyncio.timeout(10):
        outcome = await middleware.answer(account.turn, None)

    assert [message.text for message in outcome.messages] == ["1: hi"]


async def test_an_erased_session_stays_erased(redis: Redis) -> None:
    account = TicketAccount(redis)
    await RedisInbox(redis).accept(account.events)
    await ContactErasure(redis).erase(account.turn.session, 0)
    await account.middleware.answer(account.turn, None)

    assert not await redis.exists(f"tg:{{{account.turn.session}}}")


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", None])
async def test_without_a_zone_the_turn_is_answered_all_the_same(redis: Redis, zone: str | None) -> None:
    account = TicketAccount(redis)
    answer = (
        httpx.Response(200, json={"user": {"iana_time_zone": zone}})
        if zone is not None
        else httpx.Response(500)
    )
    account.middleware._http = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: answer))
    await RedisInbox(redis).accept(account.events)
    outcome = await account.middleware.answer(account.turn, None)

    assert [message.text for message in outcome.messages] == ["1: hi"]
    assert await account.zone() == ""


async def test_a_message_waits_for_the_morning_of_the_profile(redis: Redis) -> None:
    account = TicketAccount(redis)
    await RedisInbox(redis).accept(account.events)
    await account.middleware.answer(account.turn, None)
    now = datetime.now(ZoneInfo(ZONE))
    begin, end = now - timedelta(hours=2), now + timedelta(hours=2)
    quiet = QuietPolicy(QuietRule(QuietHours.parse(f"{begin:%H:%M}-{end:%H:%M}")), {}, [])
    channels: Any = {"zendesk": account.account.channel}
    sender = ProactiveSender(redis, channels, ProtocolLimits(), quiet)
    receipt = await sender.send(account.turn.session, "own-1", Message(text="news"))

    assert receipt.outcome is SendOutcome.SCHEDULED
    assert receipt.due_ms == int(end.replace(second=0, microsecond=0).timestamp() * 1000)


def test_profiles_are_read_only_where_quiet_hours_need_them() -> None:
    channels: Any = {"zendesk": Simulation().channel, "other": EchoDialog()}
    hours = QuietHours.parse("21:00-08:00")
    rules = {"zendesk": QuietRule(hours, "Europe/Berlin", fixed=True)}

    assert set(find_zoned_channels(channels, QuietPolicy(QuietRule(hours), {}, []))) == {"zendesk"}
    assert find_zoned_channels(channels, QuietPolicy(QuietRule(), {}, [])) == {}
    assert find_zoned_channels(channels, QuietPolicy(QuietRule(hours), rules, [])) == {}
