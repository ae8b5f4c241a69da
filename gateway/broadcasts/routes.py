"""HTTP API of broadcasts: `/broadcasts`, with the recipients as CSV in the body."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from gateway.access.operator_keys import Role
from gateway.broadcasts.broadcast import Broadcast, Progress
from gateway.broadcasts.message_outcomes import follow_messages
from gateway.broadcasts.outcome_file import write_outcomes
from gateway.broadcasts.preview import Previewer
from gateway.broadcasts.recipient_file import Recipient, RecipientFileError, read_recipients
from gateway.broadcasts.store import BroadcastAct, Broadcasts, StartResult
from gateway.redis.records.sessions.proactive_messages import ProactiveMessages
from gateway.redis.sending.outbox import ProactiveSender
from gateway.server.error_responses import error_response
from gateway.server.json_requests import describe_validation_error
from gateway.server.operator_auth import OperatorAuth

MAX_BODY_BYTES: Final = 20 * 1024 * 1024
_MAX_SKIPPED_ROWS: Final = 1_000


class BroadcastList(BaseModel):
    """The newest broadcasts."""

    broadcasts: list[Progress]


class BroadcastApi:
    """Routes of broadcasts, for the operator only."""

    def __init__(
        self,
        store: Broadcasts,
        sender: ProactiveSender,
        messages: ProactiveMessages,
        operator: OperatorAuth,
    ) -> None:
        self._store = store
        self._messages = messages
        self._previewer = Previewer(sender)
        self._operator_auth = operator

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        guard = self._operator_auth.require
        return [
            Route("/broadcasts", guard(self.start, act="start_broadcast"), methods=["POST"]),
            Route("/broadcasts", guard(self.list, Role.VIEWER), methods=["GET"]),
            Route("/broadcasts/{name}", guard(self.show, Role.VIEWER), methods=["GET"]),
            Route("/broadcasts/{name}/recipients", guard(self.export, Role.VIEWER), methods=["GET"]),
            Route(
                "/broadcasts/{name}/{act:str}", guard(self.change, act="change_broadcast"), methods=["POST"]
            ),
        ]

    async def start(self, request: Request) -> Response:
        """Start a broadcast, whose definition is the query and whose recipients are the body.

        With `dry_run=1` nothing is sent: the answer says who would get it, and why others would not.
        """
        given = dict(request.query_params)
        is_dry_run = given.pop("dry_run", "") in ("1", "true")
        if "from" in given:
            given["sender"] = given.pop("from")
        try:
            broadcast = Broadcast.model_validate(given)
            request.state.audit_target = broadcast.name
            body = await _read_body(request)
            recipients = await asyncio.to_thread(lambda: list(read_recipients(body)))
        except ValidationError as error:
            return error_response(400, "bad_request", describe_validation_error(error))
        except RecipientFileError as error:
            return error_response(400, "bad_file", str(error))
        if not recipients:
            return error_response(400, "bad_file", "the file has no rows below its header")
        if is_dry_run:
            request.state.audit_act = "preview_broadcast"
            preview = await self._previewer.run(broadcast, recipients)
            answer = preview.model_dump(mode="json")
            return JSONResponse({**answer, "skipped": answer["skipped"][:_MAX_SKIPPED_ROWS]})
        return await self._start(broadcast, recipients)

    async def _start(self, broadcast: Broadcast, recipients: Sequence[Recipient]) -> Response:
        result = await self._store.start(broadcast, recipients)
        if result is StartResult.OTHER:
            reason = "a broadcast of this name has another content; give this one another name"
            return error_response(409, "name_used", reason)
        progress = await self._store.read(broadcast.name)
        assert progress is not None, "it was just stored"
        return JSONResponse(progress.model_dump(mode="json"), 202)

    async def list(self, request: Request) -> Response:
        """Return the newest broadcasts."""
        found = [await self._store.read(name) for name in await self._store.list_names()]
        return JSONResponse(BroadcastList(broadcasts=list(filter(None, found))).model_dump(mode="json"))

    async def show(self, request: Request) -> Response:
        """Return a broadcast's progress."""
        progress = await self._store.read(request.path_params["name"])
        return (
            _unknown_broadcast_response()
            if progress is None
            else JSONResponse(progress.model_dump(mode="json"))
        )

    async def export(self, request: Request) -> Response:
        """Return the present outcome of each recipient as CSV."""
        name = request.path_params["name"]
        progress = await self._store.read(name)
        if progress is None:
            return _unknown_broadcast_response()
        rows = follow_messages(self._store.read_outcomes(name), self._messages, progress.broadcast)
        return StreamingResponse(write_outcomes(rows), media_type="text/csv")

    async def change(self, request: Request) -> Response:
        """Pause, resume or stop a broadcast. A repetition has no effect."""
        name, act = request.path_params["name"], request.path_params["act"]
        if act not in set(BroadcastAct):
            return error_response(404, "not_found", "there is pause, resume and stop")
        request.state.audit_act = f"{act}_broadcast"
        if await self._store.read(name) is None:
            return _unknown_broadcast_response()
        if not await self._store.change(name, BroadcastAct(act)):
            return error_response(409, "wrong_state", f"the broadcast cannot be changed by {act} any more")
        return await self.show(request)


def _unknown_broadcast_response() -> Response:
    return error_response(404, "unknown_broadcast", "there is no broadcast of this name")


async def _read_body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            limit = f"a request has at most {MAX_BODY_BYTES} bytes"
            raise RecipientFileError(f"{limit}; start larger broadcasts with `turngate broadcast start`")
    return bytes(body)
