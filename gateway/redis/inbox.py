"""Inbox on Redis: deduplicates and stores the events of webhooks, concurrent requests in one round trip."""

from __future__ import annotations

import logging
import math
from collections.abc import Collection, Mapping, Sequence
from time import monotonic
from typing import NamedTuple

from pydantic_core import to_json
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from core.errors import MailboxFull, StorageUnavailable
from core.model import (
    UNSUPPORTED_KIND,
    ActivityReceived,
    Address,
    ControlAction,
    ControlReceived,
    DeliveryStatus,
    Event,
    FailureKind,
    Ignored,
    Owner,
    StatusChanged,
    Turn,
    TurnReceived,
    next_owner,
    status_rank,
)
from core.ports import AcceptResult
from core.processing import Concurrency, ConcurrencyPolicy, bypasses_policy
from gateway.redis import lua, rq_layout
from gateway.redis.connection.batcher import Batcher
from gateway.redis.lua import Argument, ProtocolLimits

log = logging.getLogger("turngate.inbox")

_MAX_REQUESTS_PER_BATCH = 64
_ALARM_INTERVAL_SECONDS = 60.0
_OPT_OUT_FLAGS = {ControlAction.OPT_OUT: "1", ControlAction.OPT_IN: "0"}


def message_key(channel: str, provider_id: str) -> str:
    """Return the key that holds a sent message's delivery status."""
    return f"tg:message:{channel}:{provider_id}"


def account_key(address: Address) -> str:
    """Return the identifier of a set of credentials, unique across channels."""
    return f"{address.channel}:{address.account}"


class _AcceptRequest(NamedTuple):
    """Events of one request, encoded for accept.lua."""

    events: int
    arguments: list[Argument]


class RedisInbox:
    """Stores the events of webhooks. Requests that arrive during a call are batched into the next one."""

    def __init__(
        self,
        redis: Redis,
        protocol: ProtocolLimits | None = None,
        concurrency: Mapping[str, Concurrency] | None = None,
        desk_channels: Collection[str] = (),
    ) -> None:
        """Create an inbox.

        `concurrency` is the policy of each channel by name (default: `queue`). `desk_channels` are those with
        an agent desk of their own: there only an agent returns a session to the bot.
        """
        self._redis = redis
        self._concurrency = concurrency or {}
        self._desk_channels = frozenset(desk_channels)
        self._script = lua.load_script("accept", protocol or ProtocolLimits())
        self._next_alarms: dict[tuple[str, str], float] = {}
        self._batcher = Batcher(self._accept_batch, _MAX_REQUESTS_PER_BATCH, is_sequential=True)

    async def accept(self, events: Sequence[Event]) -> list[AcceptResult]:
        """Store a request's events; see `core.ports.mailbox.Inbox`."""
        if not events:
            return []
        arguments = [
            argument
            for event in events
            for argument in (*_encode_event(event), *self._routing_arguments(event))
        ]
        results = await self._batcher.submit(_AcceptRequest(len(events), arguments))
        if AcceptResult.FULL in results:
            raise MailboxFull("the session has too many waiting messages")
        for event, result in zip(events, results, strict=True):
            if isinstance(event, StatusChanged) and result is not AcceptResult.STALE:
                self._log_account_failure(event)
        return results

    def _log_account_failure(self, event: StatusChanged) -> None:
        """Log a failure that concerns every send of an account, once a minute for each channel and code."""
        if event.failure is not FailureKind.ACCOUNT:
            return
        alarm, now = (event.channel, event.error_code), monotonic()
        if now < self._next_alarms.get(alarm, 0.0):
            return
        self._next_alarms[alarm] = now + _ALARM_INTERVAL_SECONDS
        log.error(
            "%s accepts replies and then reports %s (%s): they are not delivered until the account is in "
            "order; `turngate doctor` and `turngate dead list` show them",
            event.channel,
            event.error_code,
            event.error_text,
        )

    def _routing_arguments(self, event: Event) -> tuple[str, str, str]:
        """Return the debounce arguments, the account, and whether agent ownership expires for this event.

        For a status: how its failure is classified, the milliseconds before a resend, and the channel.
        """
        match event:
            case TurnReceived(turn=turn):
                return self._policy_argument(event), account_key(turn.address), ""
            case ControlReceived(address=address):
                return "", "", "" if address.channel in self._desk_channels else "1"
            case StatusChanged(channel=channel):
                return _failure(event), str(math.ceil(event.retry_after * 1000)), channel
        return "", "", ""

    def _policy_argument(self, event: TurnReceived) -> str:
        concurrency = self._concurrency.get(event.turn.address.channel)
        if concurrency is None or concurrency.policy is ConcurrencyPolicy.QUEUE:
            return ""
        if concurrency.policy is ConcurrencyPolicy.INTERRUPT:
            return "interrupt"
        if bypasses_policy(event.turn):
            return "0 0"
        return f"{int(concurrency.window * 1000)} {int(concurrency.cap * 1000)}"

    async def _accept_batch(self, batch: Sequence[_AcceptRequest]) -> list[list[AcceptResult]]:
        arguments = [argument for request in batch for argument in request.arguments]
        try:
            answers = iter(await self._run_script([rq_layout.current_timestamp(), *arguments]))
        except Exception as error:
            raise StorageUnavailable(f"Redis did not record the request: {type(error).__name__}") from error
        return [[AcceptResult(next(answers).decode()) for _ in range(request.events)] for request in batch]

    async def _run_script(self, arguments: list[Argument]) -> list[bytes]:
        """Run accept.lua, once more after a connection error: it deduplicates what it has already stored.

        After a restart of the server the first call on an old connection fails; the next one reconnects.
        """
        try:
            answer: list[bytes] = await self._script(self._redis, arguments)
        except RedisConnectionError:
            answer = await self._script(self._redis, arguments)
        return answer


def _failure(event: StatusChanged) -> str:
    """Return how the failure is classified, permanent if the channel does not say; empty if it is none."""
    if event.status is not DeliveryStatus.FAILED:
        return ""
    return event.failure or FailureKind.PERMANENT


def _describe_wordless(turn: Turn) -> dict[str, str]:
    """Return what the log says of a reaction or of a message that cannot be read."""
    if turn.reaction is not None:
        message = turn.quoted.id if turn.quoted else ""
        return {"kind": "reaction", "reaction": turn.reaction.emoji, "message": message}
    return {"kind": turn.kind} if turn.kind == UNSUPPORTED_KIND else {}


def _encode_event(event: Event) -> list[Argument]:
    """Encode an event as the six arguments that accept.lua reads; its routing adds three more."""
    match event:
        case TurnReceived(turn=turn):
            entry: dict[str, object] = {
                "turn": turn.id,
                "text": turn.text,
                "payload": turn.payload,
                "files": len(turn.attachments),
                **({"at": turn.at} if turn.at else {}),
                **_describe_wordless(turn),
            }
            return [
                "turn",
                turn.session,
                turn.id,
                turn.model_dump_json(exclude_defaults=True),
                turn.address.model_dump_json(),
                to_json(entry),
            ]
        case ControlReceived(act=act):
            owner = "" if act in _OPT_OUT_FLAGS else next_owner(Owner.BOT, act)
            entry = {"act": act, "owner": owner, "actor": event.actor, "at": event.at}
            return ["control", event.session, event.id, owner, _OPT_OUT_FLAGS.get(act, ""), to_json(entry)]
        case StatusChanged(status=status):
            entry = {
                "id": event.provider_id,
                "status": status,
                "code": event.error_code,
                "error": event.error_text,
                **({"failure": _failure(event)} if _failure(event) else {}),
            }
            key = message_key(event.channel, event.provider_id)
            return ["status", key, status, status_rank(status), "", to_json(entry)]
        case ActivityReceived():
            entry = {"id": event.id, "activity": event.activity, "message": event.message_id}
            return ["activity", event.session, event.id, "", "", to_json(entry)]
        case Ignored(reason=reason):
            return ["ignored", reason, "", "", "", ""]
