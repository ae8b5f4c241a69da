"""Agent inbox: agents answer in place of the bot, on channels without a desk of their own."""

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

from channels._kit.agent_commands import parse_agent_command
from core.model import Address, ControlAction, ControlReceived, Message
from core.ports import Inbox
from gateway.redis.outbox import ProactiveSender, SendOutcome
from gateway.redis.records.session_index import SessionIndex
from gateway.redis.records.session_log import read_log, read_log_end, read_owner
from gateway.server.error_responses import error_response
from gateway.server.operator_auth import OperatorAuth

_MAX_SESSIONS = 200
_CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class AgentMessage(BaseModel):
    """Message of an agent to the contact. `id` makes a repetition the same message."""

    model_config = ConfigDict(extra="forbid")

    session: str = Field(min_length=1, max_length=1_000)
    text: str = Field(min_length=1, max_length=10_000)
    id: str = Field(min_length=1, max_length=100)


class OwnershipAction(BaseModel):
    """Ownership change by an agent: take over, hand back, close."""

    model_config = ConfigDict(extra="forbid")

    session: str = Field(min_length=1, max_length=1_000)
    act: ControlAction


class AgentInbox:
    """Routes of `/console/desk`, for operators."""

    def __init__(self, redis: Redis, inbox: Inbox, outgoing: ProactiveSender, operator: OperatorAuth) -> None:
        self._redis = redis
        self._inbox = inbox
        self._sender = outgoing
        self._operator_auth = operator
        files = FileSystemLoader(Path(__file__).parent)
        self._page = Environment(loader=files, autoescape=select_autoescape()).get_template("desk.html")

    def routes(self) -> list[Route]:
        """Return the page and its JSON routes."""
        guard = self._operator_auth.require
        return [
            Route("/console/desk", guard(self.page), methods=["GET"]),
            Route("/console/desk/sessions", guard(self.sessions), methods=["GET"]),
            Route("/console/desk/log", guard(self.log), methods=["GET"]),
            Route("/console/desk/say", guard(self.send_message), methods=["POST"]),
            Route("/console/desk/act", guard(self.change_ownership), methods=["POST"]),
        ]

    async def page(self, request: Request) -> Response:
        """Page with waiting sessions and the selected conversation."""
        headers = {"Content-Security-Policy": _CONTENT_SECURITY_POLICY, "Cache-Control": "no-store"}
        return HTMLResponse(self._page.render(), headers=headers)

    async def sessions(self, request: Request) -> Response:
        """List the sessions waiting for or owned by an agent."""
        rows = await SessionIndex(self._redis).list_awaiting_agent(_MAX_SESSIONS)
        return JSONResponse({"sessions": [row.model_dump() for row in rows]})

    async def log(self, request: Request) -> Response:
        """Return the session's log after the entry `after`, or its end."""
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

    async def send_message(self, request: Request) -> Response:
        """Send an agent's message; `/bot on`, `/bot off` and `/end` are executed and not sent."""
        try:
            word = AgentMessage.model_validate_json(await request.body())
        except ValidationError:
            return error_response(400, "malformed", "session, id and a text of 1 to 10000 letters are needed")
        if act := parse_agent_command(word.text):
            return await self._record_action(word.session, act)
        message = Message(text=word.text)
        outcome = await self._sender.send(word.session, f"agent-{word.id}", message, voice="person")
        if outcome is SendOutcome.UNKNOWN:
            return _session_not_found()
        return JSONResponse({"outcome": outcome}, 202)

    async def change_ownership(self, request: Request) -> Response:
        """Take the session over, hand it back or close it."""
        try:
            deed = OwnershipAction.model_validate_json(await request.body())
        except ValidationError:
            return error_response(400, "malformed", "session and act are needed")
        if deed.act not in (ControlAction.TAKE_OVER, ControlAction.GIVE_BACK, ControlAction.CLOSE):
            return error_response(400, "malformed", "act must be take_over, give_back or close")
        return await self._record_action(deed.session, deed.act)

    async def _record_action(self, session: str, act: ControlAction) -> Response:
        stored: Any = await self._redis.hget(f"tg:{{{session}}}", "address")
        if stored is None:
            return _session_not_found()
        address = Address.model_validate_json(stored)
        name = f"desk:{uuid4().hex}"
        await self._inbox.accept(
            [ControlReceived(id=name, session=session, address=address, act=act, actor="agent")]
        )
        return JSONResponse({"act": act})


def _session_not_found() -> Response:
    return error_response(404, "unknown_session", "nobody has written in such a session")
