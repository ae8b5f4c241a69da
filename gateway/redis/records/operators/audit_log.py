"""Audit log: who did what as an operator, and when. It holds no message text, number or address."""

from __future__ import annotations

import hmac
import logging
import secrets
from time import time
from typing import Any, Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

from core.model import FrozenModel

log = logging.getLogger("turngate.audit")

AUDIT_DAYS: Final = 365
"""Retention of the entries."""

_STREAM = "tg:audit"
_SALT = "tg:{access}:salt"
_MAX_ENTRIES = 100_000
_DAY_MS = 86_400_000


class AuditEntry(FrozenModel):
    """One act. `via` is `key`, `session`, `local` or `cli`; `status` that of the answer, 0 for `cli`.

    `target` is the name of a broadcast or message; a session or contact is there as a pseudonym.
    """

    id: str = ""
    at_ms: int = 0
    who: str
    role: str = ""
    via: str = ""
    act: str
    target: str = ""
    status: int = 0


class AuditLog:
    """Keeps the acts of a year, at most the newest 100,000."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._salt = b""

    async def record(self, entry: AuditEntry, about: str = "") -> None:
        """Record an act that has happened; without Redis it is at least in the process's log.

        `about` is the session or contact that it is about, of which a pseudonym is kept.
        """
        oldest = int(time() * 1000) - AUDIT_DAYS * _DAY_MS
        try:
            if about:
                entry = entry.model_copy(update={"target": await self.pseudonym(about)})
            stored = entry.model_dump_json(exclude={"id", "at_ms"}, exclude_defaults=True)
            async with self._redis.pipeline(transaction=True) as pipeline:
                pipeline.xadd(_STREAM, {"act": stored}, maxlen=_MAX_ENTRIES, approximate=True)
                pipeline.xtrim(_STREAM, minid=oldest, approximate=True)
                pipeline.pexpire(_STREAM, AUDIT_DAYS * _DAY_MS)
                await pipeline.execute()
        except (RedisError, OSError) as error:
            log.warning(
                "the audit log was not written (%s): %s %s by %s: %s",
                type(error).__name__,
                entry.act,
                entry.target,
                entry.who,
                entry.status,
            )

    async def latest(self, limit: int = 50, target: str = "", before: str = "") -> list[AuditEntry]:
        """Return the newest entries, newest first; with a `target` only those about it.

        With `before` they begin after that entry.
        """
        oldest = int(time() * 1000) - AUDIT_DAYS * _DAY_MS
        rows: Any = await self._redis.xrevrange(
            _STREAM, max=f"({before}" if before else "+", min=oldest, count=None if target else limit
        )
        entries = [
            AuditEntry.model_validate_json(fields[b"act"]).model_copy(
                update={"id": name.decode(), "at_ms": int(name.split(b"-")[0])}
            )
            for name, fields in rows
        ]
        if target:
            names = (target, await self.pseudonym(target))
            entries = [each for each in entries if each.target in names]
        return entries[:limit]

    async def pseudonym(self, value: str) -> str:
        """Return the pseudonym of a session or contact, whose name may be a phone number."""
        return f"#{hmac.new(await self.read_salt(), value.encode(), 'sha256').hexdigest()[:16]}"

    async def read_salt(self) -> bytes:
        """Return the salt of the pseudonyms, which is made once for all processes."""
        if not self._salt:
            self._salt = await read_salt(self._redis)
        return self._salt


async def read_salt(redis: Redis) -> bytes:
    """Return this server's secret for pseudonyms; it is made when there is none."""
    stored: Any = await redis.get(_SALT)  # read first: a server that refuses writes still answers this
    if stored is None:
        await redis.set(_SALT, secrets.token_hex(32), nx=True)
        stored = await redis.get(_SALT)
    salt: bytes = stored
    return salt
