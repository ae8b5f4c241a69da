"""Console page with the simulated phone, and its JSON routes."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from pydantic import Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from core.model import ControlAction, ControlReceived, Owner
from gateway.bootstrap import PartitionStores
from gateway.console.layout.page import ConsolePage
from gateway.console.layout.partition_links import name_partition
from gateway.console.simulator.client import (
    SimulatedContact,
    Simulator,
    SurfaceEndpoint,
    find_conversation,
    query_simulator,
)
from gateway.redis.records.sessions.conversation_ids import ConversationIds
from gateway.redis.records.sessions.log.session_log import is_entry_id, read_log, read_owner
from gateway.redis.records.sessions.session_index import SessionIndex
from gateway.server.error_responses import error_response, service_unavailable
from gateway.server.json_requests import BadRequest, read_body
from gateway.server.operator_auth import OperatorAuth

_HERE = Path(__file__).parent.parent
_MAX_SLOT_LENGTH = 300
_NOTHING: dict[str, object] = {"node": "", "slots": [], "page": ""}
_SAMPLE_PICTURE_URL = "https://files.example.com/picture.jpg"


class SimulatedMessage(SimulatedContact):
    """A message typed, a button tapped or a picture sent on the simulated phone."""

    text: str = Field(min_length=1, max_length=1600)
    button: str = Field(default="", max_length=256)
    picture: bool = False

    def to_simulator(self, surface: str) -> dict[str, object]:
        """Return the body of the simulator's `/_simulator/say`."""
        return {
            "surface": surface,
            "person": self.person,
            "text": self.text,
            "button": self.button,
            "media": [_SAMPLE_PICTURE_URL] if self.picture else [],
        }


class OwnershipChange(SimulatedContact):
    """The new owner of the session."""

    act: ControlAction = Field(description="take_over or give_back")


class SimulatorPage(ConsolePage):
    """The page `/console/simulator` and its JSON routes. With real credentials nothing is simulated."""

    def __init__(
        self,
        stores: PartitionStores,
        access: OperatorAuth,
        simulator: Simulator | None,
        http: httpx.AsyncClient,
    ) -> None:
        super().__init__(access)
        self._stores = stores
        self._simulator = simulator
        self._http = http

    def routes(self) -> list[BaseRoute]:
        """Return all routes below `/console`."""
        return [
            self.get("/console/simulator", self.page),
            self.post("/console/say", self.send_message, "simulate_message"),
            self.post("/console/owner", self.change_owner, "simulate_owner"),
            self.get("/console/conversation", self.conversation),
            Mount("/console/static", StaticFiles(directory=_HERE / "static")),
        ]

    async def page(self, request: Request) -> Response:
        """Show the simulated phone."""
        return await self.show(request, "simulator/simulator.html", simulator=self._simulator)

    async def send_message(self, request: Request) -> Response:
        """Have the simulator send the contact's message by a signed webhook to this gateway."""
        if self._simulator is None:
            return _simulator_unavailable()
        try:
            message = SimulatedMessage.model_validate_json(await read_body(request))
            endpoint = self._simulator.find(message.surface)
        except BadRequest as error:
            return error.response
        except ValidationError:
            endpoint = None
        if endpoint is None:
            return error_response(
                400, "malformed", "surface, person and a text of 1 to 1600 characters are required"
            )
        try:
            body = message.to_simulator(endpoint.surface.surface)
            answer = await self._http.post(f"{endpoint.url}/_simulator/say", json=body)
            answer.raise_for_status()
        except httpx.HTTPError:
            return service_unavailable("the simulator does not answer")
        return JSONResponse({"id": answer.json()["sid"]})

    async def change_owner(self, request: Request) -> Response:
        """Take the session over from the bot, or hand it back."""
        if self._simulator is None:
            return _simulator_unavailable()
        try:
            change = OwnershipChange.model_validate_json(await read_body(request))
            endpoint = self._simulator.find(change.surface)
        except BadRequest as error:
            return error.response
        except ValidationError:
            endpoint = None
        if endpoint is None:
            return error_response(400, "malformed", "surface, person and act are required")
        if change.act not in (ControlAction.TAKE_OVER, ControlAction.GIVE_BACK):
            return error_response(400, "malformed", "act must be take_over or give_back")
        if endpoint.surface.has_desk:
            return error_response(
                400, "malformed", "agents of this channel use its own desk: see /console/agent"
            )
        conversation = endpoint.surface.locate(change.person)
        await self._stores.inbox.accept(
            [
                ControlReceived(
                    id=f"console:{uuid4().hex}",
                    session=conversation.session,
                    address=conversation.address,
                    act=change.act,
                    actor="console",
                    aliases=conversation.aliases,
                )
            ]
        )
        return JSONResponse({"act": change.act})

    async def conversation(self, request: Request) -> Response:
        """Return a session's log after the entry `after`, and its owner."""
        if self._simulator is None:
            return _simulator_unavailable()
        query = request.query_params
        try:
            contact = SimulatedContact(surface=query.get("surface", ""), person=query.get("person", ""))
            endpoint = self._simulator.find(contact.surface)
        except BadRequest as error:
            return error.response
        except ValidationError:
            endpoint = None
        if endpoint is None:
            return error_response(400, "malformed", "surface and person are required")
        after = query.get("after", "")
        if after and not is_entry_id(after):
            return error_response(400, "malformed", "after must be the id of a log entry")
        try:
            conversation = await find_conversation(endpoint, contact.person, self._http)
        except httpx.HTTPError:
            return service_unavailable("the simulator does not answer")
        if conversation is None:
            return JSONResponse({"entries": [], "owner": Owner.BOT, "offers": {}, "inspected": _NOTHING})
        number = await self._stores.find_partition(conversation.session)
        store = self._stores.each[number]
        session = await store.inbox.find_session(conversation.session)
        entries = await read_log(store.redis, session, after)
        owner = await read_owner(store.redis, session)
        offers = (
            await self._load_message_extras(endpoint, contact.person)
            if endpoint.surface.shows_choices and entries
            else {}
        )
        return JSONResponse(
            {
                "entries": [entry.model_dump() for entry in entries],
                "owner": owner,
                "offers": offers,
                "inspected": await self._inspect(number, session),
            }
        )

    async def _inspect(self, number: int, session: str) -> dict[str, object]:
        """Return the session's node, its slots, and the page with its timeline, which is in a partition."""
        redis = self._stores.each[number].redis
        state: Any = await SessionIndex(redis).read_state(session)
        if not isinstance(state, dict):
            return _NOTHING
        ids = ConversationIds(redis)
        await ids.load()
        page = f"/console/conversations/{ids.encode(session)}"
        slots = state.get("slots")
        known = slots.items() if isinstance(slots, dict) else ()
        return {
            "node": str(state.get("node") or ""),
            "slots": [
                [name, str(value)[:_MAX_SLOT_LENGTH]] for name, value in known if value not in (None, "")
            ],
            "page": name_partition(page, number) if len(self._stores.each) > 1 else page,
        }

    async def _load_message_extras(self, endpoint: SurfaceEndpoint, contact: str) -> dict[str, object]:
        """Return the quick replies and media of each message, by the provider's message id."""
        try:
            answer = await query_simulator(self._http, endpoint.url, "messages", contact)
        except httpx.HTTPError:
            return {}
        lines = [line for line in answer["messages"] if line["direction"] == "out"]
        return {line["id"]: {"choices": line["choices"], "media": line["media"]} for line in lines}


def _simulator_unavailable() -> Response:
    return error_response(404, "no_simulator", "real credentials are set, so no provider is simulated here")
