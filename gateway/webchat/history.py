"""The messages of a session as a client shows them, and the wait for new ones."""

from __future__ import annotations

from time import monotonic
from typing import Any, Final, NamedTuple

from pydantic import JsonValue
from redis.asyncio import Redis

from core.time_limit import TimeLimit
from gateway.redis.connection.notifications import SessionNotifications, Subscription
from gateway.redis.records.sessions.log.session_log import read_log_end

_CHECK_SECONDS: Final = 5.0
_UNSUBSCRIBED_CHECK_SECONDS: Final = 1.0
_LOG_ENTRIES: Final = 1_000
_EXTRA_FIELDS: Final = ("choices", "media")


class History(NamedTuple):
    """The latest messages, oldest first, and a `cursor`: the log's last entry, after which news follow."""

    messages: list[dict[str, JsonValue]]
    cursor: str


async def read_history(redis: Redis, session: str, count: int) -> History:
    """Return the latest messages of both sides; suppressed replies are left out."""
    messages: dict[str, dict[str, JsonValue]] = {}
    entries = await read_log_end(redis, session, _LOG_ENTRIES)
    for entry in entries:
        data: dict[str, Any] = entry.data
        if entry.kind == "accepted" and data.get("text"):
            messages[entry.id] = {"from": "person", "text": data["text"], "id": data["turn"]}
        elif entry.kind == "said":
            extras: dict[str, JsonValue] = {name: data[name] for name in _EXTRA_FIELDS if name in data}
            sender = "agent" if data.get("voice") == "person" else "bot"
            messages[data["key"]] = {"from": sender, "text": data["body"], **extras}
        elif entry.kind == "refused":
            messages.pop(str(data.get("key")), None)
        elif entry.kind == "reset":
            messages.clear()
    return History(list(messages.values())[-count:], entries[-1].id if entries else "")


async def wait_for_news(
    redis: Redis, notifications: SessionNotifications, session: str, cursor: str, *, seconds: float
) -> bool:
    """Wait until a session's log does not end with the entry `cursor`; return whether that is so.

    It takes at most `seconds`. A lost notification costs five seconds.
    """
    end = monotonic() + seconds
    with notifications.subscribe(session) as subscription:
        while True:
            subscription.pop_notes()
            last = await read_log_end(redis, session, 1)
            if (last[0].id if last else "") != cursor:
                return True
            left = end - monotonic()
            if left <= 0:
                return False
            pause = _CHECK_SECONDS if notifications.subscribed.is_set() else _UNSUBSCRIBED_CHECK_SECONDS
            await wait_for_notification(subscription, min(left, pause))


async def wait_for_notification(subscription: Subscription, seconds: float) -> None:
    """Wait for the next notification, at most some seconds."""
    try:
        with TimeLimit(seconds):
            await subscription.wait()
    except TimeoutError:
        return
