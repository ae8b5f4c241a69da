"""Limits of the session protocol and of processing, from the settings."""

from __future__ import annotations

from collections.abc import Sequence

from redis.asyncio import Redis

from core.processing import ProcessingLimits
from gateway.config.settings import Settings
from gateway.redis.connection.replication import ReplicaConfirmation
from gateway.redis.lua import ProtocolLimits

_DAY_MS = 86_400_000
_MIN_JOBS, _MIN_BULK_JOBS = 8, 2


def build_protocol_limits(settings: Settings) -> ProtocolLimits:
    """Convert the settings to the limits of the session protocol.

    An account's share of the queue is divided among the partitions, since each has a queue.
    """
    standard = ProtocolLimits()
    return ProtocolLimits(
        max_jobs_per_account=max(standard.max_jobs_per_account // settings.partitions, _MIN_JOBS),
        max_bulk_jobs_per_account=max(
            standard.max_bulk_jobs_per_account // settings.partitions, _MIN_BULK_JOBS
        ),
        lease_ms=int(settings.lease_seconds * 1000),
        expiry_ms=int(settings.session_hours * 3_600_000),
        agent_timeout_ms=int(settings.person_hours * 3_600_000),
        reply_ms=int(settings.reply_hours * 3_600_000),
        retention_ms=settings.keep_session_days * _DAY_MS,
        contact_ms=settings.keep_contact_days * _DAY_MS,
        dead_ms=settings.keep_dead_letter_days * _DAY_MS,
        partitions=settings.partitions,
    )


def build_confirmation(settings: Settings, redis: Redis) -> ReplicaConfirmation | None:
    """Return the confirmation by replicas; `None` where the primary's own storage is enough."""
    return ReplicaConfirmation(redis, settings.replicas) if settings.durability == "replicated" else None


def build_confirmations(settings: Settings, stores: Sequence[Redis]) -> list[ReplicaConfirmation]:
    """Return the confirmations by the replicas of all partitions."""
    return [each for redis in stores if (each := build_confirmation(settings, redis))]


def build_processing_limits(settings: Settings) -> ProcessingLimits:
    """Convert the settings to the limits of the session processor."""
    return ProcessingLimits(
        reply_seconds=settings.reply_hours * 3600, message_seconds=settings.message_hours * 3600
    )
