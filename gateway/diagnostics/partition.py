"""Checks of one partition: encryption, Redis, processes, and what waits or has failed."""

from __future__ import annotations

import time
import zlib
from base64 import b64decode
from collections.abc import AsyncIterator, Sequence
from typing import Any

from redis.asyncio import Redis

from core.counts import count_of
from core.errors import ConfigurationError
from gateway.diagnostics.check_result import CheckResult
from gateway.redis import rq_layout
from gateway.redis.connection.checks import server_checks
from gateway.redis.connection.checks.server_load import check_load
from gateway.redis.connection.cluster.places import read_places
from gateway.redis.connection.replication import ReplicaConfirmation
from gateway.redis.encryption.cipher import RecordCipher
from gateway.redis.encryption.data_keys import read_data_keys
from gateway.redis.encryption.key_ring import SETTING
from gateway.redis.records.processes import delivery_reports, process_versions, worker_presence
from gateway.redis.server.readiness import Readiness

_UNREADABLE_MARKER = b"DeserializationError"
_MAX_FAILURES_CHECKED = 50
_RESTART = "Restart those that were not upgraded; `turngate version --check` lists them"
_SAME_PREFIX = "Set the same RQ_KEY_PREFIX for all processes, or each message waits for some seconds"
_MAX_ACCOUNTS_LISTED = 20
_MAX_SKEW_SECONDS = 5.0


async def check_encryption(redis: Redis, cipher: RecordCipher) -> CheckResult:
    """Check that every data key can be unwrapped, without making the first one."""
    keys = await read_data_keys(redis, cipher.ring)
    missing = sorted({each.wrapped_by for each in keys.values() if each.secret is None})
    if missing:
        message = (
            f"Encryption: {SETTING} lacks the keys {', '.join(missing)}, so their values cannot be read; "
            "add them after the first one"
        )
        return CheckResult(passed=False, message=message)
    state = "texts and names are encrypted" if cipher.ring else f"off ({SETTING} is not set)"
    return CheckResult(passed=True, message=f"Encryption: {state}")


async def check_partition(
    redis: Redis, confirmation: ReplicaConfirmation | None = None
) -> AsyncIterator[CheckResult]:
    """Check one partition: the server, the processes on it, the work in it.

    With a `confirmation` replicas have to confirm what is acknowledged.
    """
    try:
        problems = await server_checks.check_server(redis)
    except ConfigurationError as error:
        yield CheckResult(passed=False, message=str(error))
        return
    checks = (_check_server(redis, problems, confirmation), _check_processes(redis), _check_work(redis))
    for check in checks:
        async for finding in check:
            yield finding


async def _check_server(
    redis: Redis, problems: Sequence[str], confirmation: ReplicaConfirmation | None
) -> AsyncIterator[CheckResult]:
    """Check durability, replicas, writes, load and clock of a server whose `problems` are known."""
    for problem in problems:
        yield CheckResult(passed=False, message=problem)
    unknown = await server_checks.describe_unknown(redis)
    if unknown or not problems:
        yield CheckResult(passed=True, message=unknown or "Redis is durable (append-only, noeviction)")
    for place in await read_places(redis):
        has_replica = (
            count_of(place.replicas, "replica")
            if place.replicas
            else "no replica: a failure stops everything"
        )
        message = f"Partition p{place.number} (slot {place.slot}) is on {place.server} with {has_replica}"
        yield CheckResult(passed=place.replicas > 0, message=message)
    problem = await Readiness(redis, confirmation=confirmation).storage_problem()
    yield CheckResult(passed=not problem, message=problem or "Redis accepts writes")
    if confirmation is not None and (risk := await confirmation.find_risk()):
        yield CheckResult(passed=False, message=risk)
    for passed, message in await check_load(redis):
        yield CheckResult(passed=passed, message=message)
    yield await _check_clock(redis)


async def _check_processes(redis: Redis) -> AsyncIterator[CheckResult]:
    """Check that a worker is alive, and the versions of all processes."""
    is_worker_alive = await worker_presence.any_worker_alive(redis)
    yield CheckResult(
        passed=is_worker_alive,
        message="A worker is alive"
        if is_worker_alive
        else "No worker is alive; start one with `turngate worker`",
    )
    async for finding in check_versions(redis):
        yield finding


async def check_versions(redis: Redis) -> AsyncIterator[CheckResult]:
    """Check that this release can run on what is stored, and that all processes are alike."""
    if reason := process_versions.describe_distance(await process_versions.read_format(redis)):
        yield CheckResult(passed=False, message=reason)
    processes = await process_versions.read_processes(redis)
    for kind, values, advice in (
        ("releases", {each.release for each in processes}, _RESTART),
        ("flows", {each.flow for each in processes}, _RESTART),
        ("prefixes of RQ's keys", {each.rq_prefix for each in processes}, _SAME_PREFIX),
    ):
        if len(values) > 1:
            different = f"Processes run different {kind}: {', '.join(sorted(values))}"
            yield CheckResult(passed=False, message=f"{different}. {advice}")


async def _check_work(redis: Redis) -> AsyncIterator[CheckResult]:
    """Count what waits and what has failed: jobs, sessions, dead letters, accounts, deliveries."""
    async with redis.pipeline(transaction=False) as pipeline:
        pipeline.llen(rq_layout.queue_key())
        pipeline.zcard("tg:due")
        pipeline.xlen("tg:dead")
        pipeline.zrange("tg:paused", 0, _MAX_ACCOUNTS_LISTED - 1)
        pipeline.hgetall("tg:reasons")
        answers: list[Any] = await pipeline.execute()
    queued, due, dead, paused, reasons = answers
    yield CheckResult(
        passed=True, message=f"{count_of(queued, 'job')} queued, {count_of(due, 'active session')}"
    )
    if dead:
        yield CheckResult(passed=False, message=f"{count_of(dead, 'dead letter')}; see `turngate dead list`")
    if paused:
        names = ", ".join(
            f"{account.decode()} ({reasons[account].decode()})" if account in reasons else account.decode()
            for account in paused
        )
        yield CheckResult(
            passed=False,
            message=f"{names}: circuit breaker open after failed sends; replies are queued and retried. Fix "
            "the cause; `Try now` on the account's page of the console tries a reply at once",
        )
    async for finding in _check_deliveries(redis):
        yield finding
    if unreadable := await _count_unreadable_jobs(redis):
        yield CheckResult(
            passed=False,
            message=f"{count_of(unreadable, 'job')} failed because a worker expected pickled data; start "
            "RQ's own worker with --serializer json",
        )


async def _check_clock(redis: Redis) -> CheckResult:
    """Compare this machine's clock with the server's. Webhooks with a signed time are judged by this one."""
    seconds, microseconds = await redis.time()
    skew = time.time() - seconds - microseconds / 1e6
    if abs(skew) <= _MAX_SKEW_SECONDS:
        return CheckResult(passed=True, message="The clock agrees with the Redis server's")
    return CheckResult(
        passed=False,
        message=f"The clock differs from the Redis server's by {skew:.0f} s; synchronize both (NTP), or "
        "webhooks with a signed time are rejected",
    )


async def _check_deliveries(redis: Redis) -> AsyncIterator[CheckResult]:
    """Check what delivery statuses have reported in the last day."""
    for alarm in await delivery_reports.read_alarms(redis):
        if alarm.template:
            reason = f" ({alarm.reason})" if alarm.reason else ""
            message = f"{alarm.account}: {alarm.code}{reason}; see `turngate templates list`"
            yield CheckResult(passed=False, message=message)
            continue
        yield CheckResult(
            passed=False,
            message=f"{alarm.account}: the provider accepts replies and then reports {alarm.code} "
            f"({alarm.reason}); fix the account at the provider, then see `turngate dead list`",
        )
    for passed, summary in delivery_reports.describe_failures(
        await delivery_reports.read_recent_counts(redis)
    ):
        yield CheckResult(passed=passed, message=summary)


async def _count_unreadable_jobs(redis: Redis) -> int:
    """Count the most recent failed jobs that failed because a worker expected pickled data."""
    jobs: Any = await redis.zrevrange(rq_layout.failed_jobs_key(), 0, _MAX_FAILURES_CHECKED - 1)
    async with redis.pipeline(transaction=False) as pipeline:
        for job in jobs:
            pipeline.xrevrange(rq_layout.results_key(job.decode()), count=1)
        results: list[Any] = await pipeline.execute() if jobs else []
    return sum(_UNREADABLE_MARKER in _read_traceback(result) for result in results)


def _read_traceback(result: list[tuple[bytes, dict[bytes, bytes]]]) -> bytes:
    """Return the traceback of a job's latest result (zlib-compressed by RQ); empty if there is none."""
    for _, fields in result:
        if stored := fields.get(b"exc_string"):
            return zlib.decompress(b64decode(stored))
    return b""
