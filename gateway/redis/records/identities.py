"""Identity resolution: maps all identifiers of a contact to one session before events are stored.

A contact may be known by a phone number first, by an id as well later, and finally by the id alone.
Identifiers that arrive together lead to the session of the most reliable one.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from redis.asyncio import Redis
from redis.exceptions import RedisError

from core.errors import StorageUnavailable
from core.model import ControlReceived, Event, Ignored, StatusChanged, TurnReceived
from core.ports import AcceptResult, Inbox

_IDENTITY_RETENTION_MS = 400 * 24 * 3600 * 1000
_ECHO_RETENTION_MS = 24 * 3600 * 1000

# ARGV[1]: how long a name is kept, in ms. ARGV[2]: a list of {names, meet}, `meet` for names that only are to
# lead to the session of the first one that has any. Returns a session for each.
_SCRIPT = """
local function remember(name, session, with, is_others)
  local key = 'tg:person:' .. name
  if is_others then redis.call('DEL', key) end
  redis.call('HSETNX', key, 'session', session)
  redis.call('HSETNX', key, 'with', with)
  if with ~= '' and redis.call('HGET', key, 'with') == '' then redis.call('HSET', key, 'with', with) end
  redis.call('PEXPIRE', key, ARGV[1])
end
local sessions = {}
for i, item in ipairs(cjson.decode(ARGV[2])) do
  local first, session, others = item.names[1], nil, {}
  for place, name in ipairs(item.names) do
    local known = redis.call('HMGET', 'tg:person:' .. name, 'session', 'with')
    -- a name that came with another sure name before is somebody else's now: numbers are given away again
    local theirs = known[1] and (item.meet or place == 1 or known[2] == '' or known[2] == first)
    if not session and theirs then session = known[1] end
    others[place] = known[1] and not theirs
  end
  if not session then session = first end
  for place, name in ipairs(item.names) do
    remember(name, session, (place == 1 or item.meet) and '' or first, others[place])
  end
  sessions[i] = session
end
return sessions
"""


class IdentityResolver:
    """Inbox decorator that resolves sessions, and remembers sends that a status has confirmed."""

    def __init__(self, redis: Redis, inbox: Inbox) -> None:
        self._redis = redis
        self._inbox = inbox
        self._script = redis.register_script(_SCRIPT)

    async def accept(self, events: Sequence[Event]) -> list[AcceptResult]:
        """Store a request's events in the sessions of their contacts; see `core.ports.mailbox.Inbox`."""
        try:
            settled = await self._resolve_sessions(events)
            await self._store_sent_ids(events)
        except RedisError as error:
            raise StorageUnavailable(
                f"Redis did not tell whose session it is: {type(error).__name__}"
            ) from error
        return await self._inbox.accept(settled)

    async def find_session(self, name: str) -> str:
        """Return the session of an identifier; the identifier itself if there is none."""
        found = await self._redis.hget(f"tg:person:{name}", "session")
        return found.decode() if isinstance(found, bytes) else found or name

    async def _resolve_sessions(self, events: Sequence[Event]) -> list[Event]:
        named = [
            (place, event.aliases)
            for place, event in enumerate(events)
            if not isinstance(event, StatusChanged) and event.aliases
        ]
        if not named:
            return list(events)
        asked = [{"names": list(names), "meet": isinstance(events[place], Ignored)} for place, names in named]
        found = await self._script(args=[_IDENTITY_RETENTION_MS, json.dumps(asked)])
        settled = list(events)
        for (place, _), session in zip(named, found, strict=True):
            settled[place] = _with_session(events[place], session.decode())
        return settled

    async def _store_sent_ids(self, events: Sequence[Event]) -> None:
        told = [event for event in events if isinstance(event, StatusChanged) and event.reply_key]
        if not told:
            return
        async with self._redis.pipeline(transaction=False) as pipeline:
            for event in told:
                pipeline.set(
                    echo_key(event.channel, event.reply_key), event.provider_id, px=_ECHO_RETENTION_MS
                )
            await pipeline.execute()


def echo_key(channel: str, reply_key: str) -> str:
    """Return the key that holds the provider's id of a reply, by our own key of it."""
    return f"tg:echo:{channel}:{reply_key}"


def _with_session(event: Event, session: str) -> Event:
    match event:
        case TurnReceived(turn=turn):
            return event.model_copy(update={"turn": turn.model_copy(update={"session": session})})
        case ControlReceived():
            return event.model_copy(update={"session": session})
    return event
