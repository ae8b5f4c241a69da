"""The desk: where people answer in place of the bot, on channels that have no desk of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

from jinja2 import Environment, FileSystemLoader, select_autoescape
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from redis.asyncio import Redis
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from channels._kit.agent_commands import command
from core.model.event import ControlReceived
from core.model.message import Message
from core.model.owner import Act
from core.model.turn import Address
from core.ports.mailbox import Inbox
from gateway.redis.outbox import Outcome, Outgoing
from gateway.redis.records.session_index import Registry
from gateway.redis.records.session_log import read_log, read_log_end, read_owner
from gateway.server.error_responses import error_response
from gateway.server.operator_auth import Access

_MOST = 200
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Word(BaseModel):
    """What an agent writes to the person. `id` makes a repeat the same message."""

    model_config = ConfigDict(extra="forbid")

    session: str = Field(min_length=1, max_length=1_000)
    text: str = Field(min_length=1, max_length=10_000)
    id: str = Field(min_length=1, max_length=100)


class Deed(BaseModel):
    """What an agent does with the session: take it over, give it back to the bot, close it."""

    model_config = ConfigDict(extra="forbid")

    session: str = Field(min_length=1, max_length=1_000)
    act: Act


class Desk:
    """`/console/desk`, for who may see the console."""

    def __init__(self, redis: Redis, inbox: Inbox, outgoing: Outgoing, operator: Access) -> None:
        self._redis = redis
        self._inbox = inbox
        self._outgoing = outgoing
        self._operator = operator
        files = FileSystemLoader(Path(__file__).parent)
        self._page = Environment(loader=files, autoescape=select_autoescape()).get_template("desk.html")

    def routes(self) -> list[Route]:
        """The page and the JSON that it asks for."""
        guard = self._operator.guard
        return [
            Route("/console/desk", guard(self.page), methods=["GET"]),
            Route("/console/desk/sessions", guard(self.sessions), methods=["GET"]),
            Route("/console/desk/log", guard(self.log), methods=["GET"]),
            Route("/console/desk/say", guard(self.say), methods=["POST"]),
            Route("/console/desk/act", guard(self.act), methods=["POST"]),
        ]

    async def page(self, request: Request) -> Response:
        """Who waits, and the conversation with one of them."""
        headers = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-store"}
        return HTMLResponse(self._page.render(), headers=headers)

    async def sessions(self, request: Request) -> Response:
        """Sessions that wait for a person or have one."""
        rows = await Registry(self._redis).at_desk(_MOST)
        return JSONResponse({"sessions": [row.model_dump() for row in rows]})

    async def log(self, request: Request) -> Response:
        """What was said and done in a session after the log entry `after`, or at the end of the log."""
        session, after = request.query_params.get("session", ""), request.query_params.get("after", "")
        if not session or len(session) > 1_000:
            return error_response(400, "malformed", "session: name one")
        if after and not after.replace("-", "", 1).isdigit():
            return error_response(400, "malformed", "after must be the id of a log entry")
        entries = await (
            read_log(self._redis, session, after) if after else read_log_end(self._redis, session)
        )
        owner = await read_owner(self._redis, session)
        return JSONResponse({"entries": [entry.model_dump() for entry in entries], "owner": owner})

    async def say(self, request: Request) -> Response:
        """Write to the person as a person; `/bot on`, `/bot off` and `/end` are done and not sent."""
        try:
            word = Word.model_validate_json(await request.body())
        except ValidationError:
            return error_response(400, "malformed", "session, id and a text of 1 to 10000 letters are needed")
        if act := command(word.text):
            return await self._do(word.session, act)
        message = Message(text=word.text)
        outcome = await self._outgoing.say(word.session, f"agent-{word.id}", message, voice="person")
        if outcome is Outcome.UNKNOWN:
            return _unknown()
        return JSONResponse({"outcome": outcome}, 202)

    async def act(self, request: Request) -> Response:
        """Take the session over, give it back or close it."""
        try:
            deed = Deed.model_validate_json(await request.body())
        except ValidationError:
            return error_response(400, "malformed", "session and act are needed")
        if deed.act not in (Act.TAKE_OVER, Act.GIVE_BACK, Act.CLOSE):
            return error_response(400, "malformed", "act must be take_over, give_back or close")
        return await self._do(deed.session, deed.act)

    async def _do(self, session: str, act: Act) -> Response:
        stored: Any = await self._redis.hget(f"tg:{{{session}}}", "address")
        if stored is None:
            return _unknown()
        address = Address.model_validate_json(stored)
        name = f"desk:{uuid4().hex}"
        await self._inbox.accept(
            [ControlReceived(id=name, session=session, address=address, act=act, actor="agent")]
        )
        return JSONResponse({"act": act})


def _unknown() -> Response:
    return error_response(404, "unknown_session", "nobody has written in such a session")
