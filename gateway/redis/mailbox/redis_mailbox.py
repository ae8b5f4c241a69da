"""Worker side of the session protocol on Redis: claim, commit, mark, settle, release."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, nullcontext
from dataclasses import replace
from time import monotonic
from typing import Any

from pydantic_core import to_json
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from core.errors import LeaseLost
from core.model import FailureKind, Reply, SentMessage, Template
from core.ports import (
    Claim,
    Commit,
    Lease,
    RateLimit,
    SendFailure,
    SendPause,
    SendPermit,
    ServiceWindow,
    SessionView,
)
from core.processing import AbuseLimits
from gateway.redis import lua, rq_layout
from gateway.redis.connection.notifications import SessionNotifications
from gateway.redis.connection.replication import ReplicaConfirmation
from gateway.redis.encoding import encode_commit
from gateway.redis.encryption.cipher import cipher_of
from gateway.redis.leases import LeaseRenewer
from gateway.redis.lua import ProtocolLimits
from gateway.redis.mailbox import mailbox_log
from gateway.redis.mailbox.fenced_scripts import FencedScripts, ScriptCall, is_store_failure, lease_lost
from gateway.redis.mailbox.send_arguments import (
    OPT_OUTS,
    encode_postponement,
    encode_rejection,
    encode_reroute,
    encode_sent,
    encode_thread,
)
from gateway.redis.mailbox.send_marks import MarkEncoder, decode_permit
from gateway.redis.mailbox.view_reader import ViewReader
from gateway.redis.records.session_keys import account_key
from gateway.redis.records.sessions.search.word_index import WordIndex
from gateway.redis.sending.quiet_policy import REASON as QUIET_REASON
from gateway.redis.sending.reminders import encode_reminders


class RedisMailbox:
    """Mailbox on Redis; see `core.ports.mailbox.Mailbox`. One instance serves all sessions of a process."""

    def __init__(  # noqa: PLR0913 - one per policy
        self,
        redis: Redis,
        protocol: ProtocolLimits | None = None,
        rate_limits: Mapping[str, RateLimit] | None = None,
        windows: Mapping[str, ServiceWindow] | None = None,
        abuse: Mapping[str, AbuseLimits] | None = None,
        confirmation: ReplicaConfirmation | None = None,
        words: WordIndex | None = None,
    ) -> None:
        """Create a mailbox; `rate_limits`, `windows` and `abuse` are those of the channels by name.

        With a `confirmation` no reply is sent and no turn counts as committed before replicas know of it.
        `words` indexes those of the replies.
        """
        self._words = words
        self._redis = redis
        self._protocol = protocol or ProtocolLimits()
        self._scripts = FencedScripts(redis, self._protocol, confirmation)
        self._marks = MarkEncoder(rate_limits or {}, windows or {}, abuse or {})
        self._leases = LeaseRenewer(redis, self._protocol)
        self._notifications = SessionNotifications(redis, "tg:arrived")
        self._views = ViewReader(redis, self._scripts, self.postpone)

    async def claim(self, session: str) -> Claim | None:
        """Acquire the lease; `None` while another worker holds it, or if the session cannot be decrypted."""
        requested_at = monotonic()
        arguments = [[rq_layout.current_timestamp(), session, lua.new_nonce()]]
        try:
            answers = await self._scripts.call(("claim",), arguments)
        except (RedisConnectionError, RedisTimeoutError):
            # perhaps only the response was lost: the nonce identifies this claim
            answers = await self._scripts.call(("claim",), arguments)
        if not answers:
            return None
        return await self.decode_claim(session, answers[0], requested_at)

    async def decode_claim(self, session: str, answer: Any, requested_at: float) -> Claim | None:
        """Decode the response of `acquire_lease` in leases.lua; `None` if the session cannot be decrypted.

        `requested_at` is the monotonic time before the request, so the lease never seems to last longer than
        it does.
        """
        fence, length_ms, view = answer
        lease = Lease(session=session, fence=fence.decode(), valid_until=requested_at + length_ms / 1000)
        if isinstance(view, int):
            return Claim(lease=lease, view=SessionView(), suspicion=view, is_started=False)
        try:
            return Claim(lease=lease, view=await self._views.read(lease, view))
        except LeaseLost:
            return None

    def keep_lease_alive(self, lease: Lease) -> AbstractAsyncContextManager[None]:
        """Renew the lease while the block runs; a loss cancels the block and raises `LeaseLost`."""
        return self._leases.keep_alive(lease)

    def is_lease_valid(self, lease: Lease) -> bool:
        """Return whether a held lease is certainly valid, by this process's clock."""
        return self._leases.is_valid(lease)

    async def read_session(self, lease: Lease, *, again: bool = False) -> SessionView:
        """Read the session; with `again` the same turn restarts."""
        return await self._views.read(
            lease, await self._scripts.run_one("look", lease, ["1" if again else ""])
        )

    def watch_arrivals(self, session: str) -> AbstractContextManager[asyncio.Event]:
        """Return an event that is set when a message arrives within the block."""
        return self._notifications.subscribe(session)

    async def commit(self, lease: Lease, commit: Commit, *, leave: bool = False) -> SessionView:
        """Commit a turn and return the session afterwards; see `core.ports.mailbox.Mailbox`."""
        view = await self._commit(lease, commit, leave=leave)
        if self._words:
            texts = [reply.body for reply in commit.replies if reply.act == "say"]
            self._words.add(lease.session, texts, "business")
        if commit.dead_letter_reason:
            mailbox_log.log_dead_turn(commit.dead_letter_reason)
        if commit.owner:
            mailbox_log.log_hand_off(commit.owner)
        return view

    async def _commit(self, lease: Lease, commit: Commit, *, leave: bool) -> SessionView:
        sealer = await cipher_of(self._redis).sealer()
        steps: list[ScriptCall] = [("commit", encode_commit(lease.session, commit, sealer))]
        steps += [("remind", each) for each in encode_reminders(lease.session, commit, sealer)]
        if commit.delivers_via_log or not (commit.marks_first_reply and commit.replies):
            _, view = await self._step_and_view(lease, *steps, leave=leave)
            return view
        first = commit.replies[0]
        *_, answer, permit = await self._scripts.run(
            lease, *steps, ("look", []), ("mark", self._marks.encode(first))
        )
        view = await self._views.read(lease, answer)
        mailbox_log.log_reply_limit(permit)
        if permit == 1:
            return replace(view, granted_key=first.key)
        if permit == 0:  # dropped after the view was read
            mailbox_log.log_dropped()
            return replace(view, outbox=tuple(reply for reply in view.outbox if reply.key != first.key))
        return view

    async def request_probe(self, lease: Lease, reply: Reply) -> SendPermit:
        """Return whether a look-up may be made now, or the wait for the account's circuit breaker."""
        return decode_permit(await self._scripts.run_one("probe", lease, [account_key(reply.address)]))

    async def mark_sending(self, lease: Lease, reply: Reply, *, probed: bool = False) -> SendPermit:
        """Mark a reply as about to be sent, if it may be sent now."""
        arguments = self._marks.encode(reply, probed=probed)
        permit = await self._scripts.run_one("mark", lease, arguments)
        if permit == 0:
            mailbox_log.log_dropped()
        mailbox_log.log_reply_limit(permit)
        return decode_permit(permit)

    async def name_threads(self, lease: Lease, names: Sequence[str]) -> None:
        """Let these names lead to the session; see `core.ports.mailbox.Mailbox`."""
        await self._scripts.run_one("name_threads", lease, [self._protocol.contact_ms, *names])

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
        """Record that the provider accepted a reply; see `core.ports.mailbox.Mailbox`."""
        sealer = await cipher_of(self._redis).sealer() if keep else None
        arguments = encode_sent(lease.session, reply, provider_id, sealer)
        if opened and opened.thread:
            arguments += encode_thread(reply, opened, self._protocol.contact_ms)
        settled, view = await self._step_and_view(lease, ("sent", arguments), leave=leave)
        if settled == 2:
            mailbox_log.log_breaker_closed(account_key(reply.address))
        return view

    async def record_rejected(
        self,
        lease: Lease,
        reply: Reply,
        reason: str,
        *,
        code: str = "",
        failure: FailureKind = FailureKind.PERMANENT,
        taken_over: bool = False,
    ) -> None:
        """Record that the provider rejected a reply for good; it leaves the outbox."""
        is_dead = not (taken_over or failure in OPT_OUTS)
        sealer = await cipher_of(self._redis).sealer() if is_dead else None
        arguments = encode_rejection(lease.session, reply, sealer, reason=reason, code=code, failure=failure)
        await self._scripts.run_one("refuse", lease, arguments)
        mailbox_log.log_rejection(reason, code=code, failure=failure, is_dead=is_dead)

    async def reroute(
        self,
        lease: Lease,
        reply: Reply,
        instead: Sequence[Reply],
        *,
        covered: Sequence[str] = (),
        template: Template | None = None,
        reason: str,
    ) -> None:
        """Put other replies in the place of one; see `core.ports.mailbox.Mailbox`."""
        sealer = await cipher_of(self._redis).sealer()
        arguments = encode_reroute(
            lease.session, reply, instead, sealer, covered=covered, template=template, reason=reason
        )
        await self._scripts.run_one("reroute", lease, arguments)

    async def hold(self, lease: Lease, reply: Reply, reason: str, *, known_closed: bool) -> None:
        """Set a reply aside until the contact writes again; see `core.ports.mailbox.Mailbox`."""
        entry = to_json({"key": reply.key, "reason": reason, "held": True})
        waits = "1" if known_closed else "closed"
        if await self._scripts.run_one("reroute", lease, [reply.key, entry, waits, "[]", ""]) == 3:
            mailbox_log.log_full_hold()

    async def postpone(  # noqa: PLR0913 - keyword-only
        self,
        lease: Lease,
        seconds: float,
        reason: str,
        *,
        reply: Reply | None = None,
        settled: bool = True,
        counted: bool = True,
        failure: SendFailure | None = None,
        pause: SendPause | None = None,
    ) -> None:
        """Release the lease and schedule the session in `seconds`; a failed send counts for its account."""
        arguments = encode_postponement(
            seconds, reason, reply, settled=settled, counted=counted, failure=failure, pause=pause
        )
        with self._leases.allow_release(lease):
            answer = await self._scripts.run_one("postpone", lease, arguments)
        if answer == 2 and failure:
            mailbox_log.log_breaker_opened(account_key(failure.reply.address), reason)

    async def defer(self, lease: Lease, reply: Reply, due_ms: int) -> bool:
        """Move the next reply to the schedule until a time; see `core.ports.mailbox.Mailbox`."""
        return bool(await self._scripts.run_one("defer", lease, [reply.key, due_ms, QUIET_REASON]))

    async def retry_turn(self, lease: Lease, seconds: float) -> None:
        """Release the lease and schedule the session in `seconds`: the dialog failed."""
        entry = to_json({"reason": "the dialog failed; retrying", "seconds": round(seconds, 3)})
        with self._leases.allow_release(lease):
            await self._scripts.run_one("postpone", lease, [int(seconds * 1000), "1", entry, "", "1", "", 0])

    async def requeue(self, lease: Lease) -> None:
        """Release the lease with work left, and enqueue the next job."""
        with self._leases.allow_release(lease):
            if not await self._scripts.call(
                ("pass_on",), [[rq_layout.current_timestamp(), lease.session, lease.fence]]
            ):
                raise lease_lost()

    async def release(self, lease: Lease) -> bool:
        """Release the lease if no work is left; return whether it was released."""
        with self._leases.allow_release(lease):
            return bool(await self._scripts.run_one("release", lease))

    async def report_survival(self, lease: Lease, cause: Exception | None = None) -> None:
        """Record that this worker stopped without dying, and whether the turn has failed."""
        failed = "" if cause is None or is_store_failure(cause) else "1"
        await self._scripts.call(("survived",), [[lease.session, lease.fence, failed]])

    async def aclose(self) -> None:
        """Stop renewing and listening. The Redis client is left open for its owner."""
        await self._leases.aclose()
        await self._notifications.aclose()

    async def _step_and_view(self, lease: Lease, *steps: ScriptCall, leave: bool) -> tuple[Any, SessionView]:
        """Run steps and read the session; with `leave`, release it if no work is left."""
        with self._leases.allow_release(lease) if leave else nullcontext():
            first, *_, answer = await self._scripts.run(lease, *steps, ("leave" if leave else "look", []))
        return first, SessionView(lease_released=True) if answer == 1 else await self._views.read(
            lease, answer
        )
