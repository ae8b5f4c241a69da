"""Checks at start-up whether a Redis server is suitable: version, eviction policy, persistence."""

from __future__ import annotations

import logging
from typing import Any

import redis as sync
from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from core.errors import ConfigurationError
from gateway.redis.connection.cluster.client import PartitionRedis, SyncPartitionRedis
from gateway.redis.connection.url_forms import CLUSTER_FORM

log = logging.getLogger("turngate.redis")

MIN_VERSION = (6, 2)


async def check_version(redis: Redis) -> None:
    """Raise `ConfigurationError` when the server is too old."""
    info: dict[str, Any] = await redis.info("server")
    version = str(info.get("redis_version", "0"))
    if tuple(int(part) for part in version.split(".")[:2]) < MIN_VERSION:
        raise ConfigurationError(
            f"REDIS_URL: server version {version} is too old; Redis 6.2 or later, or Valkey, is required"
        )


async def check_no_lone_node(redis: Redis) -> None:
    """Raise `ConfigurationError` if REDIS_URL names one node of a cluster as a single server."""
    facts: dict[str, Any] = await redis.info("cluster")
    if problem := _describe_cluster(redis, facts):
        raise ConfigurationError(problem)


def describe_lone_node(redis: sync.Redis) -> str:
    """Return the same as a sentence, for RQ's client; empty if there is no such problem."""
    facts: Any = redis.info("cluster")
    return _describe_cluster(redis, facts)


async def check_server(redis: Redis) -> list[str]:
    """Return the problems of the server as sentences; empty if there are none.

    Raises `ConfigurationError` when it is too old. It reads INFO, because most managed servers refuse CONFIG;
    `describe_unknown` names what INFO does not show.
    """
    await check_version(redis)
    problems = []
    facts = await _read_facts(redis)
    if problem := _describe_cluster(redis, facts):
        raise ConfigurationError(problem)
    policy = facts.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        problems.append(f"Redis may evict queued messages: set maxmemory-policy to noeviction (now {policy})")
    if facts.get("aof_enabled", 1) == 0:
        problems.append("Redis loses accepted messages in a crash: set appendonly to yes (now no)")
    if facts.get("role") == "slave":
        problems.append("REDIS_URL names a replica, which cannot store anything; name the primary")
    return problems


async def describe_unknown(redis: Redis) -> str:
    """Return which facts the server hides; empty if it hides none."""
    facts = await _read_facts(redis)
    names = {"maxmemory_policy": "eviction policy", "aof_enabled": "persistence"}
    unknown = [text for name, text in names.items() if name not in facts]
    if not unknown:
        return ""
    return (
        f"Redis does not report its {' and '.join(unknown)}: check that it uses noeviction and is persistent"
    )


async def log_warnings(redis: Redis) -> None:
    """Log the problems of the server; nothing while it cannot be reached, which is reported elsewhere."""
    try:
        for problem in await check_server(redis):
            log.warning("%s", problem)
    except (RedisError, OSError):
        return


def _describe_cluster(redis: Redis | sync.Redis, facts: dict[str, Any]) -> str:
    if not facts.get("cluster_enabled") or isinstance(redis, PartitionRedis | SyncPartitionRedis):
        return ""
    return (
        "REDIS_URL names one node of a Redis Cluster, which only has a part of the keys; write it as "
        f"{CLUSTER_FORM}, and start workers by `turngate worker`"
    )


async def _read_facts(redis: Redis) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    for section in ("memory", "persistence", "replication", "cluster"):
        try:
            facts |= await redis.info(section)
        except ResponseError:  # some managed servers hide sections
            continue
    return facts
