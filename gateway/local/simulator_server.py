"""HTTP server of a provider's simulator: its API, its webhooks, and control endpoints.

The control endpoints are `/_simulator/say`, `/_simulator/messages`, `/_simulator/faults` and, for the agent
desk, `/_simulator/desk` and `/_simulator/act`; every other path is the provider's API.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict

import httpx
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from channels._kit.simulator import (
    DeskStatus,
    FaultSettings,
    ProviderSimulator,
    SimulatedDesk,
    SimulatorRequest,
    SimulatorResponse,
    UserMessage,
)
from gateway.local.webhook_dispatcher import WebhookDispatcher

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_SEND_KEY = "turngate.send"


class AgentActionRequest(BaseModel):
    """Body of `/_simulator/act`: one of the actions that `/_simulator/desk` lists, and its text, if any."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True)

    person: str = Field(alias="from", min_length=1, max_length=200)
    move: str = Field(pattern="^[a-z_]{1,40}$")
    text: str = Field(default="", max_length=10_000)


class UserMessageRequest(BaseModel):
    """Body of `/_simulator/say`. With `wait` the response comes after the first webhook attempt."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True)

    surface: str = Field(pattern="^[a-z]{1,20}$")
    person: str = Field(alias="from", min_length=1, max_length=200)
    text: str = Field(default="", max_length=10_000)
    ours: str = Field(default="", alias="to")
    name: str = ""
    button: str = ""
    media: tuple[str, ...] = ()
    media_type: str = "image/jpeg"
    place: tuple[float, float] | None = None
    form: dict[str, str] | None = None
    reaction: str = Field(default="", max_length=40)
    participant: str = Field(default="", max_length=200)
    wait: bool = False

    def to_user_message(self) -> UserMessage:
        """Convert to the simulator's type."""
        return UserMessage(**self.model_dump(exclude={"wait"}))


class SimulatorServer:
    """ASGI application. `http` sends the webhooks; `pace` multiplies all delays (0: none).

    `clock` returns seconds since the epoch. The simulator is called from the event loop's thread only.
    """

    def __init__(
        self,
        simulator: ProviderSimulator,
        http: httpx.AsyncClient,
        *,
        clock: Callable[[], float] = time.time,
        concurrency: int = 64,
        pace: float = 1.0,
        reroute: tuple[str, str] = ("", ""),
    ) -> None:
        """Prepare the server. Webhooks to the first URL of `reroute` are delivered to the second."""
        self.simulator = simulator
        self._clock = clock
        self._delay_factor = pace
        self._webhooks = WebhookDispatcher(
            simulator, http, clock=clock, concurrency=concurrency, pace=pace, reroute=reroute
        )
        self._app = Starlette(
            routes=[
                Route("/_simulator/say", self._handle_user_message, methods=["POST"]),
                Route("/_simulator/messages", self._list_messages, methods=["GET"]),
                Route("/_simulator/faults", self._set_faults, methods=["POST"]),
                Route("/_simulator/desk", self._show_desk, methods=["GET"]),
                Route("/_simulator/act", self._handle_agent_action, methods=["POST"]),
                Route("/{path:path}", self._handle_api_request, methods=_METHODS),
            ],
            lifespan=self._lifespan,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        scope[_SEND_KEY] = send  # the server's own `send`, for a response that drops the connection
        await self._app(scope, receive, send)

    def send_user_message(self, message: UserMessage) -> tuple[str, list[asyncio.Task[None]]]:
        """Send a contact's message; returns the provider's message ID and the scheduled webhooks."""
        sid, deliveries = self.simulator.send_user_message(message, self._clock())
        return sid, self._webhooks.schedule(deliveries)

    def run_agent_action(self, person: str, action_name: str, text: str = "") -> list[asyncio.Task[None]]:
        """Run an agent's action at the simulated desk; returns the scheduled webhooks. Raises `KeyError`."""
        if not isinstance(self.simulator, SimulatedDesk):
            raise KeyError(action_name)
        return self._webhooks.schedule(
            self.simulator.run_agent_action(person, action_name, text, self._clock())
        )

    async def wait_until_idle(self) -> None:
        """Wait until no webhook is scheduled or in progress, retries included."""
        await self._webhooks.wait_until_idle()

    async def aclose(self) -> None:
        """Cancel the webhooks that were not sent yet."""
        await self._webhooks.aclose()

    @contextlib.asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await self.aclose()

    async def _handle_api_request(self, request: Request) -> Response:
        url = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        call = SimulatorRequest(request.method, url, dict(request.headers), await request.body())
        response, deliveries = self.simulator.handle(call, self._clock())
        self._webhooks.schedule(deliveries)
        await asyncio.sleep(response.delay * self._delay_factor)
        return _to_http_response(response)

    async def _handle_user_message(self, request: Request) -> Response:
        try:
            body = UserMessageRequest.model_validate_json(await request.body())
        except ValidationError as error:
            return _malformed_request(error)
        try:
            sid, tasks = self.send_user_message(body.to_user_message())
        except KeyError:
            return _error_response(400, "malformed", "unknown surface of this provider")
        if body.wait:
            await asyncio.wait(tasks)
        return JSONResponse({"sid": sid})

    async def _list_messages(self, request: Request) -> Response:
        after = request.query_params.get("after", "0")
        number = int(after) if after.isascii() and after.isdigit() and len(after) < 19 else 0
        person = request.query_params.get("from", "").strip()
        entries = self.simulator.list_messages(
            self._clock(), person=f"+{person}" if person.isdigit() else person, after=number
        )
        last_number = entries[-1].number if entries else number
        return JSONResponse({"messages": [asdict(entry) for entry in entries], "last": last_number})

    async def _show_desk(self, request: Request) -> Response:
        """Return the agents' actions and the state of a contact's conversation."""
        if not isinstance(self.simulator, SimulatedDesk):
            return JSONResponse({"moves": [], "standing": asdict(DeskStatus())})
        status = self.simulator.get_desk_status(request.query_params.get("from", "").strip())
        return JSONResponse(
            {"moves": [asdict(move) for move in self.simulator.agent_actions], "standing": asdict(status)}
        )

    async def _handle_agent_action(self, request: Request) -> Response:
        try:
            body = AgentActionRequest.model_validate_json(await request.body())
        except ValidationError as error:
            return _malformed_request(error)
        try:
            self.run_agent_action(body.person, body.move, body.text)
        except KeyError:
            return _error_response(400, "malformed", "this action is not possible for this contact")
        return JSONResponse({"move": body.move})

    async def _set_faults(self, request: Request) -> Response:
        try:
            faults = TypeAdapter(FaultSettings).validate_json(await request.body())
        except ValidationError as error:
            return _malformed_request(error)
        self.simulator.set_faults(faults)
        return JSONResponse({"faults": asdict(faults)})


def _to_http_response(response: SimulatorResponse) -> Response:
    if response.drop:
        return _ConnectionDropped()
    return Response(response.body, response.status, dict(response.headers))


class _ConnectionDropped(Response):
    """Closes the connection without a response.

    ASGI has no message for that. uvicorn's `send` is a method of the object that holds the connection;
    without one (a test's transport) the caller gets a `ConnectionResetError`.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        transport = getattr(getattr(scope[_SEND_KEY], "__self__", None), "transport", None)
        if transport is None:
            raise ConnectionResetError("dropped by the simulator")
        transport.close()
        while (await receive())["type"] != "http.disconnect":
            pass


def _malformed_request(error: ValidationError) -> Response:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return _error_response(400, "malformed", f"{where}: {first['msg']}" if where else first["msg"])


def _error_response(status: int, code: str, message: str) -> Response:
    return JSONResponse({"error": {"code": code, "message": message}}, status)
