"""The agent's pane beside the simulated phone: what people at a provider's desk see and do."""

from __future__ import annotations

import httpx
from pydantic import Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.console.simulator_client import SimulatedContact, Simulator, query_simulator
from gateway.server.error_responses import error_response, service_unavailable
from gateway.server.operator_auth import OperatorAuth


class DeskAction(SimulatedContact):
    """One of the desk's moves, with words where it takes any."""

    move: str = Field(pattern="^[a-z_]{1,40}$")
    text: str = Field(default="", max_length=10_000)


class ProviderDeskPage:
    """`/console/agent`. The available actions come from the provider's simulator."""

    def __init__(self, access: OperatorAuth, simulator: Simulator | None, http: httpx.AsyncClient) -> None:
        self._operator_auth = access
        self._simulator = simulator
        self._http = http

    def routes(self) -> list[Route]:
        """What the pane shows, and what is done in it."""
        guard = self._operator_auth.require
        return [
            Route("/console/agent", guard(self.show_conversation), methods=["GET"]),
            Route("/console/agent", guard(self.run_action), methods=["POST"]),
        ]

    async def show_conversation(self, request: Request) -> Response:
        """How a person's conversation stands, what was said after the line `after`, and the moves."""
        query = request.query_params
        try:
            person = SimulatedContact(surface=query.get("surface", ""), person=query.get("person", ""))
            desk = self._simulator and self._simulator.find_desk(person.surface)
        except ValidationError:
            desk = None
        after = query.get("after", "0")
        if desk is None or not (after.isascii() and after.isdigit() and len(after) < 19):
            return error_response(400, "malformed", "surface (one with a desk), person and after are needed")
        try:
            found = await query_simulator(self._http, desk.url, "desk", person.person)
            told = await query_simulator(self._http, desk.url, "messages", person.person, after=after)
        except httpx.HTTPError:
            return service_unavailable("the simulator does not answer")
        lines = [line for line in told["messages"] if line["direction"] in ("agent", "note")]
        return JSONResponse({**found, "lines": lines, "last": told["last"]})

    async def run_action(self, request: Request) -> Response:
        """Run an agent's action; the provider's simulator reports it to this gateway by a signed webhook."""
        try:
            deed = DeskAction.model_validate_json(await request.body())
            desk = self._simulator and self._simulator.find_desk(deed.surface)
        except ValidationError:
            desk = None
        if desk is None:
            return error_response(400, "malformed", "surface (one with a desk), person and move are needed")
        body = {"from": deed.person, "move": deed.move, "text": deed.text}
        try:
            answer = await self._http.post(f"{desk.url}/_simulator/act", json=body)
        except httpx.HTTPError:
            return service_unavailable("the simulator does not answer")
        if answer.status_code == 400:
            return error_response(400, "malformed", "an agent cannot do that now; some moves need words")
        return JSONResponse({"move": deed.move})
