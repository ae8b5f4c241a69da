"""A web client's side of a session, over several partitions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from redis.asyncio import Redis
from redis.exceptions import RedisError

from core.errors import StorageUnavailable
from core.ports import Inbox
from gateway.partitions.inbox import PartitionedInbox
from gateway.redis.connection.notifications import SessionNotifications
from gateway.webchat.answer_tracker import CompletedTurn
from gateway.webchat.channel import build_session_id
from gateway.webchat.conversations import SubmittedTurn, TextPiece, WebConversations, WebMessage
from gateway.webchat.history import History
from gateway.webchat.sessions.session_tokens import WebSession


class PartitionedConversations(WebConversations):
    """Finds the partition of each session.

    Notifications reach every server of a cluster, so one listener is enough.
    """

    def __init__(self, stores: Sequence[Redis], inboxes: Sequence[Inbox], placing: PartitionedInbox) -> None:
        """Create the conversations of `stores`; `inboxes` has one each, `placing` selects the partition."""
        notifications = SessionNotifications(stores[0], "tg:told")
        super().__init__(stores[0], placing, notifications)
        self._placing = placing
        self._each = [
            WebConversations(store, inbox, notifications)
            for store, inbox in zip(stores, inboxes, strict=True)
        ]

    async def submit(
        self, client: WebSession, message: WebMessage, *, streamed: bool = False
    ) -> SubmittedTurn:
        """Store a message; one with the same ID is the same message (deduplication)."""
        conversations = await self._conversations_of_client(client)
        return await conversations.submit(client, message, streamed=streamed)

    async def submit_and_wait(
        self, client: WebSession, message: WebMessage, seconds: float
    ) -> tuple[SubmittedTurn, CompletedTurn | None]:
        """Store a message like `submit`, and wait for its answer like `wait_for_answer`."""
        conversations = await self._conversations_of_client(client)
        return await conversations.submit_and_wait(client, message, seconds)

    async def is_known(self, submitted: SubmittedTurn) -> bool:
        """Return whether such a message was stored within the deduplication window."""
        return await (await self._conversations_of_session(submitted.session)).is_known(submitted)

    async def wait_for_answer(self, submitted: SubmittedTurn, seconds: float) -> CompletedTurn | None:
        """Wait for the answer of a turn; `None` if it takes longer than `seconds`."""
        return await (await self._conversations_of_session(submitted.session)).wait_for_answer(
            submitted, seconds
        )

    async def stream_pieces(
        self, submitted: SubmittedTurn, after: str, answer: asyncio.Task[CompletedTurn | None]
    ) -> AsyncIterator[TextPiece]:
        """Yield the pieces of a turn's text after the piece `after`, until `answer` is complete."""
        conversations = await self._conversations_of_session(submitted.session)
        async for piece in conversations.stream_pieces(submitted, after, answer):
            yield piece

    async def history(self, session_id: str, count: int = 100) -> History:
        """Return the latest messages of both sides, oldest first; suppressed replies are left out."""
        return await (await self._conversations_of_session(build_session_id(session_id))).history(
            session_id, count
        )

    async def wait_for_news(self, session_id: str, cursor: str, seconds: float) -> bool:
        """Wait until a history of this cursor is outdated; return whether it is, `seconds` later at most."""
        conversations = await self._conversations_of_session(build_session_id(session_id))
        return await conversations.wait_for_news(session_id, cursor, seconds)

    async def _conversations_of_client(self, client: WebSession) -> WebConversations:
        """Return the conversations of a client's partition. Raises `StorageUnavailable`."""
        try:
            return self._each[await self._placing.place_contact((build_session_id(client.id),))]
        except RedisError as error:
            raise StorageUnavailable(
                f"Redis did not return the session's partition: {type(error).__name__}"
            ) from error

    async def _conversations_of_session(self, session: str) -> WebConversations:
        return self._each[await self._placing.directory.find(session)]
