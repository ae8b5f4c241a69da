"""The queue of one subscription in Redis: events are taken under a lease and settled after delivery."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import NamedTuple

from pydantic import ValidationError
from pydantic_core import to_json
from redis.asyncio import Redis

from core.model import FrozenModel
from gateway.hooks.policy import DeliveryPolicy, ReceiverState
from gateway.redis import lua
from gateway.redis.encryption.cipher import cipher_of
from gateway.redis.lua import Argument, ProtocolLimits
from gateway.redis.records.hook_events import EVENT_CLEAR, HookEvent, open_event


class TakenEvents(FrozenModel):
    """Events to deliver: those that wait for another try, and new ones, both in order."""

    state: ReceiverState
    waiting: tuple[HookEvent, ...] = ()
    new: tuple[HookEvent, ...] = ()


class Settlement(NamedTuple):
    """Outcome of an event: `delivered`, `waiting` until `due_ms`, or `dead` for `reason`."""

    event: HookEvent
    outcome: str
    due_ms: int = 0
    reason: str = ""


class HookQueue:
    """Queue of the subscription `name` for one worker. Another worker holds it until its lease ends."""

    def __init__(self, redis: Redis, name: str, policy: DeliveryPolicy) -> None:
        self._redis = redis
        self._name = name
        self._policy = policy
        self._token = secrets.token_hex(8)
        self._take = lua.load_script("take_events", ProtocolLimits())
        self._settle = lua.load_script("settle_events", ProtocolLimits())

    async def take(self, now_ms: int) -> TakenEvents | None:
        """Return what is to be delivered; `None` while another worker holds the queue."""
        size = self._policy.batch_size // 2
        answer = await self._take(self._redis, [self._name, self._token, self._lease_ms, now_ms, size])
        if answer is None:
            return None
        fields, waiting, new = answer
        names = [name.decode() for name in fields[::2]]
        state = dict(zip(names, (value.decode() for value in fields[1::2]), strict=True))
        return TakenEvents(
            state=ReceiverState.model_validate(state),
            waiting=_decode_waiting(
                [await open_event(cipher_of(self._redis), each) if each else each for each in waiting]
            ),
            new=tuple([await self._decode_new(name, values) for name, values in new]),
        )

    async def _decode_new(self, name: bytes, values: Sequence[bytes]) -> HookEvent:
        fields = dict(zip(values[::2], values[1::2], strict=True))
        session = fields.get(b"s", b"").decode()
        fields[b"d"] = await cipher_of(self._redis).open(session, fields.get(b"d", b""))
        return HookEvent.decode(name, fields)

    async def settle(
        self,
        settlements: Sequence[Settlement],
        state: dict[str, Argument],
        *,
        cursor: str = "",
        tries_all: bool = False,
    ) -> bool:
        """Record the outcomes of events; return whether the lease was still held.

        `cursor` is the last new event that is dealt with, `state` the changed fields. With `tries_all` all
        waiting events are due at once.
        """
        arguments: list[Argument] = [
            self._name,
            self._token,
            self._lease_ms,
            cursor,
            "1" if tries_all else "",
        ]
        arguments.append(len(state))
        for field in state.items():
            arguments += field
        sealer = await cipher_of(self._redis).sealer()
        for event, outcome, due_ms, reason in settlements:
            fields = event.model_dump(mode="json") | ({"reason": reason} if reason else {})
            stored = sealer.record(event.session, to_json(fields), EVENT_CLEAR)
            arguments += [event.id, outcome, due_ms, stored, event.session]
        return bool(await self._settle(self._redis, arguments))

    async def release(self) -> None:
        """Give up the lease, so that another worker need not wait for its end."""
        await self._settle(self._redis, [self._name, self._token, 0, "", "", 0])

    @property
    def _lease_ms(self) -> int:
        return int(self._policy.lease_seconds * 1000)


def _decode_waiting(stored: Sequence[bytes | None]) -> tuple[HookEvent, ...]:
    events = []
    for value in stored:
        try:
            events.append(HookEvent.model_validate_json(value or b""))
        except ValidationError:  # written by a later release; it stays in the queue
            continue
    return tuple(sorted(events, key=lambda event: tuple(map(int, event.id.split("-")))))
