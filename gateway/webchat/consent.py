"""`/contacts/{id}/opt-out`: opts a contact out of messages, and in again."""

from __future__ import annotations

from redis.asyncio import Redis
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from core.model import MIN_CONTACT_LENGTH, ControlAction
from core.ports import Inbox
from gateway.redis.records.opt_outs import OptOuts
from gateway.server.error_responses import error_response
from gateway.server.json_requests import BadRequest, parse_json_body
from gateway.server.operator_auth import OperatorAuth
from gateway.webchat.path_parameters import ANY_TEXT
from gateway.webchat.schemas import OptOutAnswer, OptOutRequest


class ConsentApi:
    """Routes of opt-outs, for the operator only."""

    def __init__(self, redis: Redis, inbox: Inbox, operator: OperatorAuth) -> None:
        self._opt_outs = OptOuts(redis, inbox)
        self._operator_auth = operator

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        path = f"/contacts/{{contact:{ANY_TEXT}}}/opt-out"
        return [
            Route(path, self._operator_auth.require(self.opt_out, act="opt_out"), methods=["POST"]),
            Route(path, self._operator_auth.require(self.opt_in, act="opt_in"), methods=["DELETE"]),
        ]

    async def opt_out(self, request: Request) -> Response:
        """Opt a contact out, of everything or of marketing."""
        try:
            body = await parse_json_body(request, OptOutRequest)
        except BadRequest as error:
            return error.response
        return await self._change(request, ControlAction.OPT_OUT, body)

    async def opt_in(self, request: Request) -> Response:
        """End a contact's opt-out, whatever its scope."""
        return await self._change(request, ControlAction.OPT_IN, OptOutRequest())

    async def _change(self, request: Request, act: ControlAction, body: OptOutRequest) -> Response:
        contact = request.path_params["contact"]
        if len(contact) < MIN_CONTACT_LENGTH:
            return error_response(400, "bad_request", "give the full phone number, address, ID or session")
        sessions = await self._opt_outs.change(contact, act, body.scope)
        if not sessions:
            return error_response(404, "unknown_contact", "no message was received from this contact")
        answer = OptOutAnswer(opted_out=act is ControlAction.OPT_OUT, scope=body.scope, sessions=sessions)
        return JSONResponse(answer.model_dump(mode="json"))
