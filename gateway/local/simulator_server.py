"""Hosts a provider's twin over HTTP: its API, the webhooks it sends at their time, and controls for people.

`/_twin/say`, `/_twin/messages`, `/_twin/faults` and, for the agents of a desk, `/_twin/desk` and `/_twin/act`
are ours; every other path is the provider's API.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import asdict

import httpx
import uvicorn
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from channels._kit.outbound.http import classify
from channels._kit.simulator import (
    Delivery,
    Faults,
    Said,
    Standing,
    Twin,
    TwinDesk,
    TwinRequest,
    TwinResponse,
)
from core.errors import Unavailable
from gateway.local.loopback import listener

log = logging.getLogger("turngate.twin")

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_STOP_SECONDS = 5
_SEND = "turngate.send"


class ActBody(BaseModel):
    """What `/_twin/act` takes: one of the moves that `/_twin/desk` lists, with words where it takes any."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True)

    person: str = Field(alias="from", min_length=1, max_length=200)
    move: str = Field(pattern="^[a-z_]{1,40}$")
    text: str = Field(default="", max_length=10_000)


class SayBody(BaseModel):
    """What `/_twin/say` takes. With `wait` the answer comes once the webhook was tried."""

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
    wait: bool = False

    def said(self) -> Said:
        """The twin's form of it."""
        return Said(**self.model_dump(exclude={"wait"}))


class TwinServer:
    """An ASGI application. `http` carries the webhooks; `pace` stretches (or, at 0, skips) their waits.

    The twin is only ever called from the event loop's thread. `clock` gives seconds since the epoch.
    """

    def __init__(
        self,
        twin: Twin,
        http: httpx.AsyncClient,
        *,
        clock: Callable[[], float] = time.time,
        concurrency: int = 64,
        pace: float = 1.0,
    ) -> None:
        self.twin = twin
        self._http = http
        self._clock = clock
        self._pace = pace
        self._turnstile = asyncio.Semaphore(concurrency)
        self._tasks: set[asyncio.Task[None]] = set()
        self._app = Starlette(
            routes=[
                Route("/_twin/say", self._say, methods=["POST"]),
                Route("/_twin/messages", self._messages, methods=["GET"]),
                Route("/_twin/faults", self._faults, methods=["POST"]),
                Route("/_twin/desk", self._desk, methods=["GET"]),
                Route("/_twin/act", self._act, methods=["POST"]),
                Route("/{path:path}", self._provider, methods=_METHODS),
            ],
            lifespan=self._lifespan,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        scope[_SEND] = send  # the server's own, for an answer that breaks the connection
        await self._app(scope, receive, send)

    def say(self, said: Said) -> tuple[str, list[asyncio.Task[None]]]:
        """Let a person write: the provider's id of the message, and the webhooks on their way."""
        sid, deliveries = self.twin.say(said, self._clock())
        return sid, self._send_all(deliveries)

    def act(self, person: str, move: str, text: str = "") -> list[asyncio.Task[None]]:
        """Let an agent do something at the twin's desk: the webhooks on their way. Raises `KeyError`."""
        if not isinstance(self.twin, TwinDesk):
            raise KeyError(move)
        return self._send_all(self.twin.act(person, move, text, self._clock()))

    async def settle(self) -> None:
        """Wait until no webhook is waiting or under way, retries included."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    async def aclose(self) -> None:
        """Forget the webhooks that were not sent yet."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @contextlib.asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await self.aclose()

    async def _provider(self, request: Request) -> Response:
        url = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        call = TwinRequest(request.method, url, dict(request.headers), await request.body())
        answer, deliveries = self.twin.handle(call, self._clock())
        self._send_all(deliveries)
        await asyncio.sleep(answer.delay * self._pace)
        return _response(answer)

    async def _say(self, request: Request) -> Response:
        try:
            body = SayBody.model_validate_json(await request.body())
        except ValidationError as error:
            return _malformed(error)
        try:
            sid, tasks = self.say(body.said())
        except KeyError:
            return _error(400, "malformed", "this provider has no such surface")
        if body.wait:
            await asyncio.wait(tasks)
        return JSONResponse({"sid": sid})

    async def _messages(self, request: Request) -> Response:
        after = request.query_params.get("after", "0")
        number = int(after) if after.isascii() and after.isdigit() else 0
        person = request.query_params.get("from", "").strip()
        lines = self.twin.lines(
            self._clock(), person=f"+{person}" if person.isdigit() else person, after=number
        )
        last = lines[-1].number if lines else number
        return JSONResponse({"messages": [asdict(line) for line in lines], "last": last})

    async def _desk(self, request: Request) -> Response:
        """What an agent can do here, and how a person's conversation stands."""
        if not isinstance(self.twin, TwinDesk):
            return JSONResponse({"moves": [], "standing": asdict(Standing())})
        standing = self.twin.standing(request.query_params.get("from", "").strip())
        return JSONResponse(
            {"moves": [asdict(move) for move in self.twin.moves], "standing": asdict(standing)}
        )

    async def _act(self, request: Request) -> Response:
        try:
            body = ActBody.model_validate_json(await request.body())
        except ValidationError as error:
            return _malformed(error)
        try:
            self.act(body.person, body.move, body.text)
        except KeyError:
            return _error(400, "malformed", "nobody at this desk can do that")
        return JSONResponse({"move": body.move})

    async def _faults(self, request: Request) -> Response:
        try:
            faults = TypeAdapter(Faults).validate_json(await request.body())
        except ValidationError as error:
            return _malformed(error)
        self.twin.tell(faults)
        return JSONResponse({"faults": asdict(faults)})

    def _send_all(self, deliveries: Iterable[Delivery]) -> list[asyncio.Task[None]]:
        tasks = [asyncio.create_task(self._deliver(delivery)) for delivery in deliveries]
        for task in tasks:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return tasks

    async def _deliver(self, delivery: Delivery) -> None:
        """Send a webhook at its time, and again as the provider would."""
        await asyncio.sleep(max(delivery.at - self._clock(), 0.0) * self._pace)
        async with self._turnstile:
            status, timed_out = await self._call(delivery)
        if status is None or status >= 400:
            log.info(
                "a webhook of the twin ended with %s", status or ("time-out" if timed_out else "nothing")
            )
        now = self._clock()
        self._send_all(self.twin.delivered(delivery, status, now, timed_out=timed_out))

    async def _call(self, delivery: Delivery) -> tuple[int | None, bool]:
        try:
            async with asyncio.timeout(delivery.timeout):
                answer = await self._http.request(
                    delivery.method,
                    delivery.url,
                    headers=dict(delivery.headers),
                    content=delivery.body,
                    timeout=delivery.timeout,
                )
        except Exception as error:  # whatever a webhook's URL brings about is its receiver's failure
            return None, not isinstance(classify(error, self.twin.name), Unavailable)
        return answer.status_code, False


@contextlib.asynccontextmanager
async def serve(app: ASGIApp, port: int = 0, host: str = "127.0.0.1") -> AsyncIterator[str]:
    """Run an application on this event loop and give its URL; port 0 takes a free one.

    Signals stay with whoever owns the loop. Raises `OSError` when the port is taken.
    """
    # bound here, because uvicorn ends the process when it cannot bind
    listening = listener(host, port)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        ws="none",
        timeout_graceful_shutdown=_STOP_SECONDS,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        await server.ready.wait()
        yield f"http://{host}:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
        listening.close()


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers, telling when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


def _response(answer: TwinResponse) -> Response:
    if answer.drop:
        return _Dropped()
    return Response(answer.body, answer.status, dict(answer.headers))


class _Dropped(Response):
    """No answer: the connection is closed.

    ASGI has no word for that. uvicorn's `send` is a method of the object that holds the connection; where
    there is none (a test's transport) the caller sees a `ConnectionResetError`.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        transport = getattr(getattr(scope[_SEND], "__self__", None), "transport", None)
        if transport is None:
            raise ConnectionResetError("dropped by the twin")
        transport.close()
        while (await receive())["type"] != "http.disconnect":
            pass


def _malformed(error: ValidationError) -> Response:
    first = error.errors()[0]
    where = ".".join(str(place) for place in first["loc"])
    return _error(400, "malformed", f"{where}: {first['msg']}" if where else first["msg"])


def _error(status: int, code: str, message: str) -> Response:
    return JSONResponse({"error": {"code": code, "message": message}}, status)
