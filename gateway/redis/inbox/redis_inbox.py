"""Inbox on Redis: deduplicates and stores the events of webhooks, concurrent requests in one round trip."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from pydantic_core import to_json
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from core.errors import EncryptionKeyMissing, MailboxFull, StorageUnavailable
from core.model import (
    ContactMoved,
    ControlReceived,
    Event,
    ParticipantMessage,
    ParticipantPolicy,
    StatusChanged,
    TemplateChanged,
    Turn,
    TurnReceived,
)
from core.ports import AcceptResult, ServiceWindow
from core.processing import (
    AbuseLimits,
    Concurrency,
    ConcurrencyPolicy,
    bypasses_policy,
)
from core.steps import Step, current_trace
from gateway.redis import lua, rq_layout
from gateway.redis.connection.pipelining.batcher import Batcher
from gateway.redis.connection.replication import ReplicaConfirmation
from gateway.redis.encryption.cipher import cipher_of
from gateway.redis.encryption.sealing import Sealer
from gateway.redis.inbox.event_encoding import encode_event, failure_class
from gateway.redis.inbox.event_log import EventLog
from gateway.redis.inbox.message_facts import encode_facts
from gateway.redis.lua import Argument, ProtocolLimits
from gateway.redis.records.session_keys import account_key
from gateway.redis.records.template_keys import alarm_name

_MAX_REQUESTS_PER_BATCH = 64


class _AcceptRequest(NamedTuple):
    """Events of one request, encoded for accept.lua."""

    events: int
    arguments: list[Argument]


class RedisInbox:
    """Stores the events of webhooks. Requests that arrive during a call are batched into the next one."""

    def __init__(  # noqa: PLR0913 - one per policy
        self,
        redis: Redis,
        protocol: ProtocolLimits | None = None,
        concurrency: Mapping[str, Concurrency] | None = None,
        desk_channels: Collection[str] = (),
        participants: Mapping[str, ParticipantPolicy] | None = None,
        windows: Mapping[str, ServiceWindow] | None = None,
        abuse: Mapping[str, AbuseLimits] | None = None,
        confirmation: ReplicaConfirmation | None = None,
    ) -> None:
        """Create an inbox. With a `confirmation` nothing is acknowledged before replicas have it.

        `concurrency` is the policy of each channel by name (default: `queue`). `desk_channels` are those with
        an agent desk of their own: there only an agent returns a session to the bot. `participants` is each
        channel's policy for messages of others than the contact (default: `ignore`), `windows` the service
        window of those that have one, `abuse` their limits against floods and loops.
        """
        self._abuse = {name: limits for name, limits in (abuse or {}).items() if not limits.is_off}
        self._redis = redis
        self._confirmation = confirmation
        self._concurrency = concurrency or {}
        self._desk_channels = frozenset(desk_channels)
        self._participants = participants or {}
        self._windows = windows or {}
        self._script = lua.load_script("accept", protocol or ProtocolLimits())
        self._log = EventLog()
        self._batcher = Batcher(self._accept_batch, _MAX_REQUESTS_PER_BATCH, is_sequential=True)

    async def accept(self, events: Sequence[Event]) -> list[AcceptResult]:
        """Store a request's events; see `core.ports.inbox.Inbox`."""
        if not events:
            return []
        with Step("accept", {}):
            return await self._accept(_add_trace(events, current_trace()))

    async def _accept(self, events: Sequence[Event]) -> list[AcceptResult]:
        sealer = await self._load_sealer()
        arguments = [
            argument
            for event in events
            for argument in (*encode_event(event, sealer), *self._routing_arguments(event, sealer))
        ]
        results = await self._batcher.submit(_AcceptRequest(len(events), arguments))
        if AcceptResult.FULL in results:
            raise MailboxFull("the session has too many waiting messages")
        for event, result in zip(events, results, strict=True):
            self._log.record(event, result)
        return results

    async def _load_sealer(self) -> Sealer:
        try:
            return await cipher_of(self._redis).sealer()
        except EncryptionKeyMissing as error:
            raise StorageUnavailable(str(error)) from error
        except RedisError as error:
            raise StorageUnavailable(f"Redis did not return the data keys: {type(error).__name__}") from error

    def _routing_arguments(self, event: Event, sealer: Sealer) -> tuple[str, str, str]:
        """Return the debounce arguments, the account, and whether agent ownership expires for this event.

        For a message the last is further facts; for a control event the first is whether a transfer made it;
        for a status: how its failure is classified, the milliseconds before a resend, and the channel;
        for a change of a template: the channel and the name of its alarm.
        """
        match event:
            case TurnReceived(turn=turn) | ParticipantMessage(turn=turn):
                channel = turn.address.channel
                facts = encode_facts(
                    event,
                    sealer,
                    self._participants.get(channel),
                    self._windows.get(channel),
                    self._abuse.get(channel),
                )
                return self._policy_argument(turn), account_key(turn.address), facts
            case ControlReceived(address=address):
                expires = "" if address.channel in self._desk_channels else "1"
                return "1" if event.by_transfer else "", "", expires
            case ContactMoved(retired=retired, absorbed=absorbed):
                return to_json(retired).decode(), absorbed, ""
            case StatusChanged(channel=channel):
                return failure_class(event), str(math.ceil(event.retry_after * 1000)), channel
            case TemplateChanged(channel=channel):
                return channel, alarm_name(channel, event.name, event.language), ""
        return "", "", ""

    def _policy_argument(self, turn: Turn) -> str:
        concurrency = self._concurrency.get(turn.address.channel)
        if concurrency is None or concurrency.policy is ConcurrencyPolicy.QUEUE:
            return ""
        if concurrency.policy is ConcurrencyPolicy.INTERRUPT:
            return "interrupt"
        if bypasses_policy(turn):
            return "0 0"
        return f"{int(concurrency.window * 1000)} {int(concurrency.cap * 1000)}"

    async def _accept_batch(self, batch: Sequence[_AcceptRequest]) -> list[list[AcceptResult]]:
        arguments = [argument for request in batch for argument in request.arguments]
        try:
            answers = iter(await self._run_script([rq_layout.current_timestamp(), *arguments]))
        except StorageUnavailable:
            raise
        except Exception as error:
            raise StorageUnavailable(f"Redis did not record the request: {type(error).__name__}") from error
        return [[AcceptResult(next(answers).decode()) for _ in range(request.events)] for request in batch]

    async def _run_script(self, arguments: list[Argument]) -> list[bytes]:
        """Run accept.lua, once more after a connection error: it deduplicates what it has already stored.

        After a restart of the server the first call on an old connection fails; the next one reconnects.
        """
        try:
            return await self._run_once(arguments)
        except RedisConnectionError:
            return await self._run_once(arguments)

    async def _run_once(self, arguments: list[Argument]) -> list[bytes]:
        answer: list[bytes] = (
            await self._confirmation.run(self._script.text, self._script.sha, arguments)
            if self._confirmation
            else await self._script(self._redis, arguments)
        )
        return answer


def _add_trace(events: Sequence[Event], trace: str) -> Sequence[Event]:
    """Return the events with the trace that their turns continue; the same ones if there is no trace."""
    if not trace:
        return events
    return [
        event.model_copy(update={"turn": event.turn.model_copy(update={"trace": trace})})
        if isinstance(event, TurnReceived | ParticipantMessage)
        else event
        for event in events
    ]
