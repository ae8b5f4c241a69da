"""The Lua scripts: each is one atomic step of the session protocol."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import NoScriptError

from gateway.redis import rq_layout as layout
from gateway.redis.connection.multiplexer import sharing

_DAY_MS = 24 * 3600 * 1000

Argument = str | bytes | int


@dataclass(frozen=True, slots=True)
class Protocol:
    """The protocol's numbers. They stand in the scripts' text, so a change is a new script.

    `grace_ms` is how long a wake-up may take before it counts as lost, `alive_ms` how long a worker
    may be silent. After `failures` failed sends in a row an account rests for `first_rest_ms`, doubled with
    each further failure; then one send in `probe_ms` tries again.
    An account has up to `share` jobs in the queue; who waits for room is looked at again after `backlog_ms`.
    A conversation that rested for `expiry_ms` begins anew; 0: never.
    Where a person speaks and is not heard of for `lapse_ms`, the bot may speak again; 0: never.
    """

    lease_ms: int = 6_000
    grace_ms: int = 4_000
    share: int = 128
    backlog_ms: int = 15_000
    mailbox_length: int = 1_000
    log_length: int = 1_000
    dead_length: int = 100_000
    recent_length: int = 50
    burst_length: int = 20
    seen_ms: int = 8 * _DAY_MS
    retention_ms: int = 30 * _DAY_MS
    alive_ms: int = 5_000
    forgotten_ms: int = _DAY_MS
    failures: int = 5
    first_rest_ms: int = 2_000
    longest_rest_ms: int = 60_000
    probe_ms: int = 1_000
    expiry_ms: int = 0
    lapse_ms: int = 0


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _constants(protocol: Protocol) -> str:
    pairs = ", ".join(f"{_quoted(name)}, {_quoted(value)}" for name, value in layout.job_fields().items())
    numbers = {
        "LEASE_MS": protocol.lease_ms,
        "GRACE_MS": protocol.grace_ms,
        "SHARE": protocol.share,
        "BACKLOG_MS": protocol.backlog_ms,
        "MAILBOX_LENGTH": protocol.mailbox_length,
        "LOG_LENGTH": protocol.log_length,
        "DEAD_LENGTH": protocol.dead_length,
        "RECENT_LENGTH": protocol.recent_length,
        "BURST_LENGTH": protocol.burst_length,
        "SEEN_MS": protocol.seen_ms,
        "RETENTION_MS": protocol.retention_ms,
        "ALIVE_MS": protocol.alive_ms,
        "FORGOTTEN_MS": protocol.forgotten_ms,
        "FAILURES": protocol.failures,
        "FIRST_REST_MS": protocol.first_rest_ms,
        "LONGEST_REST_MS": protocol.longest_rest_ms,
        "PROBE_MS": protocol.probe_ms,
        "EXPIRY_MS": protocol.expiry_ms,
        "LAPSE_MS": protocol.lapse_ms,
    }
    lines = [f"local {name} = {value}" for name, value in numbers.items()]
    lines += [
        f"local QUEUE = {_quoted(layout.queue_key())}",
        f"local WORKERS = {_quoted(layout.workers_key())}",
        f"local DRAIN = {_quoted(layout.FUNCTION)}",
        "local EMPTY_OBJECT = {}",
        "local function rq_fields(data, stamp)",
        f'  return {{{pairs}, "data", data, "created_at", stamp, "enqueued_at", stamp}}',
        "end",
    ]
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Script:
    """One script's text and its hash, by which the server knows it."""

    text: str
    sha: str

    async def __call__(self, redis: Redis, arguments: Sequence[Argument]) -> Any:
        """Run the script, loading it when the server does not know it (after a restart or a failover)."""
        call = sharing(redis)
        try:
            return await call("EVALSHA", self.sha, 0, *arguments)
        except NoScriptError:
            return await call("EVAL", self.text, 0, *arguments)


@dataclass(frozen=True, slots=True)
class Chain:
    """Several scripts as one atomic step, for several sessions in one round trip."""

    script: Script

    async def __call__(
        self, redis: Redis, sessions: Sequence[Sequence[Sequence[Argument]]]
    ) -> list[list[Any] | Exception]:
        """For each session the answers in order, or what went wrong; `sessions` has each script's arguments.

        The answers after the first script that answered nil are missing.
        """
        flat = [
            word for scripts in sessions for arguments in scripts for word in (len(arguments), *arguments)
        ]
        answers: list[list[Any] | Exception] = await self.script(redis, flat)
        return answers


@cache
def load(name: str, protocol: Protocol) -> Script:
    """The script `name`, with the protocol's numbers and the shared functions in front of it."""
    return _script(protocol, _text(name))


@cache
def chain(names: tuple[str, ...], protocol: Protocol) -> Chain:
    """The scripts `names`, one after the other, each with arguments of its own."""
    steps = ",\n".join(f"function(ARGV)\n{_text(name)}\nend" for name in names)
    return Chain(_script(protocol, f"local steps = {{{steps}}}\n{_text('chain')}"))


def _text(name: str) -> str:
    return (resources.files("gateway.redis") / "scripts" / f"{name}.lua").read_text(encoding="utf-8")


def _script(protocol: Protocol, body: str) -> Script:
    at_work = f"local function work(ARGV)\n{body}\nend"
    ending = "local answer = work(ARGV)\nwrite_down()\nreturn answer"
    text = "\n".join((_constants(protocol), _text("prelude"), at_work, ending))
    # The server names scripts by their SHA-1; nothing is protected by it.
    return Script(text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())
