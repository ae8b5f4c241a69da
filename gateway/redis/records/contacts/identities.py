"""Identity resolution: maps all identifiers of a contact to one session before events are stored.

A contact may be known by a phone number first, by an id as well later, and finally by the id alone.
Identifiers that arrive together lead to one session from then on: that of the most reliable one, or the one
that an agent has.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

from core.errors import StorageUnavailable
from core.model import (
    ActivityReceived,
    ContactMoved,
    ControlReceived,
    Event,
    Ignored,
    ParticipantMessage,
    StatusChanged,
    TemplateChanged,
    TurnReceived,
)
from core.ports import AcceptResult, Inbox
from gateway.redis import lua
from gateway.redis.lua import Argument, ProtocolLimits

_ONLY_ACTS, _UNKNOWN = -1.0, -2.0  # in place of the time of a contact's last message
_NUMBER: Final = re.compile(r":\+?\d{5,20}$")
_ECHO_RETENTION_MS = 24 * 3600 * 1000
_RESOLVE_SCRIPT = lua.load_script("resolve_names", ProtocolLimits())


def may_be_reassigned(name: str) -> bool:
    """Return whether a name ends with a phone number or other digits, which may be reassigned."""
    return _NUMBER.search(name) is not None


def _find_numbers(names: Sequence[str]) -> list[str]:
    return [name for name in names if may_be_reassigned(name)]


async def resolve_names(
    redis: Redis,
    names: Sequence[str],
    retention_ms: int,
    *,
    consent_names: Sequence[str] = (),
    is_linked: bool = True,
) -> str:
    """Return the session to which all names of a contact lead from now on, the most reliable name first.

    Without `is_linked` they lead where they do now.
    """
    items = [
        {
            "id": "",
            "names": list(names),
            "numbers": _find_numbers(names),
            "consent": list(consent_names),
            "meet": False,
            "known": False,
            "linked": is_linked,
            "retired": [],
        }
    ]
    [session] = await _RESOLVE_SCRIPT(redis, [retention_ms, json.dumps(items)])
    return str(session.decode())


class IdentityResolver:
    """Inbox decorator that resolves sessions, and remembers sends that a status has confirmed."""

    def __init__(
        self,
        redis: Redis,
        inbox: Inbox,
        threaded: Collection[str] = (),
        protocol: ProtocolLimits | None = None,
    ) -> None:
        """Create a resolver; `threaded` are channels on which the business opens threads at the provider.

        A thread that it opened leads to the session of its contact.
        """
        self._redis = redis
        self._threaded = frozenset(threaded)
        self._inbox = inbox
        self._retention_ms = (protocol or ProtocolLimits()).contact_ms
        self._store_script = lua.load_script("store_sent_ids", ProtocolLimits())

    async def accept(self, events: Sequence[Event]) -> list[AcceptResult]:
        """Store a request's events in the sessions of their contacts; see `core.ports.inbox.Inbox`."""
        try:
            resolved = await self._resolve_threads(await self._resolve_sessions(events))
            await self.store_sent_ids(events)
        except RedisError as error:
            raise StorageUnavailable(
                f"Redis did not return the contact's session: {type(error).__name__}"
            ) from error
        return await self._inbox.accept(resolved)

    async def find_session(self, name: str) -> str:
        """Return the session of an identifier; the identifier itself if there is none."""
        stored = await self._redis.hget(f"tg:person:{name}", "session")
        return stored.decode() if isinstance(stored, bytes) else stored or name

    async def _resolve_sessions(self, received: Sequence[Event]) -> list[Event]:
        events = [await self._plan_merge(event) for event in received]
        aliased = [(index, names) for index, event in enumerate(events) if (names := _names_of(event))]
        if not aliased:
            return events
        keys = [
            {
                "id": _id_of(events[index]),
                "names": list(names),
                "numbers": _find_numbers(names),
                "consent": _find_consent_names(events[index]),
                "meet": isinstance(event := events[index], Ignored | ContactMoved),
                "known": isinstance(event, Ignored) and event.joins_known,
                "linked": bool(getattr(event, "aliases", ())),
                "retired": list(event.retired) if isinstance(event, ContactMoved) else [],
            }
            for index, names in aliased
        ]
        sessions = await _RESOLVE_SCRIPT(self._redis, [self._retention_ms, json.dumps(keys)])
        resolved = list(events)
        for (index, _), session in zip(aliased, sessions, strict=True):
            resolved[index] = _with_session(events[index], session.decode())
        return resolved

    async def _plan_merge(self, event: Event) -> Event:
        """Return the event of merged conversations with the name first in which the contact wrote last.

        Both lead to that session; `absorbed` is the other one, empty if there is none.
        """
        if not isinstance(event, ContactMoved) or not event.absorbed:
            return event
        # includes the name's own session: an earlier try may have ended between two steps
        known = {name: (await self.find_session(name), name) for name in event.aliases}
        wrote = {each: await self._read_last_message(each) for pair in known.values() for each in pair}
        first, *others = sorted(
            known,
            key=lambda name: (max(wrote[each] for each in known[name]), name == event.session),
            reverse=True,
        )
        session = max(known[first], key=lambda each: wrote[each])
        former = [
            each for name in others for each in known[name] if each != session and wrote[each] > _UNKNOWN
        ]
        update = {"aliases": (first, *others), "absorbed": former[0] if former else ""}
        return event.model_copy(update=update)

    async def _read_last_message(self, session: str) -> float:
        """Return when the contact wrote last in a session.

        `_ONLY_ACTS` stands for a session with only actions of others, `_UNKNOWN` for none.
        """
        fields = ["address", "wrote", "owner", "optout"]
        address, wrote, *acts = await self._redis.hmget(f"tg:{{{session}}}", fields)
        if address:
            return float(wrote or 0)
        return _ONLY_ACTS if any(acts) else _UNKNOWN

    async def _resolve_threads(self, events: Sequence[Event]) -> list[Event]:
        """Replace the sessions of threads that the business opened; sent.lua stores them."""
        resolved = list(events)
        for index, event in enumerate(events):
            if isinstance(event, StatusChanged | Ignored | TemplateChanged) or event.aliases:
                continue
            name = _session_of(event)
            if name.partition(":")[0] in self._threaded:
                resolved[index] = _with_session(event, await self.find_session(name))
        return resolved

    async def store_sent_ids(self, events: Sequence[Event]) -> None:
        """Store the provider's IDs of replies by our keys, which statuses return. Raises `RedisError`."""
        sent = [event for event in events if isinstance(event, StatusChanged) and event.reply_key]
        if not sent:
            return
        arguments: list[Argument] = [_ECHO_RETENTION_MS]
        for event in sent:
            arguments += [
                echo_key(event.channel, event.reply_key),
                event.provider_id,
                f"tg:message:{event.channel}:{event.provider_id}",
            ]
        await self._store_script(self._redis, arguments)


def echo_key(channel: str, reply_key: str) -> str:
    """Return the key that holds the provider's id of a reply, by our own key of it."""
    return f"tg:echo:{channel}:{reply_key}"


def _names_of(event: Event) -> Sequence[str]:
    """Return the names of an event's contact; its session alone if it only shares opt-outs with others."""
    if isinstance(event, StatusChanged | TemplateChanged):
        return ()
    if isinstance(event, TurnReceived) and event.consent_names and not event.aliases:
        return (event.turn.session,)
    return event.aliases


def _id_of(event: Event) -> str:
    """Return the ID by which a repetition of an event is recognized; empty if it has none."""
    if isinstance(event, TurnReceived | ParticipantMessage):
        return event.turn.id
    return str(getattr(event, "id", ""))


def _find_consent_names(event: Event) -> list[str]:
    return list(event.consent_names) if isinstance(event, TurnReceived) else []


def _session_of(
    event: TurnReceived | ParticipantMessage | ControlReceived | ContactMoved | ActivityReceived,
) -> str:
    return event.turn.session if isinstance(event, TurnReceived | ParticipantMessage) else event.session


def _with_session(event: Event, session: str) -> Event:
    match event:
        case TurnReceived(turn=turn) | ParticipantMessage(turn=turn):
            return event.model_copy(update={"turn": turn.model_copy(update={"session": session})})
        case ControlReceived() | ContactMoved() | ActivityReceived():
            return event.model_copy(update={"session": session})
    return event
