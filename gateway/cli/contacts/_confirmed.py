"""Inboxes and erasure for commands: what they store is confirmed by replicas, where that is set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from gateway.redis.inbox import RedisInbox
    from gateway.redis.records.contacts.erasure import ContactErasure


def build_inboxes(stores: Sequence[Redis]) -> list[RedisInbox]:
    """Build the inbox of each partition, for events of operators."""
    from gateway.bootstrap import build_confirmation, build_protocol_limits
    from gateway.config.settings import Settings
    from gateway.redis.inbox import RedisInbox

    settings = Settings.load()
    limits = build_protocol_limits(settings)
    return [RedisInbox(each, limits, confirmation=build_confirmation(settings, each)) for each in stores]


def build_erasure(stores: Sequence[Redis]) -> ContactErasure:
    """Build the erasure of contacts from all partitions."""
    from gateway.bootstrap import build_confirmations
    from gateway.config.settings import Settings
    from gateway.partitions.records import contact_partitions

    return contact_partitions.build_erasure(stores, build_confirmations(Settings.load(), stores))
