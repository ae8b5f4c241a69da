"""Inbox decorator that finds the messages with which contacts opt out or in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Final, cast

import httpx
from redis.asyncio import Redis
from redis.exceptions import RedisError

from channels._kit.inbound import OptOutRecognizer, OptOutWordSet, fold_keyword
from core.errors import StorageUnavailable
from core.model import ConsentRequest, Event, Turn, TurnReceived
from core.ports import AcceptResult, Channel, Inbox
from flows.nlu import Transcript, remove_quotations
from gateway.redis.records.sessions.session_index import SessionIndex

_MAX_LENGTH: Final = 8_000
"""Length of a message in which the contact's own words are looked for, as in `remove_quotations`."""


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
        said, request = self._recognize(event.turn, by_phone=event.by_phone)
        if request is None:
            return event
        labels = await self._read_offered(event.turn.session)
        if {fold_keyword(said), fold_keyword(event.turn.text), fold_keyword(event.turn.payload)} & labels:
            return event
        return event.model_copy(update={"request": request})

    def _recognize(self, turn: Turn, *, by_phone: bool) -> tuple[str, ConsentRequest | None]:
        """Return the contact's words and what they ask for; for a tapped button its payload, then its label.

        A label such as "Stop" may be that of an earlier choice. A shared contact, a place or a filled-in form
        is not what the contact says.
        """
        if turn.location or turn.form is not None or turn.order or turn.contacts or turn.reaction:
            return "", None
        words: OptOutWordSet = "short" if by_phone else "explicit"
        if not by_phone and (channel := self._channels.get(turn.address.channel)):
            words = channel.capabilities.opt_out_words
        said = turn.payload or turn.text
        request = self._recognizer.recognize(said, words)
        if request is None and turn.payload:
            labelled = self._recognizer.recognize(turn.text, "explicit")
            request = None if labelled is ConsentRequest.OPT_IN else labelled
        elif request is None and (said := self._find_own_words(turn, words)):
            request = self._recognizer.recognize(said, words)
        return said, request

    def _find_own_words(self, turn: Turn, words: OptOutWordSet) -> str:
        """Return a message without subject, quotations and signature, if its first line may be a request."""
        text = turn.text[:_MAX_LENGTH]
        text = text.removeprefix(turn.subject).strip() if turn.subject else text
        if text == turn.text and "\n" not in text:  # which was read as a whole
            return ""
        lines = (line for line in text.split("\n") if line.strip() and line.lstrip()[0] != ">")
        if not any(self._recognizer.recognize(line, words) for line in islice(lines, 1)):
            return ""
        return remove_quotations(text, Transcript()).text

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
