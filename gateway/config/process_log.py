"""Configures the log of a process by its settings: format, level, redaction; and the line at its start."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from contextlib import suppress
from importlib.metadata import version

from redis.asyncio import Redis
from redis.exceptions import RedisError

from gateway.config.logging import configure_logging, name_worker, use_salt
from gateway.config.settings import Settings
from gateway.redis.records.operators.audit_log import AuditLog
from gateway.redis.records.processes.process_versions import ProcessVersion, describe_this_process


def configure_process_logging(settings: Settings, *, worker: str = "") -> None:
    """Configure logging as the settings say; `worker` is RQ's name of a worker."""
    configure_logging(
        settings.log_format,
        settings.log_level,
        secrets=settings.secret_values,
        worker=name_worker(worker) if worker else "",
    )


async def use_shared_salt(redis: Redis) -> None:
    """Give sessions the same pseudonyms in the log as in the audit log; without Redis, others for now."""
    with suppress(RedisError, OSError):
        use_salt(await AuditLog(redis).read_salt())


def describe_process(role: str, settings: Settings) -> ProcessVersion:
    """Return this process with its release and its flow, for the list of processes in Redis."""
    path = settings.flow_path
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:8] if path.is_file() else "missing"
    return describe_this_process(role, f"{path.stem} {digest}", settings.partitions)


def describe_start(process: str, settings: Settings, channels: Collection[str], address: str = "") -> str:
    """Return the line with which a process starts: what runs, where, with which flow and channels."""
    place = f" on {address}" if address else ""
    names = ", ".join(channels) or "none with credentials"
    return (
        f"Turngate {version('turngate')}: {process} starts{place}; flow {settings.flow_path.stem}, "
        f"model {settings.llm}, channels: {names}"
    )
