"""Inbox decorator that finds the messages with which contacts opt out or in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import httpx
from redis.asyncio import Redis
from redis.exceptions import RedisError

from channels._kit.inbound import OptOutRecognizer, fold_keyword
from core.errors import StorageUnavailable
from core.model import ConsentRequest, Event, Turn, TurnReceived
from core.ports import AcceptResult, Channel, Inbox
from gateway.redis.records.sessions.session_index import SessionIndex


class OptOutRequests:
    """Marks messages that opt out or in by their words, never the answer to a choice that was shown.

    Whether a request changes anything is decided with the message's storage (accept.lua).
    """

    def __init__(
        self,
        redis: Redis,
        inbox: Inbox,
        channels: Mapping[str, Channel[httpx.AsyncClient]],
        additional_words: Sequence[str] = (),
    ) -> None:
        """Create the decorator; `channels` say which words count, `additional_words` count on all of them."""
        self._sessions = SessionIndex(redis)
        self._inbox = inbox
        self._channels = channels
        self._recognizer = OptOutRecognizer(additional_words)

    async def accept(self, events: Sequence[Event]) -> list[AcceptResult]:
        """Store a request's events, with the requests among them; see `core.ports.inbox.Inbox`."""
        return await self._inbox.accept([await self._mark_request(event) for event in events])

    async def _mark_request(self, event: Event) -> Event:
        if not isinstance(event, TurnReceived) or event.request:
            return event
        request = self._recognize(event.turn)
        if request is None:
            return event
        labels = await self._read_offered(event.turn.session)
        if {fold_keyword(event.turn.text), fold_keyword(event.turn.payload)} & labels:
            return event
        return event.model_copy(update={"request": request})

    def _recognize(self, turn: Turn) -> ConsentRequest | None:
        """Return what a message asks for; for a tapped button its payload counts."""
        if turn.attachments or turn.location or turn.form is not None or turn.order or turn.reaction:
            return None
        channel = self._channels.get(turn.address.channel)
        words = channel.capabilities.opt_out_words if channel else "explicit"
        return self._recognizer.recognize(turn.payload or turn.text, words)

    async def _read_offered(self, session: str) -> set[str]:
        """Return the choices that the dialog showed last, folded."""
        try:
            state = await self._sessions.read_state(session) or {}
        except RedisError as error:
            raise StorageUnavailable(
                f"Redis did not return the session's choices: {type(error).__name__}"
            ) from error
        offered = cast("list[object]", state.get("offered", []))
        choices = [each for each in offered if isinstance(each, dict)]
        return {
            folded
            for each in choices
            for name in ("label", "payload")
            if (folded := fold_keyword(str(each.get(name, ""))))
        }
