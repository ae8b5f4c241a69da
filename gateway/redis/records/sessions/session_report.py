"""Explains a message, a session or a contact: the log entries, and what the session waits for now."""

from __future__ import annotations

import re
from typing import Any, Final

from pydantic_core import from_json
from redis.asyncio import Redis

from core.model import FrozenModel
from gateway.redis.records.contacts.contact_search import ContactSearch
from gateway.redis.records.sessions.log.derived_entries import add_derived
from gateway.redis.records.sessions.log.message_entries import select_by_keys, select_message
from gateway.redis.records.sessions.log.session_log import LogEntry, read_log_end
from gateway.redis.records.sessions.proactive_messages import ProactiveMessages
from gateway.redis.records.sessions.session_index import SessionIndex

_MAX_ENTRIES: Final = 1_000
_REPLY_KEY: Final = re.compile(r"(.+)\.\d{1,4}(?:~t?\d{1,4})*")
_FIELDS: Final = ("owner", "optout", "silenced", "window", "lease", "hold", "account", "address")


class SessionReport(FrozenModel):
    """State of a session and the entries of its log that were asked for. Times are ms since the epoch.

    `wait_reason` is why the next reply waits, and `next_try_ms` when it is tried again, 0 if nothing waits.
    `worker_until_ms` is the end of the lease of a worker that has the session now.
    """

    session: str
    owner: str
    entries: tuple[LogEntry, ...]
    unanswered: int = 0
    unsent: int = 0
    wait_reason: str = ""
    next_try_ms: int = 0
    worker_until_ms: int = 0
    opted_out: str = ""
    silenced: str = ""
    window_closes_ms: int = 0
    breaker_until_ms: int = 0
    breaker_reason: str = ""


async def explain(redis: Redis, name: str, limit: int) -> list[SessionReport]:
    """Return reports about a message ID, a session or a contact; an empty list if it is unknown.

    Of a message all its entries, of a session or a contact's sessions the last `limit`. A reply is found by
    its key, which the process's log shows, and a message by its ID as shown there.
    """
    reply = _REPLY_KEY.fullmatch(name)
    return (
        await _explain_message(redis, name)
        or await _explain_session(redis, name, limit)
        or await _explain_contact(redis, name, limit)
        or (await _explain_message(redis, reply[1]) if reply else [])
    )


async def _explain_message(redis: Redis, name: str) -> list[SessionReport]:
    reports, name = [], await SessionIndex(redis).complete_id(name)
    if proactive := await ProactiveMessages(redis).find(name):
        entries = await read_log_end(redis, proactive.session, _MAX_ENTRIES)
        selected = add_derived(select_by_keys(proactive.log_keys, entries), entries)
        reports.append(await _describe(redis, proactive.session, selected))
    if session := await SessionIndex(redis).find_by_message(name):
        entries = await read_log_end(redis, session, _MAX_ENTRIES)
        selected = add_derived(select_message(name, entries), entries)
        reports.append(await _describe(redis, session, selected))
    return reports


async def _explain_session(redis: Redis, name: str, limit: int) -> list[SessionReport]:
    entries = await read_log_end(redis, name, limit)
    return [await _describe(redis, name, add_derived(entries, entries)[-limit:])] if entries else []


async def _explain_contact(redis: Redis, name: str, limit: int) -> list[SessionReport]:
    sessions = (await ContactSearch(redis).find(name)).sessions
    return [report for each in sessions for report in await _explain_session(redis, each, limit)]


async def _describe(redis: Redis, session: str, entries: list[LogEntry]) -> SessionReport:
    key = f"tg:{{{session}}}"
    async with redis.pipeline(transaction=False) as pipeline:
        pipeline.hmget(key, *_FIELDS)
        pipeline.llen(f"{key}:mail")
        pipeline.llen(f"{key}:out")
        pipeline.time()
        answers: list[Any] = await pipeline.execute()
    values, unanswered, unsent, (seconds, microseconds) = answers
    now = seconds * 1000 + microseconds // 1000
    text = {name: (value or b"").decode() for name, value in zip(_FIELDS, values, strict=True)}
    next_try = int(text["hold"] or 0) if unanswered or unsent else 0
    until, reason = await _read_breaker(redis, text["account"] or _account_of(text["address"]))
    return SessionReport(
        session=session,
        owner=text["owner"] or "bot",
        entries=tuple(entries),
        unanswered=unanswered,
        unsent=unsent,
        wait_reason=await _find_wait_reason(redis, session) if next_try > now else "",
        next_try_ms=next_try if next_try > now else 0,
        worker_until_ms=int(text["lease"] or 0) if int(text["lease"] or 0) > now else 0,
        opted_out=text["optout"],
        silenced=text["silenced"],
        window_closes_ms=int(text["window"] or 0),
        breaker_until_ms=until if until > now else 0,
        breaker_reason=reason if until > now else "",
    )


def _account_of(address: str) -> str:
    fields: dict[str, str] = from_json(address) if address else {}
    return f"{fields['channel']}:{fields['account']}" if fields else ""


async def _read_breaker(redis: Redis, account: str) -> tuple[int, str]:
    """Return until when an account's circuit breaker is open, and the provider's reason."""
    async with redis.pipeline(transaction=False) as pipeline:
        pipeline.zscore("tg:paused", account)
        pipeline.hget("tg:reasons", account)
        until, reason = await pipeline.execute()
    return int(until or 0), (reason or b"").decode()


async def _find_wait_reason(redis: Redis, session: str) -> str:
    for entry in reversed(await read_log_end(redis, session, 20)):
        if entry.kind == "postponed":
            return str(entry.data.get("reason", ""))
    return ""
