"""The inbox of all partitions, and what it gets."""

from __future__ import annotations

from collections.abc import Sequence

from redis.asyncio import Redis

from core.model import DeliveryStatus, StatusChanged, TurnReceived
from gateway.partitions.inbox import PartitionedInbox
from gateway.redis.inbox import RedisInbox
from gateway.redis.records.contacts.identities import IdentityResolver
from gateway.redis.records.session_keys import session_key
from tests.fakes import build_turn


def build_inbox(stores: Sequence[Redis]) -> PartitionedInbox:
    return PartitionedInbox([IdentityResolver(each, RedisInbox(each)) for each in stores], stores)


def build_message(number: int, session: str, *aliases: str) -> TurnReceived:
    return TurnReceived(turn=build_turn(number, session), aliases=aliases)


async def read_mailbox_lengths(stores: Sequence[Redis], session: str) -> list[int]:
    return [await each.llen(session_key(session, ":mail")) for each in stores]


def build_status(provider_id: str, value: DeliveryStatus = DeliveryStatus.DELIVERED) -> StatusChanged:
    return StatusChanged(channel="fake", provider_id=provider_id, status=value)
