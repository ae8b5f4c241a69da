"""`POST /messages/{message_id}/redact`: deletes the text of one message, for the operator."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from gateway.redis.records.redaction.operator_redaction import OperatorRedaction
from gateway.server.error_responses import error_response
from gateway.server.json_requests import BadRequest, parse_json_body
from gateway.server.operator_auth import OperatorAuth, name_target
from gateway.webchat.api.path_parameters import ANY_TEXT
from gateway.webchat.schemas.requests import RedactionRequest


class RedactionApi:
    """The route, for the operator only."""

    def __init__(self, redaction: OperatorRedaction, operator: OperatorAuth) -> None:
        self._redaction = redaction
        self._operator_auth = operator

    def routes(self) -> list[BaseRoute]:
        """Return the route."""
        guarded = self._operator_auth.require(self.redact, act="redact")
        return [Route(f"/messages/{{message_id:{ANY_TEXT}}}/redact", guarded, methods=["POST"])]

    async def redact(self, request: Request) -> Response:
        """Redact a message, and return the sessions in which it was found."""
        try:
            body = await parse_json_body(request, RedactionRequest)
        except BadRequest as error:
            return error.response
        result = await self._redaction.redact(request.path_params["message_id"], body.session)
        if not result.sessions:
            return error_response(404, "unknown_message", "no message with this ID is kept")
        name_target(request, result.sessions[0])
        return JSONResponse(result.model_dump())
