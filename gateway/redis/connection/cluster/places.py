"""Places of the partitions: the server that has each one, for operators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis

from gateway.redis.connection.cluster.client import PartitionRedis


@dataclass(frozen=True, slots=True)
class PartitionPlace:
    """The primary of one partition at the moment, and how many replicas follow it."""

    number: int
    slot: int
    server: str
    replicas: int


async def read_places(redis: Redis) -> list[PartitionPlace]:
    """Return the places of a cluster's partitions; empty for a single server."""
    if not isinstance(redis, PartitionRedis):
        return []
    host, port = await redis.owner.find()
    replication: Any = await redis.info("replication")
    partition = redis.owner.partition
    return [
        PartitionPlace(
            partition.number, partition.slot, f"{host}:{port}", int(replication["connected_slaves"])
        )
    ]
