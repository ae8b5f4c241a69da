"""The web side of the protocol on Redis: one round trip for a request, shared by concurrent requests."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from pydantic_core import to_json
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from core.errors import MailboxFull, StorageUnavailable
from core.model import (
    Address,
    ControlAction,
    ControlReceived,
    Event,
    Ignored,
    Owner,
    StatusChanged,
    TurnReceived,
    next_owner,
    status_rank,
)
from core.ports import AcceptResult
from core.processing import Concurrency, ConcurrencyPolicy, bypasses_policy
from gateway.redis import lua, rq_layout
from gateway.redis.connection.batcher import Batcher
from gateway.redis.lua import Argument, ProtocolLimits

_MAX_REQUESTS_PER_BATCH = 64
_OPT_OUT_FLAGS = {ControlAction.OPT_OUT: "1", ControlAction.OPT_IN: "0"}


def message_key(channel: str, provider_id: str) -> str:
    """The key under which a sent message's status is kept."""
    return f"tg:message:{channel}:{provider_id}"


def account_key(address: Address) -> str:
    """The name of a set of credentials across channels."""
    return f"{address.channel}:{address.account}"


class _AcceptRequest(NamedTuple):
    """One request's events as the script takes them."""

    events: int
    arguments: list[Argument]


class RedisInbox:
    """Accepts the events of webhooks. While one call is under way, later ones gather for the next."""

    def __init__(
        self,
        redis: Redis,
        protocol: ProtocolLimits | None = None,
        concurrency: Mapping[str, Concurrency] | None = None,
        desks: Collection[str] = (),
    ) -> None:
        """`concurrency` is each channel's policy, by name; without one, a channel's turns queue.

        `desks` are the channels at which people work: there only they give a session back to the bot.
        """
        self._redis = redis
        self._concurrency = concurrency or {}
        self._desk_channels = frozenset(desks)
        self._script = lua.load_script("accept", protocol or ProtocolLimits())
        self._batcher = Batcher(self._accept_batch, _MAX_REQUESTS_PER_BATCH, waits=True)

    async def accept(self, events: Sequence[Event]) -> list[AcceptResult]:
        """Record a request's events; see `core.ports.mailbox.Inbox`."""
        if not events:
            return []
        arguments = [
            argument
            for event in events
            for argument in (*_encode_event(event), *self._routing_arguments(event))
        ]
        verdicts = await self._batcher.submit(_AcceptRequest(len(events), arguments))
        if AcceptResult.FULL in verdicts:
            raise MailboxFull("the session has too many waiting messages")
        return verdicts

    def _routing_arguments(self, event: Event) -> tuple[str, str, str]:
        """How accept.lua is to gather this event, its account, and whether a person's hold lapses there."""
        match event:
            case TurnReceived(turn=turn):
                return self._policy_argument(event), account_key(turn.address), ""
            case ControlReceived(address=address):
                return "", "", "" if address.channel in self._desk_channels else "1"
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
            words = iter(await self._run_script([rq_layout.current_timestamp(), *arguments]))
        except Exception as error:
            raise StorageUnavailable(f"Redis did not record the request: {type(error).__name__}") from error
        return [[AcceptResult(next(words).decode()) for _ in range(request.events)] for request in batch]

    async def _run_script(self, arguments: list[Argument]) -> list[bytes]:
        """The one script that may run twice, since it knows again what it has recorded.

        After a restart of the server the first call on an old connection fails; the next one connects anew.
        """
        try:
            answer: list[bytes] = await self._script(self._redis, arguments)
        except RedisConnectionError:
            answer = await self._script(self._redis, arguments)
        return answer


def _encode_event(event: Event) -> list[Argument]:
    """Six for each event, as accept.lua reads them; what it belongs to are three more."""
    match event:
        case TurnReceived(turn=turn):
            entry: dict[str, object] = {
                "turn": turn.id,
                "text": turn.text,
                "payload": turn.payload,
                "files": len(turn.attachments),
                **({"at": turn.at} if turn.at else {}),
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
            }
            key = message_key(event.channel, event.provider_id)
            return ["status", key, status, status_rank(status), "", to_json(entry)]
        case Ignored(reason=reason):
            return ["ignored", reason, "", "", "", ""]
