"""`/contacts/{id}`: opt-outs, export and erasure of a contact, for the operator."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from core.errors import InvalidContact, StorageUnavailable
from core.model import MIN_CONTACT_LENGTH, ControlAction
from gateway.partitions.records.contact_partitions import ContactPartitions
from gateway.redis.sending.first_contact import ContactAddress
from gateway.redis.sending.new_opt_outs import NewOptOuts
from gateway.redis.sending.send_outcome import SendOutcome
from gateway.server.error_responses import error_response, service_unavailable
from gateway.server.json_requests import BadRequest, parse_json_body
from gateway.server.operator_auth import OperatorAuth
from gateway.webchat.api.path_parameters import ANY_TEXT
from gateway.webchat.schemas.requests import OptOutRequest
from gateway.webchat.schemas.responses import OptOutAnswer

FILE_SECONDS = 10.0
"""Seconds for which a client waits for the rewrite of the server's files; it goes on after that."""


class ConsentApi:
    """Routes of contacts, for the operator only."""

    def __init__(
        self, partitions: ContactPartitions, new_opt_outs: NewOptOuts, operator: OperatorAuth
    ) -> None:
        self._partitions = partitions
        self._new_opt_outs = new_opt_outs
        self._operator_auth = operator

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        contact = f"/contacts/{{contact:{ANY_TEXT}}}"
        require = self._operator_auth.require
        return [
            Route(f"{contact}/opt-out", require(self.opt_out, act="opt_out"), methods=["POST"]),
            Route(f"{contact}/opt-out", require(self.opt_in, act="opt_in"), methods=["DELETE"]),
            Route(f"{contact}/export", require(self.export, act="export"), methods=["GET"]),
            Route(contact, require(self.erase, act="erase"), methods=["DELETE"]),
        ]

    async def opt_out(self, request: Request) -> Response:
        """Opt a contact out, of everything or of marketing; with a channel also one who has never written."""
        try:
            body = await parse_json_body(request, OptOutRequest)
        except BadRequest as error:
            return error.response
        return await self._change(request, ControlAction.OPT_OUT, body)

    async def opt_in(self, request: Request) -> Response:
        """End a contact's opt-out, whatever its scope."""
        return await self._change(request, ControlAction.OPT_IN, OptOutRequest())

    async def export(self, request: Request) -> Response:
        """Return all that is stored of a contact."""
        if refusal := _refuse_short_contact(request):
            return refusal
        exported = await self._partitions.export(request.path_params["contact"])
        return JSONResponse(exported) if exported else _unknown_contact()

    async def erase(self, request: Request) -> Response:
        """Erase a contact, and return what was removed."""
        if refusal := _refuse_short_contact(request):
            return refusal
        try:
            receipt = await self._partitions.erasure.erase(request.path_params["contact"], FILE_SECONDS)
        except StorageUnavailable as error:
            return service_unavailable(str(error))
        return _unknown_contact() if receipt.is_empty else JSONResponse(receipt.model_dump())

    async def _change(self, request: Request, act: ControlAction, body: OptOutRequest) -> Response:
        if refusal := _refuse_short_contact(request):
            return refusal
        contact = request.path_params["contact"]
        try:
            sessions = await self._change_sessions(contact, act, body)
        except InvalidContact as error:
            return error_response(422, SendOutcome.INVALID_CONTACT, str(error))
        if not sessions:
            return _unknown_contact()
        answer = OptOutAnswer(opted_out=act is ControlAction.OPT_OUT, scope=body.scope, sessions=sessions)
        return JSONResponse(answer.model_dump(mode="json"))

    async def _change_sessions(self, contact: str, act: ControlAction, body: OptOutRequest) -> list[str]:
        """Store the change, and return the sessions. Raises `InvalidContact`."""
        if not body.channel:
            return await self._partitions.opt_outs.change(contact, act, body.scope)
        address = ContactAddress(channel=body.channel, account=body.account, to=contact, sender=body.sender)
        session, _ = await self._new_opt_outs.opt_out(address, body.scope, actor="operator")
        return [session]


def _refuse_short_contact(request: Request) -> Response | None:
    if len(request.path_params["contact"].strip()) >= MIN_CONTACT_LENGTH:
        return None
    return error_response(400, "bad_request", "give the full phone number, address, ID or session")


def _unknown_contact() -> Response:
    return error_response(404, "unknown_contact", "nothing is stored of this contact; check the spelling")
