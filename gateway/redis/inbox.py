"""The web side of the protocol on Redis: one round trip for a request, shared by concurrent requests."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from core.errors import MailboxFull, StorageUnavailable
from core.event import ControlReceived, Event, Ignored, StatusChanged, TurnReceived, rank
from core.mailbox import Verdict
from core.owner import Act, Owner, after
from gateway.redis import layout, scripts
from gateway.redis.scripts import Argument, Protocol

_REQUESTS_A_BATCH = 64
_OPTED_OUT = {Act.OPT_OUT: "1", Act.OPT_IN: "0"}


def message_key(channel: str, provider_id: str) -> str:
    """The key under which a sent message's status is kept."""
    return f"tg:message:{channel}:{provider_id}"


class RedisInbox:
    """Accepts the events of webhooks. While one call is under way, later ones gather for the next."""

    def __init__(self, redis: Redis, protocol: Protocol | None = None) -> None:
        self._redis = redis
        self._script = scripts.load("accept", protocol or Protocol())
        self._waiting: list[tuple[Sequence[Event], asyncio.Future[list[Verdict]]]] = []
        self._flushing: asyncio.Task[None] | None = None

    async def accept(self, events: Sequence[Event]) -> list[Verdict]:
        """Record a request's events; see `core.mailbox.Inbox`."""
        if not events:
            return []
        done: asyncio.Future[list[Verdict]] = asyncio.get_running_loop().create_future()
        self._waiting.append((events, done))
        if self._flushing is None:
            self._flushing = asyncio.create_task(self._flush())
        verdicts = await done
        if Verdict.FULL in verdicts:
            raise MailboxFull("the session has too many waiting messages")
        return verdicts

    async def _flush(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = (
                    self._waiting[:_REQUESTS_A_BATCH],
                    self._waiting[_REQUESTS_A_BATCH:],
                )
                await self._record(batch)
        finally:
            self._flushing = None

    async def _record(self, batch: list[tuple[Sequence[Event], asyncio.Future[list[Verdict]]]]) -> None:
        arguments: list[Argument] = [layout.stamp()]
        for events, _ in batch:
            for event in events:
                arguments += _arguments(event)
        try:
            words = iter(await self._run(arguments))
        except (RedisError, OSError) as error:
            failure = StorageUnavailable(f"Redis did not record the request: {type(error).__name__}")
            failure.__cause__ = error
            for _, done in batch:
                if not done.done():
                    done.set_exception(failure)
            return
        for events, done in batch:
            verdicts = [Verdict(next(words).decode()) for _ in events]
            if not done.done():
                done.set_result(verdicts)

    async def _run(self, arguments: list[Argument]) -> list[bytes]:
        """The one script that may run twice, since it knows again what it has recorded.

        After a restart of the server the first call on an old connection fails; the next one connects anew.
        """
        try:
            answer: list[bytes] = await self._script(self._redis, arguments)
        except RedisConnectionError:
            answer = await self._script(self._redis, arguments)
        return answer


def _arguments(event: Event) -> list[Argument]:
    """Six for each event, as accept.lua reads them."""
    match event:
        case TurnReceived(turn=turn):
            entry = {
                "turn": turn.id,
                "text": turn.text,
                "payload": turn.payload,
                "files": len(turn.attachments),
            }
            return [
                "turn",
                turn.session,
                turn.id,
                turn.model_dump_json(exclude_defaults=True),
                turn.address.model_dump_json(),
                _json(entry),
            ]
        case ControlReceived(act=act):
            owner = "" if act in _OPTED_OUT else after(Owner.BOT, act)
            entry = {"act": act, "owner": owner, "actor": event.actor}
            return ["control", event.session, event.id, owner, _OPTED_OUT.get(act, ""), _json(entry)]
        case StatusChanged(status=status):
            entry = {
                "id": event.provider_id,
                "status": status,
                "code": event.error_code,
                "error": event.error_text,
            }
            key = message_key(event.channel, event.provider_id)
            return ["status", key, status, rank(status), "", _json(entry)]
        case Ignored(reason=reason):
            return ["ignored", reason, "", "", "", ""]


def _json(value: dict[str, object]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
