"""Stream of server-sent events that tells an open page that it has changed; the page then reads itself again.

The events have no content: what a role may see is decided where the page is read.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from time import monotonic
from typing import Final

from redis.exceptions import RedisError
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from gateway.access.operator_keys import Role
from gateway.console.layout.live_views import LiveView, ViewName, ViewSubscription, ViewWatcher
from gateway.console.layout.page import ConsolePage
from gateway.redis.records.sessions.conversation_ids import ConversationIds
from gateway.server.error_responses import error_response
from gateway.server.operator_auth import Identity, OperatorAuth

MAX_STREAMS: Final = 200
MAX_STREAMS_OF_ONE: Final = 40
_HEARTBEAT_SECONDS: Final = 15.0
_CHECK_SECONDS: Final = 3.0
_MAX_SECONDS: Final = 3_600.0
_RETRY_MS: Final = (2_000, 6_000)
_PAUSES: Final = {ViewName.CONVERSATION: 0.5, ViewName.INBOX: 0.5, ViewName.CONVERSATIONS: 2.0}
_OTHER_PAUSE: Final = 5.0
_VERSION: Final = re.compile(r"[0-9a-f]{1,32}")
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # nginx would buffer events
    "X-Content-Type-Options": "nosniff",
}


class LiveUpdates(ConsolePage):
    """The stream `/console/events`. A page without it asks every 15 seconds."""

    def __init__(
        self,
        operator: OperatorAuth,
        watcher: ViewWatcher | None = None,
        *,
        check_seconds: float = _CHECK_SECONDS,
        heartbeat_seconds: float = _HEARTBEAT_SECONDS,
    ) -> None:
        super().__init__(operator)
        self._watcher = watcher or ViewWatcher(operator.redis)
        self._ids = ConversationIds(operator.redis)
        self._check_seconds = check_seconds
        self._heartbeat_seconds = heartbeat_seconds
        self._streams: Counter[str] = Counter()

    def routes(self) -> list[Route]:
        """Return the stream's route."""
        return [self.get("/console/events", self.stream)]

    async def stream(self, request: Request) -> Response:
        """Send an event at each change of a view, until the reader leaves or may not read it any more."""
        identity: Identity = request.state.identity
        view = await self._parse_view(request)
        if view is None:
            return error_response(400, "malformed", "view must be one of " + ", ".join(ViewName))
        if self._streams.total() >= MAX_STREAMS or self._streams[identity.name] >= MAX_STREAMS_OF_ONE:
            return error_response(
                503,
                "too_many_streams",
                "too many pages are open; this one asks in turns",
                {"Retry-After": "60"},
            )
        version = request.headers.get("last-event-id") or request.query_params.get("since", "")
        events = self._send(request, identity, view, version if _VERSION.fullmatch(version) else "")
        return StreamingResponse(events, media_type="text/event-stream", headers=_HEADERS)

    async def _parse_view(self, request: Request) -> LiveView | None:
        query = request.query_params
        name = query.get("view", "")
        if name not in set(ViewName):
            return None
        await self._ids.load()
        return LiveView(ViewName(name), self._ids.decode(query.get("conversation", "")))

    async def _send(
        self, request: Request, identity: Identity, view: LiveView, version: str
    ) -> AsyncIterator[str]:
        self._streams[identity.name] += 1
        try:
            yield f"retry: {random.randint(*_RETRY_MS)}\n\n"  # noqa: S311 # spreads reconnections
            with self._watcher.watch(view, version) as watch:
                async for event in self._follow(request, identity, view, watch):
                    yield event
        finally:
            self._streams[identity.name] -= 1
            self._streams += Counter()  # forgets names without streams

    async def _follow(
        self, request: Request, identity: Identity, view: LiveView, watch: ViewSubscription
    ) -> AsyncIterator[str]:
        pause = _PAUSES.get(view.name, _OTHER_PAUSE)
        begun = beat = monotonic()
        stopping = getattr(request.state, "stopping", None) or asyncio.Event()
        while monotonic() - begun < _MAX_SECONDS:
            has_changed = await _wait_for_any(watch, stopping, self._check_seconds)
            if stopping.is_set():
                return
            if not await self._may_still_read(request, identity):
                yield "event: end\ndata: \n\n"
                return
            if has_changed:
                beat = monotonic()
                yield f"id: {watch.take()}\nevent: changed\ndata: \n\n"
                with suppress(TimeoutError):
                    await asyncio.wait_for(stopping.wait(), pause)
            elif monotonic() - beat >= self._heartbeat_seconds:
                beat = monotonic()
                yield "event: alive\ndata: \n\n"  # not a comment, which scripts do not see

    async def _may_still_read(self, request: Request, identity: Identity) -> bool:
        """Authorize the reader again: a session may have ended, and a key may have lost its role."""
        try:
            present = await self._operator_auth.identify(request)
        except (RedisError, OSError):
            return True  # nothing is shown without Redis
        return (
            isinstance(present, Identity)
            and present.role is identity.role
            and present.role.includes(Role.VIEWER)
        )


async def _wait_for_any(watch: asyncio.Event, stopping: asyncio.Event, seconds: float) -> bool:
    """Wait until the view changes or the process stops, at most some seconds; return whether it changed."""
    waits = [asyncio.ensure_future(each.wait()) for each in (watch, stopping)]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waits:
            each.cancel()
    return watch.is_set()
