"""Per-session notifications over pub/sub, so that a change in one process reaches the others at once."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import ConnectionError as RedisConnectionError

from gateway.redis.connection.outages.retry_loop import run_forever

_MAX_LENGTH_DIGITS = 9
_QUIET_SECONDS = 1.0
_MAX_QUIET_PERIODS = 3


def encode_notification(session: str, note: bytes = b"") -> bytes:
    """Encode a notification as the scripts do: two lengths, the session, the note.

    Clients choose parts of a session's name, so nothing in it may be read as a note. A message may hold
    several.
    """
    name = session.encode()
    return b"%d %d %b%b" % (len(name), len(note), name, note)


def _decode_notifications(message: bytes) -> Iterator[tuple[str, bytes]]:
    """Decode the sessions that a message names, each with its note; malformed parts are skipped."""
    while message:
        first, _, rest = message.partition(b" ")
        second, _, rest = rest.partition(b" ")
        if not all(size.isdigit() and len(size) <= _MAX_LENGTH_DIGITS for size in (first, second)):
            return
        end = int(first) + int(second)
        yield rest[: int(first)].decode(errors="replace"), rest[int(first) : end]
        message = rest[end:]


class Subscription(asyncio.Event):
    """An event that is set when the session is notified; `pop_notes` returns the notes and clears it."""

    def __init__(self) -> None:
        super().__init__()
        self._notes: list[bytes] = []

    def pop_notes(self) -> list[bytes]:
        """Return the notes since the last call, in order, and clear the event."""
        notes, self._notes = self._notes, []
        self.clear()
        return notes

    def notify(self, note: bytes) -> None:
        """Record a notification."""
        if note:
            self._notes.append(note)
        self.set()


class SessionNotifications:
    """Dispatches notifications of a channel to subscriptions. A missed one is compensated by polling."""

    def __init__(self, redis: Redis, channel: str) -> None:
        self._redis = redis
        self._channel = channel
        self._subscriptions: defaultdict[str, set[Subscription]] = defaultdict(set)
        self._listen_task: asyncio.Task[None] | None = None
        self.subscribed = asyncio.Event()

    @contextmanager
    def subscribe(self, session: str) -> Iterator[Subscription]:
        """Subscribe to a session for the duration of the block."""
        if self._listen_task is None:
            self._listen_task = asyncio.create_task(
                run_forever(self._listen, 0.1, f"listening to {self._channel}")
            )
        subscription = Subscription()
        self._subscriptions[session].add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions[session].discard(subscription)
            if not self._subscriptions[session]:
                del self._subscriptions[session]

    async def aclose(self) -> None:
        """Stop listening."""
        if self._listen_task is not None:
            self._listen_task.cancel()
            with suppress(asyncio.CancelledError):
                await self._listen_task
            self._listen_task = None

    async def _listen(self) -> None:
        """Listen until cancelled; redis-py may swallow a cancellation, so the task's flag is checked."""
        task = asyncio.current_task()
        assert task is not None, "run_forever runs in a task"
        try:
            async with self._redis.pubsub() as pubsub:
                await pubsub.subscribe(self._channel)
                quiet_periods = 0
                while not task.cancelling():
                    message = await _read_message(pubsub)
                    if message is None:
                        quiet_periods += 1
                        await _check_quiet(pubsub, quiet_periods)
                        continue
                    quiet_periods = 0
                    self.subscribed.set()
                    for session, note in _decode_notifications(message):
                        for each in self._subscriptions.get(session, ()):
                            each.notify(note)
        finally:
            self.subscribed.clear()


async def _read_message(pubsub: PubSub) -> bytes | None:
    """Return the next message, empty for answers to commands, or `None` after a quiet period.

    redis-py's `get_message` does the same, with retries, telemetry and a dictionary for each message.
    """
    connection = pubsub.connection
    assert connection is not None, "the channel is subscribed"
    answer = await connection.read_response(
        timeout=_QUIET_SECONDS, disconnect_on_error=False, push_request=True
    )
    if answer is None:
        return None
    return bytes(answer[2]) if isinstance(answer, list) and answer[0] == b"message" else b""


async def _check_quiet(pubsub: PubSub, quiet_periods: int) -> None:
    """Send a PING after a quiet period: a server that hangs would not be noticed otherwise.

    Raises `ConnectionError` when it does not answer.
    """
    if quiet_periods == 1:
        await pubsub.ping()
    elif quiet_periods >= _MAX_QUIET_PERIODS:
        raise RedisConnectionError("the server does not answer")
