"""A web client's side of a session: submits turns and follows their answers in the log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from time import monotonic
from typing import Any, NamedTuple

from redis.asyncio import Redis

from core.model import Turn, TurnReceived
from core.ports import AcceptResult, Inbox
from gateway.redis.connection.notifications import SessionNotifications, Subscription
from gateway.redis.encryption.cipher import cipher_of
from gateway.redis.records.sessions.log.session_log import read_log, read_log_end
from gateway.webchat.answer_tracker import AnswerTracker, CompletedTurn
from gateway.webchat.channel import build_address, build_session_id
from gateway.webchat.history import History, read_history, wait_for_news, wait_for_notification
from gateway.webchat.sessions.session_tokens import WebSession
from gateway.webchat.sessions.user_identity import WebUser
from gateway.webchat.text_stream import open_piece, pieces_key

_POLL_SECONDS = 1.0
_UNSUBSCRIBED_POLL_SECONDS = 0.05
_ENTRIES_PER_READ = 200
_RECENT_ENTRIES = 20


class MessageIdUsed(Exception):
    """A message with this ID and another content was stored before."""


class TextPiece(NamedTuple):
    """A piece of an answer's text; with `is_restart` it replaces what came before."""

    id: str
    text: str
    is_restart: bool


class WebMessage(NamedTuple):
    """A client's message. One with the same ID is the same message (deduplication).

    `locale` is the language that the client prefers, such as `de-AT`.
    """

    id: str
    text: str
    payload: str = ""
    locale: str = ""


class SubmittedTurn(NamedTuple):
    """An accepted turn; `is_new` unless it was stored before, in which case its answer may exist already."""

    session: str
    message_id: str
    is_new: bool = False


class WebConversations:
    """All sessions of the web channel, as one web process sees them."""

    def __init__(self, redis: Redis, inbox: Inbox, notifications: SessionNotifications | None = None) -> None:
        self._redis = redis
        self._inbox = inbox
        self._notifications = notifications or SessionNotifications(redis, "tg:told")

    async def submit(
        self, client: WebSession, message: WebMessage, *, streamed: bool = False
    ) -> SubmittedTurn:
        """Store a message. `streamed` announces that `stream_pieces` will be read.

        Raises `MessageIdUsed` for another content, `StorageUnavailable` and `MailboxFull`.
        """
        session = build_session_id(client.id)
        turn = Turn(
            id=message.id,
            session=session,
            address=build_address(client.id),
            text=message.text,
            payload=message.payload,
            streamed=streamed,
            profile_name=client.user.name if client.user else "",
            details=_build_details(client.user, message.locale),
        )
        [verdict] = await self._inbox.accept([TurnReceived(turn=turn)])
        if verdict is AcceptResult.DUPLICATE:
            await self._check_repetition(turn)
        return SubmittedTurn(session, message.id, verdict is AcceptResult.NEW)

    async def _check_repetition(self, turn: Turn) -> None:
        """Compare a repeated message with the first one, if the end of the log still has its text."""
        for entry in await read_log_end(self._redis, turn.session, _ENTRIES_PER_READ):
            first: dict[str, Any] = entry.data
            if entry.kind != "accepted" or first.get("turn") != turn.id or "text" not in first:
                continue
            if (first["text"], first.get("payload", "")) != (turn.text, turn.payload):
                raise MessageIdUsed

    async def submit_and_wait(
        self, client: WebSession, message: WebMessage, seconds: float
    ) -> tuple[SubmittedTurn, CompletedTurn | None]:
        """Store a message like `submit`, and wait for its answer like `wait_for_answer`."""
        with self._notifications.subscribe(
            build_session_id(client.id)
        ) as subscription:  # subscribed before the submit, so nothing is missed and the log need not be read
            submitted = await self.submit(client, message)
            return submitted, await self._await_answer(
                submitted, seconds, subscription, read_log_first=not submitted.is_new
            )

    async def is_known(self, submitted: SubmittedTurn) -> bool:
        """Return whether such a message was stored within the deduplication window."""
        score: Any = await self._redis.zscore(f"tg:{{{submitted.session}}}:seen", submitted.message_id)
        return score is not None

    async def wait_for_answer(self, submitted: SubmittedTurn, seconds: float) -> CompletedTurn | None:
        """Wait for the answer of a turn; `None` if it takes longer than `seconds`."""
        with self._notifications.subscribe(submitted.session) as subscription:
            return await self._await_answer(submitted, seconds, subscription, read_log_first=True)

    async def _await_answer(
        self, submitted: SubmittedTurn, seconds: float, subscription: Subscription, *, read_log_first: bool
    ) -> CompletedTurn | None:
        """Wait for notifications, and read the log first (`look`) and whenever none arrives."""
        tracker, last_id, end = AnswerTracker(submitted.message_id), "", monotonic() + seconds
        while True:
            if read_log_first:
                last_id = await self._apply_log(
                    tracker, last_id or await self._find_start(submitted), submitted.session
                )
            if (completed := tracker.completed_turn) or monotonic() > end:
                return completed
            pause = _POLL_SECONDS if self._notifications.subscribed.is_set() else _UNSUBSCRIBED_POLL_SECONDS
            await wait_for_notification(subscription, min(pause, max(end - monotonic(), 0.01)))
            notes = subscription.pop_notes()
            for note in await cipher_of(self._redis).open_all(submitted.session, notes):
                tracker.apply_notification(note)
            read_log_first = not notes

    async def _find_start(self, submitted: SubmittedTurn) -> str:
        """Return the log entry after which a turn's answer follows; empty for the beginning of the log."""
        recent = (
            await read_log_end(self._redis, submitted.session, _RECENT_ENTRIES) if submitted.is_new else []
        )
        matching = (
            each for each in recent if each.kind == "accepted" and each.data["turn"] == submitted.message_id
        )
        entry = next(matching, None)
        return entry.id if entry else ""

    async def _apply_log(self, tracker: AnswerTracker, last_id: str, session: str) -> str:
        """Read to the end of the log or until the answer is complete; return the last entry read."""
        is_more = True
        while is_more and not tracker.completed_turn:
            entries = await read_log(self._redis, session, last_id, _ENTRIES_PER_READ)
            for entry in entries:
                tracker.apply_entry(entry.kind, entry.data)
                last_id = entry.id
            is_more = len(entries) == _ENTRIES_PER_READ
        return last_id

    async def stream_pieces(
        self, submitted: SubmittedTurn, after: str, answer: asyncio.Task[CompletedTurn | None]
    ) -> AsyncIterator[TextPiece]:
        """Yield the pieces of a turn's text after the piece `after`, until `answer` is complete."""
        key, seen = pieces_key(submitted.session), after
        with self._notifications.subscribe(submitted.session) as subscription:
            while True:
                subscription.pop_notes()
                is_complete = answer.done()
                rows: Any = await self._redis.xrange(
                    key, f"({seen}" if seen else "-", count=_ENTRIES_PER_READ
                )
                for name, fields in rows:
                    seen = name.decode()
                    if fields[b"turn"].decode() == submitted.message_id:
                        text = await open_piece(self._redis, submitted.session, fields[b"text"])
                        yield TextPiece(seen, text, fields[b"first"] == b"1")
                if rows:
                    continue
                if is_complete:
                    return
                waiting = asyncio.create_task(subscription.wait())
                try:
                    await asyncio.wait(
                        {waiting, answer}, timeout=_POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED
                    )
                finally:  # also when the client has disconnected
                    waiting.cancel()

    async def history(self, session_id: str, count: int = 100) -> History:
        """Return the latest messages of both sides, oldest first; suppressed replies are left out."""
        return await read_history(self._redis, build_session_id(session_id), count)

    async def wait_for_news(self, session_id: str, cursor: str, seconds: float) -> bool:
        """Wait until a history of this cursor is outdated; return whether it is, `seconds` later at most."""
        session = build_session_id(session_id)
        return await wait_for_news(self._redis, self._notifications, session, cursor, seconds=seconds)

    async def aclose(self) -> None:
        """Stop listening."""
        await self._notifications.aclose()


def _build_details(user: WebUser | None, locale: str) -> dict[str, str]:
    """Return the details by which agents, export and erasure identify a user, and the locale for the flow."""
    details = {"user_id": user.id, "email": user.email} if user else {}
    return {name: value for name, value in {**details, "locale": locale}.items() if value}
