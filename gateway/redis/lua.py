"""Lua scripts: each is one atomic step of the session protocol."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache
from importlib import resources
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import NoScriptError

from gateway.redis import rq_layout
from gateway.redis.connection.pipelining.multiplexer import multiplexed_call
from gateway.redis.script_linker import link

_DAY_MS = 24 * 3600 * 1000

DURATION_BOUNDS_MS = (
    *(5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000),
    *(10_000, 30_000, 60_000, 300_000, 3_600_000),
)
"""Upper bounds of the buckets of every histogram, in milliseconds."""

_MAX_COUNTERS = 10_000
STREAM_COPIER_MS = 15_000
"""Time to live of an unfinished copy of a stream, in milliseconds."""

_FOLDERS = (
    *("inbox", "sessions", "replies", "sending", "contacts", "operators", "processes", "rq"),
    *("broadcasts", "embedding", "hooks", "partitions", ""),
    *("shared", "shared/sessions", "shared/delivery", "shared/contacts"),
)
_SHARED_PARTS = (
    "events",
    "keys",
    "effects",
    "measures",
    "node_traffic",
    "broadcasts",
    "ownership",
    "opt_outs",
    "erasures",
    "queue",
    "timers",
    "suspicion",
    "outbox",
    "pace",
    "circuit_breaker",
    "view",
    "leases",
    "delivery_reports",
    "restart",
    "participants",
    "schedule",
    "abuse",
    "service_window",
    "control",
)
"""Shared functions, each part after those that it uses."""

Argument = str | bytes | int


@dataclass(frozen=True, slots=True)
class ProtocolLimits:
    """Limits and intervals of the session protocol: constants in the scripts, there in capitals (`LEASE_MS`).

    `grace_ms`: how long a wake-up may take before it counts as lost. `alive_ms`: how long a worker may miss
    its heartbeat. After `failure_threshold` failed sends in a row the circuit breaker of an account opens for
    `initial_cooldown_ms`, doubled with each further failure up to `max_cooldown_ms`; then one probe is let
    through every `probe_ms`. An account has up to `max_jobs_per_account` jobs in the queue, of
    which `max_bulk_jobs_per_account` may have only messages of the business; sessions over that are looked at
    again after `backlog_ms`. `expiry_ms`: inactivity after which a conversation restarts (0: never).
    `agent_timeout_ms`: agent inactivity after which the bot may speak again (0: never). `reply_ms`: age at
    which a reply is given up. A reply that a status reports as not delivered is sent again up to
    `max_resends` times, first after `resend_ms`, then after four times as long; `kept_length` sent replies
    of a session are kept for that. Of events for hooks that nobody takes, `events_length` are kept.
    Sessions without work are kept for `retention_ms`, links from a contact's names to the session for
    `contact_ms`, dead letters for `dead_ms` (0: until they are dropped). Up to `schedule_length` messages are
    scheduled, for `schedule_horizon_ms` at most; one that was due `schedule_lateness_ms` ago is refused. One
    whose release was begun and not settled is released again after `schedule_retry_ms`. `partitions` is how
    many this process knows (0: not checked): with 1 it stores nothing where contacts are spread over more.
    """

    lease_ms: int = 6_000
    grace_ms: int = 4_000
    max_jobs_per_account: int = 128
    max_bulk_jobs_per_account: int = 16
    backlog_ms: int = 15_000
    mailbox_length: int = 1_000
    log_length: int = 1_000
    dead_length: int = 100_000
    recent_length: int = 50
    burst_length: int = 20
    dedup_ms: int = 8 * _DAY_MS
    retention_ms: int = 30 * _DAY_MS
    contact_ms: int = 400 * _DAY_MS
    dead_ms: int = 0
    worker_timeout_ms: int = 5_000
    worker_retention_ms: int = _DAY_MS
    max_failures: int = 5
    initial_cooldown_ms: int = 2_000
    max_cooldown_ms: int = 60_000
    probe_ms: int = 1_000
    expiry_ms: int = 0
    agent_timeout_ms: int = 0
    reply_ms: int = _DAY_MS
    max_resends: int = 3
    resend_ms: int = 60_000
    kept_length: int = 20
    events_length: int = 100_000
    schedule_length: int = 100_000
    schedule_horizon_ms: int = 366 * _DAY_MS
    schedule_lateness_ms: int = 3_600_000
    schedule_retry_ms: int = 30_000
    partitions: int = 0


def new_nonce() -> str:
    """Return the random part of a fencing token (the nonce), so that a token never repeats."""
    return secrets.token_hex(8)


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _render_constants(protocol: ProtocolLimits) -> str:
    pairs = ", ".join(f"{_quote(name)}, {_quote(value)}" for name, value in rq_layout.job_fields().items())
    lines = [f"local {each.name.upper()} = {getattr(protocol, each.name)}" for each in fields(protocol)]
    lines += [
        f"local MAX_COUNTERS = {_MAX_COUNTERS}",
        f"local STREAM_COPIER_MS = {STREAM_COPIER_MS}",
        f"local DURATION_BOUNDS = {{{', '.join(map(str, DURATION_BOUNDS_MS))}}}",
    ]
    lines += [
        f"local QUEUE = {_quote(rq_layout.queue_key())}",
        f"local WORKERS = {_quote(rq_layout.workers_key())}",
        f"local RQ_JOB = {_quote(rq_layout.JOB_KEY_PREFIX)}",
        f"local RQ_QUEUES = {_quote(rq_layout.QUEUES_KEY)}",
        f"local RQ_WORKER = {_quote(rq_layout.WORKER_KEY_PREFIX)}",
        f"local JOB_FUNCTION = {_quote(rq_layout.JOB_FUNCTION)}",
        "local EMPTY_OBJECT = {}",
        "local function rq_fields(data, stamp)",
        f'  return {{{pairs}, "data", data, "created_at", stamp, "enqueued_at", stamp}}',
        "end",
    ]
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class LuaScript:
    """Text of a script and its SHA-1, by which the server identifies it."""

    text: str
    sha: str

    async def __call__(self, redis: Redis, arguments: Sequence[Argument]) -> Any:
        """Run the script, loading it first if the server does not know it (NOSCRIPT)."""
        call = multiplexed_call(redis)
        try:
            return await call("EVALSHA", self.sha, 0, *arguments)
        except NoScriptError:
            return await call("EVAL", self.text, 0, *arguments)


@dataclass(frozen=True, slots=True)
class ScriptChain:
    """Several scripts as one atomic step, for several sessions in one round trip."""

    script: LuaScript

    async def __call__(
        self, redis: Redis, sessions: Sequence[Sequence[Sequence[Argument]]]
    ) -> list[list[Any] | Exception]:
        """Return the answers for each session in order, or its error; `sessions` has each script's arguments.

        The answers after the first script that returned nil are missing.
        """
        answers: list[list[Any] | Exception] = await self.script(redis, self.flatten(sessions))
        return answers

    def flatten(self, sessions: Sequence[Sequence[Sequence[Argument]]]) -> list[Argument]:
        """Return the script's arguments for `sessions`, each with the arguments of each script."""
        return [
            argument
            for scripts in sessions
            for arguments in scripts
            for argument in (len(arguments), *arguments)
        ]


@cache
def load_script(name: str, protocol: ProtocolLimits) -> LuaScript:
    """Load the script `name`, with the limits and the shared functions in front of it."""
    return _build_script(protocol, _read_source(name))


@cache
def load_chain(names: tuple[str, ...], protocol: ProtocolLimits) -> ScriptChain:
    """Load the scripts `names` to run one after the other, each with arguments of its own."""
    steps = ",\n".join(f"function(ARGV)\n{_read_source(name)}\nend" for name in names)
    return ScriptChain(_build_script(protocol, f"local steps = {{{steps}}}\n{_read_source('chain')}"))


def _read_source(name: str) -> str:
    folder = resources.files("gateway.redis") / "scripts"
    for place in _FOLDERS:
        if (file := folder / place / f"{name}.lua").is_file():
            return file.read_text(encoding="utf-8")
    raise FileNotFoundError(f"{name}.lua is in none of the folders of gateway/redis/scripts")


def _build_script(protocol: ProtocolLimits, body: str) -> LuaScript:
    run = f"local function run_script(ARGV)\n{body}\nend"
    program = f"{run}\nlocal answer = run_script(ARGV)\nflush_effects()\nreturn answer"
    definitions = "\n".join((_render_constants(protocol), *map(_read_source, _SHARED_PARTS)))
    text = f"{_read_source('partition')}\n{link(definitions, program)}"
    # the server names scripts by their SHA-1; this is not a security measure
    return LuaScript(text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())
