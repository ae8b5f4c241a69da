"""The route `GET /web/history`: the messages so far, at once or when there are new ones (long polling)."""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gateway.server.error_responses import error_response
from gateway.webchat.conversations import WebConversations
from gateway.webchat.schemas.responses import HistoryAnswer
from gateway.webchat.sessions.session_tokens import ClientAuth

MAX_WAIT_SECONDS: Final = 25
"""Longest wait: proxies often end a request without an answer after 30 seconds."""

MAX_WAITS: Final = 200
"""Requests of a process that may wait at a time: each holds a connection, which webhooks need too."""

_NO_STORE: Final = {"Cache-Control": "no-store"}


class HistoryApi:
    """Reads histories. While too many requests wait, further ones are answered at once."""

    def __init__(self, conversations: WebConversations, client_auth: ClientAuth) -> None:
        self._conversations = conversations
        self._client_auth = client_auth
        self._waits = 0

    async def read(self, request: Request) -> Response:
        """Return the messages of both sides; with `after` only if there are new ones, or once there are."""
        query = request.query_params
        session = await self._client_auth.authorize_session(request, query.get("session_id", ""))
        if isinstance(session, Response):
            return session
        seconds = _parse_seconds(query.get("wait", "0"))
        if seconds is None:
            return error_response(400, "bad_request", f"wait: not a number from 0 to {MAX_WAIT_SECONDS}")
        after = query.get("after")
        if after is not None and not await self._has_news(request, session.id, after, seconds):
            return _answer(HistoryAnswer(messages=None, cursor=after))
        history = await self._conversations.history(session.id)
        return _answer(HistoryAnswer(messages=history.messages, cursor=history.cursor))

    async def _has_news(self, request: Request, session_id: str, after: str, seconds: int) -> bool:
        """Wait for news until the time is over, the client leaves, or the process stops."""
        stopping = getattr(request.state, "stopping", None) or asyncio.Event()
        allowed = seconds if self._waits < MAX_WAITS and not stopping.is_set() else 0
        if not allowed:
            return await self._conversations.wait_for_news(session_id, after, 0)
        news = asyncio.ensure_future(self._conversations.wait_for_news(session_id, after, allowed))
        ends = [asyncio.ensure_future(each) for each in (stopping.wait(), _wait_for_disconnect(request))]
        self._waits += 1
        try:
            await asyncio.wait([news, *ends], return_when=asyncio.FIRST_COMPLETED)
            return news.done() and news.result()
        finally:
            self._waits -= 1
            for each in (news, *ends):
                each.cancel()


async def _wait_for_disconnect(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _parse_seconds(text: str) -> int | None:
    """Return the seconds of the parameter `wait`; `None` if they are no number, or too many."""
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(MAX_WAIT_SECONDS))
    return int(text) if is_number and int(text) <= MAX_WAIT_SECONDS else None


def _answer(answer: HistoryAnswer) -> Response:
    return JSONResponse(answer.model_dump(mode="json"), headers=_NO_STORE)
