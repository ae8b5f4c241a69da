"""Mailbox of one of several partitions: adds message pointers, and takes rate limits from partition 0."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from core.errors import LeaseLost, StorageUnavailable
from core.model import Reply, SentMessage
from core.ports import Claim, Commit, Lease, RateLimit, SendPermit, SessionView
from gateway.partitions.inbox import PartitionedInbox
from gateway.partitions.message_pointers import MessagePointers
from gateway.redis import lua
from gateway.redis.lua import Argument, ProtocolLimits
from gateway.redis.mailbox import RedisMailbox, has_left
from gateway.redis.records.session_keys import account_key, number_key, session_key

_REASON = "rate limit"
_RETRY_SECONDS = 1.0


class HomePace:
    """Rate limits of the accounts, which all partitions share: they are kept in the home partition."""

    def __init__(self, home: Redis, rate_limits: Mapping[str, RateLimit], protocol: ProtocolLimits) -> None:
        self._home = home
        self._limits = {name: limit for name, limit in rate_limits.items() if limit.account or limit.number}
        self._script = lua.load_script("wait_for_pace", protocol)

    def is_limited(self, reply: Reply) -> bool:
        """Return whether a reply's channel has a rate limit."""
        return reply.address.channel in self._limits

    async def wait_seconds(self, session: str, reply: Reply) -> float:
        """Return the seconds that a reply has to wait; if 0, its send is counted."""
        limit, account = self._limits[reply.address.channel], account_key(reply.address)
        arguments: list[Argument] = [session, "1" if reply.bulk else ""]
        for name, rate in ((account, limit.account), (number_key(reply.address), limit.number)):
            if rate:
                arguments += [name, math.ceil(1000 / rate)]
        return int(await self._script(self._home, arguments)) / 1000


class PartitionMailbox(RedisMailbox):
    """The mailbox of the partition `number`."""

    def __init__(
        self,
        number: int,
        inbox: PartitionedInbox,
        pointers: MessagePointers,
        pace: HomePace,
        **options: Any,
    ) -> None:
        """Create the mailbox; `options` are those of `RedisMailbox`, without rate limits."""
        super().__init__(**options)
        self._number = number
        self._inbox = inbox
        self._directory = inbox.directory
        self._pointers = pointers
        self._pace = pace

    async def decode_claim(self, session: str, answer: Any, requested_at: float) -> Claim | None:
        """Decode a claim; a session that has ended here is read as an agent or an opt-out elsewhere leave it.

        `None` after it was postponed, if these cannot be read.
        """
        claim = await super().decode_claim(session, answer, requested_at)
        if claim is None or not await self._has_left(session, answer[2]):
            return claim
        try:
            return await self._hold_back(session, claim)
        except LeaseLost:
            await self.report_survival(claim.lease)
            return None

    async def _has_left(self, session: str, view: Any) -> bool:
        if isinstance(view, int):  # it is read later, apart from other sessions
            return await self._redis.hget(session_key(session), "left") == b"gone"
        return has_left(view)

    async def _hold_back(self, session: str, claim: Claim) -> Claim | None:
        try:
            async with self.keep_lease_alive(claim.lease):  # a host that is gone is noticed late
                is_held = await self._inbox.hold_back(self._number, session)
        except (RedisError, OSError, StorageUnavailable) as error:
            reason = f"the partition of its contact did not answer: {type(error).__name__}"
            await self.postpone(claim.lease, _RETRY_SECONDS, reason, counted=False)
            return None
        if not is_held or not claim.is_started:
            return claim
        return replace(claim, view=await self.read_session(claim.lease, again=True))

    async def commit(self, lease: Lease, commit: Commit, *, leave: bool = False) -> SessionView:
        """Commit a turn; a first reply with a rate limit is marked in a step of its own.

        A contact who has left this partition is opted out where they are before they are here: the turn is
        repeated if this process ends in between.
        """
        if commit.marks_first_reply and commit.replies and self._pace.is_limited(commit.replies[0]):
            commit = replace(commit, marks_first_reply=False)
        if commit.opts_out:
            await self._inbox.carry_opt_out(self._number, lease.session)
        return await super().commit(lease, commit, leave=leave)

    async def mark_sending(self, lease: Lease, reply: Reply, *, probed: bool = False) -> SendPermit:
        """Mark a reply as about to be sent, if it may be sent now."""
        if self._pace.is_limited(reply) and (wait := await self._pace.wait_seconds(lease.session, reply)):
            return SendPermit(granted=False, wait=wait, reason=_REASON)
        return await super().mark_sending(lease, reply, probed=probed)

    async def name_threads(self, lease: Lease, names: Sequence[str]) -> None:
        """Let these names lead to the session."""
        await super().name_threads(lease, names)
        await self._directory.move(names, self._number)

    async def record_sent(
        self,
        lease: Lease,
        reply: Reply,
        provider_id: str,
        *,
        leave: bool = False,
        keep: bool = False,
        opened: SentMessage | None = None,
    ) -> SessionView:
        """Record that the provider accepted a reply, after pointing its statuses to this partition."""
        await self._pointers.try_point(reply.address.channel, provider_id, self._number)
        view = await super().record_sent(lease, reply, provider_id, leave=leave, keep=keep, opened=opened)
        if opened and opened.thread_session:
            await self._directory.move([opened.thread_session], self._number)
        return view

    async def aclose(self) -> None:
        """Stop renewing leases, listening, and background writes."""
        await self._pointers.aclose()
        await super().aclose()
