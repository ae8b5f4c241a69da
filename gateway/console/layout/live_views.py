"""Views of the console with live updates, and the versions that reveal a change.

One task of a web process reads the versions of all open views in one round trip a second, whatever the number
of tabs. The versions are in Redis, so it does not matter which process made a change, and a change during a
lost connection is noticed afterwards.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final, NamedTuple

from redis.asyncio import Redis

from gateway.redis import rq_layout
from gateway.redis.connection.outages.retry_loop import run_forever
from gateway.redis.records.session_keys import session_key
from gateway.redis.records.sessions.agent_desk import presence_key

_SLOW_MS: Final = 10_000
"""Views with ages and rates change as time passes; they get a new version at this interval."""


class ViewName(StrEnum):
    """A page that is kept up to date while it is open."""

    OVERVIEW = "overview"
    CONVERSATIONS = "conversations"
    CONVERSATION = "conversation"
    INBOX = "inbox"
    FAILURES = "failures"
    QUEUE = "queue"
    ACCOUNTS = "accounts"
    BROADCASTS = "broadcasts"


class LiveView(NamedTuple):
    """An open page, with its conversation if it is about one."""

    name: ViewName
    session: str = ""


_WITH_TIME: Final = frozenset(
    {ViewName.OVERVIEW, ViewName.QUEUE, ViewName.ACCOUNTS, ViewName.BROADCASTS, ViewName.INBOX}
)
_BADGES: Final = ("desk", "dead", "paused")
_FACTS: Final[Mapping[ViewName, tuple[str, ...]]] = {
    ViewName.OVERVIEW: (*_BADGES, "newest", "due", "jobs", "rejected"),
    ViewName.CONVERSATIONS: (*_BADGES, "newest"),
    ViewName.CONVERSATION: _BADGES,
    ViewName.INBOX: (*_BADGES, "newest", "waiting"),
    ViewName.FAILURES: (*_BADGES, "due", "rejected", "letter"),
    ViewName.QUEUE: (*_BADGES, "due", "jobs"),
    ViewName.ACCOUNTS: (*_BADGES, "reasons"),
    ViewName.BROADCASTS: _BADGES,
}


async def read_versions(redis: Redis, views: Collection[LiveView]) -> dict[LiveView, str]:
    """Return the present version of each view, in one round trip."""
    sessions = sorted({view.session for view in views if view.session})
    async with redis.pipeline(transaction=False) as pipeline:
        for read in _READS.values():
            read(pipeline)
        for session in sessions:
            pipeline.xrevrange(session_key(session, ":log"), count=1)
            pipeline.hmget(session_key(session), "owner", "agent")
            pipeline.hgetall(presence_key(session))
        answers: list[Any] = await pipeline.execute()
    facts: dict[str, Any] = dict(zip(_READS, answers, strict=False))
    rest = answers[len(_READS) :]
    ends = {
        session: ([name for name, _ in rest[3 * number]], rest[3 * number + 1], sorted(rest[3 * number + 2]))
        for number, session in enumerate(sessions)
    }
    return {view: _digest(view, facts, ends.get(view.session)) for view in views}


_READS: Final[Mapping[str, Callable[[Any], object]]] = {
    "time": lambda pipeline: pipeline.time(),
    "desk": lambda pipeline: pipeline.zcard("tg:desk"),
    "dead": lambda pipeline: pipeline.xlen("tg:dead"),
    "paused": lambda pipeline: pipeline.zcard("tg:paused"),
    "newest": lambda pipeline: pipeline.zrevrange("tg:conversations", 0, 0, withscores=True),
    "waiting": lambda pipeline: pipeline.zrevrange("tg:desk", 0, 0, withscores=True),
    "due": lambda pipeline: pipeline.zcard("tg:due"),
    "jobs": lambda pipeline: pipeline.llen(rq_layout.queue_key()),
    "rejected": lambda pipeline: pipeline.xrevrange("tg:quarantine", count=1),
    "letter": lambda pipeline: pipeline.xrevrange("tg:dead", count=1),
    "reasons": lambda pipeline: pipeline.hgetall("tg:reasons"),
}


def _digest(view: LiveView, facts: Mapping[str, Any], end: object) -> str:
    shown = [facts[name] for name in _FACTS[view.name]]
    if view.name in _WITH_TIME:
        seconds, _ = facts["time"]
        shown.append(int(seconds) * 1000 // _SLOW_MS)
    return sha256(repr((shown, end)).encode()).hexdigest()[:16]


class ViewWatcher:
    """Notifies streams that their view has a new version; nothing is read while there are no streams."""

    def __init__(self, redis: Redis, seconds: float = 1.0) -> None:
        self._redis = redis
        self._seconds = seconds
        self._watches: dict[LiveView, set[ViewSubscription]] = {}
        self._task: asyncio.Task[None] | None = None

    @contextmanager
    def watch(self, view: LiveView, version: str) -> Iterator[ViewSubscription]:
        """Watch a view, of which the reader has a version, for the duration of the block."""
        watch = ViewSubscription(version)
        self._watches.setdefault(view, set()).add(watch)
        if self._task is None:
            description = "looking for changes for the console"
            self._task = asyncio.create_task(run_forever(self._check_versions, self._seconds, description))
        try:
            yield watch
        finally:
            self._watches[view].discard(watch)
            if not self._watches[view]:
                del self._watches[view]
            if not self._watches and self._task is not None:
                self._task.cancel()
                self._task = None

    async def _check_versions(self) -> None:
        versions = await read_versions(self._redis, list(self._watches))
        for view, version in versions.items():
            for watch in self._watches.get(view, ()):
                watch.report(version)


class ViewSubscription(asyncio.Event):
    """Set while the view has another version than its reader."""

    def __init__(self, version: str) -> None:
        super().__init__()
        self.shown = version
        self._latest = version

    def report(self, version: str) -> None:
        """Record the present version."""
        self._latest = version
        if version != self.shown:
            self.set()
        else:
            self.clear()

    def take(self) -> str:
        """Return the present version, which the reader has from now on."""
        self.clear()
        self.shown = self._latest
        return self.shown
