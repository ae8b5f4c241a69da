"""The console's routes: the simulator's page and the JSON that it asks for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx
from jinja2 import Environment, FileSystemLoader, select_autoescape
from pydantic import BaseModel, Field, ValidationError
from redis.asyncio import Redis
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from channels._kit.phone import one_spelling
from core.event import ControlReceived
from core.owner import Act
from core.turn import Address
from gateway.console.access import Access
from gateway.errors import error_response, try_again
from gateway.people import People
from gateway.redis.log import read_log, read_owner

_HERE = Path(__file__).parent
_NUMBER = r"^\+\d{6,15}$"
_PICTURE = "https://files.example.com/picture.jpg"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class Simulator:
    """Where the providers' twins listen, and the accounts and numbers that they play."""

    url: str
    account: str
    cloud_url: str
    sms: str = "+15550100"
    whatsapp: str = "whatsapp:+15550101"
    cloud: str = "+15550102"
    cloud_account: str = "900000000000001"
    cloud_number: str = "800000000000001"

    def twin(self, surface: str) -> tuple[str, str]:
        """The twin's address, and its own name of the surface."""
        return (self.cloud_url, "whatsapp") if surface == "cloud" else (self.url, surface)


class Person(BaseModel):
    """One side of a simulated conversation."""

    surface: str = Field(pattern="^(sms|whatsapp|cloud)$")
    person: str = Field(pattern=_NUMBER)


class Say(Person):
    """A message typed on the simulated phone, a button tapped on it, or a picture sent from it."""

    text: str = Field(min_length=1, max_length=1600)
    button: str = Field(default="", max_length=256)
    picture: bool = False

    def to_twin(self, surface: str) -> dict[str, object]:
        """What the twin is told."""
        return {
            "surface": surface,
            "person": self.person,
            "text": self.text,
            "button": self.button,
            "media": [_PICTURE] if self.picture else [],
        }


class Take(Person):
    """Who is to speak from now on."""

    act: Act = Field(description="take_over or give_back")


class Console:
    """The pages. Without a simulator (real credentials are set) the page says so."""

    def __init__(
        self,
        redis: Redis,
        inbox: People,
        access: Access,
        simulator: Simulator | None,
        http: httpx.AsyncClient,
    ) -> None:
        self._redis = redis
        self._inbox = inbox
        self._access = access
        self._simulator = simulator
        self._http = http
        templates = Environment(loader=FileSystemLoader(_HERE), autoescape=select_autoescape())
        self._page = templates.get_template("page.html")

    def routes(self) -> list[BaseRoute]:
        """Everything below `/console`."""
        guard = self._access.guard
        return [
            Route("/console", guard(self.page), methods=["GET"]),
            Route("/console/say", guard(self.say), methods=["POST"]),
            Route("/console/owner", guard(self.owner), methods=["POST"]),
            Route("/console/conversation", guard(self.conversation), methods=["GET"]),
            Mount("/console/static", StaticFiles(directory=_HERE / "static")),
        ]

    async def page(self, request: Request) -> Response:
        """The phone on the screen."""
        html = self._page.render(simulator=self._simulator)
        headers = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-store", "X-Frame-Options": "DENY"}
        return HTMLResponse(html, headers=headers)

    async def say(self, request: Request) -> Response:
        """Let the twin send a message as the person would: by a signed webhook to this gateway."""
        if self._simulator is None:
            return _no_simulator()
        try:
            said = Say.model_validate_json(await request.body())
        except ValidationError:
            return error_response(
                400, "malformed", "surface, person and a text of 1 to 1600 characters are needed"
            )
        try:
            url, surface = self._simulator.twin(said.surface)
            answer = await self._http.post(f"{url}/_twin/say", json=said.to_twin(surface))
            answer.raise_for_status()
        except httpx.HTTPError:
            return try_again("the simulator does not answer")
        return JSONResponse({"id": answer.json()["sid"]})

    async def owner(self, request: Request) -> Response:
        """Take the session over from the bot, or give it back."""
        if self._simulator is None:
            return _no_simulator()
        try:
            take = Take.model_validate_json(await request.body())
        except ValidationError:
            return error_response(400, "malformed", "surface, person and act are needed")
        if take.act not in (Act.TAKE_OVER, Act.GIVE_BACK):
            return error_response(400, "malformed", "act must be take_over or give_back")
        address = _address(self._simulator, take)
        await self._inbox.accept(
            [
                ControlReceived(
                    id=f"console:{uuid4().hex}",
                    session=_session(address),
                    address=address,
                    act=take.act,
                    actor="console",
                    aliases=(_session(address),) if take.surface == "cloud" else (),
                )
            ]
        )
        return JSONResponse({"act": take.act})

    async def conversation(self, request: Request) -> Response:
        """What has happened in a session after the log entry `after`, and who owns it."""
        if self._simulator is None:
            return _no_simulator()
        query = request.query_params
        try:
            person = Person(surface=query.get("surface", ""), person=query.get("person", ""))
        except ValidationError:
            return error_response(400, "malformed", "surface and person are needed")
        after = query.get("after", "")
        if after and not after.replace("-", "", 1).isdigit():
            return error_response(400, "malformed", "after must be the id of a log entry")
        session = await self._inbox.session(_session(_address(self._simulator, person)))
        entries = await read_log(self._redis, session, after)
        owner = await read_owner(self._redis, session)
        offers = await self._offers(person) if person.surface == "cloud" and entries else {}
        return JSONResponse(
            {"entries": [entry.model_dump() for entry in entries], "owner": owner, "offers": offers}
        )

    async def _offers(self, person: Person) -> dict[str, object]:
        """What can be tapped in each message, and its files, by the provider's id."""
        assert self._simulator is not None, "asked by its callers"
        url, _ = self._simulator.twin(person.surface)
        try:
            answer = await self._http.get(f"{url}/_twin/messages", params={"from": person.person})
            answer.raise_for_status()
        except httpx.HTTPError:
            return {}
        lines = [line for line in answer.json()["messages"] if line["direction"] == "out"]
        return {line["id"]: {"choices": line["choices"], "media": line["media"]} for line in lines}


def _address(simulator: Simulator, person: Person) -> Address:
    if person.surface == "cloud":
        return Address(
            channel="whatsapp",
            account=simulator.cloud_account,
            ours=simulator.cloud_number,
            theirs=person.person.removeprefix("+"),
        )
    on_sms = person.surface == "sms"
    return Address(
        channel="twilio",
        account=simulator.account,
        ours=simulator.sms if on_sms else simulator.whatsapp,
        theirs=person.person if on_sms else f"whatsapp:{person.person}",
    )


def _session(address: Address) -> str:
    """As the channels name it; at the Cloud API the name that goes with a phone number."""
    if address.channel == "whatsapp":
        return f"whatsapp:{address.ours}:{one_spelling(f'+{address.theirs}')}"
    return f"{address.channel}:{address.account}:{address.ours}:{address.theirs}"


def _no_simulator() -> Response:
    return error_response(404, "no_simulator", "real credentials are set, so no provider is simulated here")
