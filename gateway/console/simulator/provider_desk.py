"""Simulated provider desk beside the simulated phone: what agents see and do there."""

from __future__ import annotations

import httpx
from pydantic import Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.console.layout.page import ConsolePage
from gateway.console.simulator.client import SimulatedContact, Simulator, query_simulator
from gateway.server.error_responses import error_response, service_unavailable
from gateway.server.json_requests import BadRequest, read_body
from gateway.server.operator_auth import OperatorAuth


class DeskAction(SimulatedContact):
    """An action of the desk, with its text if it takes one."""

    move: str = Field(pattern="^[a-z_]{1,40}$")
    text: str = Field(default="", max_length=10_000)


class ProviderDeskPage(ConsolePage):
    """Routes of `/console/agent`. The simulator of the desk names the possible actions."""

    def __init__(self, access: OperatorAuth, simulator: Simulator | None, http: httpx.AsyncClient) -> None:
        super().__init__(access)
        self._simulator = simulator
        self._http = http

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            self.get("/console/agent", self.show_conversation),
            self.post("/console/agent", self.run_action, "simulate_agent"),
        ]

    async def show_conversation(self, request: Request) -> Response:
        """Return the conversation's status, its messages after the line `after`, and the possible actions."""
        query = request.query_params
        try:
            contact = SimulatedContact(surface=query.get("surface", ""), person=query.get("person", ""))
            desk = self._simulator and self._simulator.find_desk(contact.surface)
        except BadRequest as error:
            return error.response
        except ValidationError:
            desk = None
        after = query.get("after", "0")
        if desk is None or not (after.isascii() and after.isdigit() and len(after) < 19):
            return error_response(
                400, "malformed", "surface (one with a desk), person and after are required"
            )
        try:
            status = await query_simulator(self._http, desk.url, "desk", contact.person)
            answer = await query_simulator(self._http, desk.url, "messages", contact.person, after=after)
        except httpx.HTTPError:
            return service_unavailable("the simulator does not answer")
        lines = [line for line in answer["messages"] if line["direction"] in ("agent", "note")]
        return JSONResponse({**status, "lines": lines, "last": answer["last"]})

    async def run_action(self, request: Request) -> Response:
        """Run an agent's action; the simulator notifies this gateway with a signed webhook."""
        try:
            action = DeskAction.model_validate_json(await read_body(request))
            desk = self._simulator and self._simulator.find_desk(action.surface)
        except BadRequest as error:
            return error.response
        except ValidationError:
            desk = None
        if desk is None:
            return error_response(400, "malformed", "surface (one with a desk), person and move are required")
        body = {"from": action.person, "move": action.move, "text": action.text}
        try:
            answer = await self._http.post(f"{desk.url}/_simulator/act", json=body)
        except httpx.HTTPError:
            return service_unavailable("the simulator does not answer")
        if answer.status_code == 400:
            return error_response(400, "malformed", "this action is not possible now, or it needs a text")
        return JSONResponse({"move": action.move})
