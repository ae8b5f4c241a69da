"""The inbox of all partitions."""

from __future__ import annotations

from collections.abc import Sequence

from redis.asyncio import Redis

from gateway.partitions.inbox import PartitionedInbox
from gateway.redis.inbox import RedisInbox
from gateway.redis.records.contacts.identities import IdentityResolver


def build_inbox(stores: Sequence[Redis]) -> PartitionedInbox:
    return PartitionedInbox([IdentityResolver(each, RedisInbox(each)) for each in stores], stores)
