"""Events for the operator's systems as they are stored, those that were given up, and their erasure."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, cast

from pydantic import Field, JsonValue, ValidationError
from pydantic_core import from_json
from redis.asyncio import Redis

from core.model import FrozenModel
from gateway.redis import lua
from gateway.redis.encryption.cipher import RecordCipher, cipher_of
from gateway.redis.lua import ProtocolLimits

SUBSCRIPTIONS = "tg:hooks"
UNREADABLE = "unreadable"
EVENT_CLEAR = frozenset({"id", "kind", "session", "account", "contact", "attempts", "since_ms", "reason"})
"""Clear fields of an event that waits or was given up; its content is sealed."""

_DEAD = "tg:hook_dead"
_MAX_ROWS_PER_CALL = 500


SUBSCRIPTION_CLEAR = frozenset({"name", "events", "include", "disabled", "created_ms"})
"""Clear fields of a subscription, which scripts read. Secrets are sealed, and the URL, which may contain
one.
"""


def subscription_place(name: str) -> str:
    """Return the place that a sealed subscription is bound to."""
    return f"hook {name}"


def state_key(hook: str) -> str:
    """Return the key of a subscription's state; hooks/take_events.lua lists its fields and other keys."""
    return f"tg:hook:{hook}"


class HookEvent(FrozenModel):
    """An event of a session. `id` orders events; `attempts` failed since `since_ms`, when it was due first.

    `account` is `channel:account`, `data` what events.lua stores. The contact's address (`contact`) and text
    are there only if a subscription asks for them.
    """

    id: str
    kind: str
    session: str
    account: str = ""
    contact: str = ""
    data: dict[str, JsonValue] = Field(default_factory=dict)
    attempts: int = 0
    since_ms: int = 0

    @property
    def at_ms(self) -> int:
        """The server's time of the event."""
        return int(self.id.split("-")[0])

    @classmethod
    def decode(cls, name: bytes, fields: Mapping[bytes, bytes]) -> HookEvent:
        """Decode an entry of the stream of events; its kind is `UNREADABLE` if another release wrote it."""
        event_id = name.decode()
        try:
            return cls(
                id=event_id,
                kind=fields[b"k"].decode(),
                session=fields[b"s"].decode(),
                account=fields[b"a"].decode(),
                contact=fields[b"c"].decode(),
                data=from_json(fields[b"d"]),
                since_ms=int(event_id.split("-")[0]),
            )
        except (KeyError, ValueError):
            return cls(id=event_id, kind=UNREADABLE, session="")


class GivenUpEvent(FrozenModel):
    """An event that a subscription's receiver did not accept, with the reason; `event` if it is readable."""

    id: str
    hook: str
    reason: str = ""
    event: HookEvent | None = None


class GivenUpEvents:
    """Events that were given up, oldest first."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def list_all(self, hook: str = "") -> AsyncIterator[GivenUpEvent]:
        """Yield the events of a subscription; of all without a name."""
        async for name, fields in _read_given_up(self._redis):
            if not hook or fields[b"hook"].decode() == hook:
                yield await self._decode(name, fields)

    async def read(self, given_up_id: str) -> GivenUpEvent | None:
        """Return one; `None` if there is none of this ID."""
        rows: Any = await self._redis.xrange(_DEAD, given_up_id, given_up_id)
        return await self._decode(*rows[0]) if rows else None

    async def replay(self, given_up: GivenUpEvent, now_ms: int) -> str:
        """Return an event to its subscription, under the same ID: `replayed`, `gone` or `removed`."""
        assert given_up.event is not None, "only a readable event is replayed"
        event = given_up.event.model_copy(update={"attempts": 0, "since_ms": now_ms})
        script = lua.load_script("replay_event", ProtocolLimits())
        sealer = await cipher_of(self._redis).sealer()
        stored = sealer.record(event.session, event.model_dump_json().encode(), EVENT_CLEAR)
        answer: bytes = await script(self._redis, [given_up.id, event.id, stored])
        return answer.decode()

    async def _decode(self, name: bytes, fields: Mapping[bytes, bytes]) -> GivenUpEvent:
        opened = await open_event(cipher_of(self._redis), fields[b"event"])
        return _decode_given_up(name, {**fields, b"event": opened})


async def open_event(cipher: RecordCipher, stored: bytes) -> bytes:
    """Return a waiting or given-up event as it was before it was sealed."""
    try:
        session = str(from_json(stored).get("session", ""))
    except (ValueError, AttributeError):  # another release wrote it
        return stored
    return await cipher.open(session, stored)


def _decode_given_up(name: bytes, fields: Mapping[bytes, bytes]) -> GivenUpEvent:
    given_up_id, hook = name.decode(), fields[b"hook"].decode()
    try:
        stored = from_json(fields[b"event"])
        event, reason = HookEvent.model_validate(stored), str(stored.get("reason", ""))
    except (ValueError, ValidationError, AttributeError):
        return GivenUpEvent(id=given_up_id, hook=hook, reason="this release cannot read it")
    return GivenUpEvent(id=given_up_id, hook=hook, reason=reason, event=event)


async def _read_given_up(redis: Redis) -> AsyncIterator[tuple[bytes, Mapping[bytes, bytes]]]:
    start = "-"
    while rows := await cast("Any", redis.xrange(_DEAD, start, "+", count=_MAX_ROWS_PER_CALL)):
        for row in rows:
            yield row
        start = f"({rows[-1][0].decode()}"
