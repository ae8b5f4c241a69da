"""JSON API of the inbox, for programs: agents answer in place of the bot."""

from __future__ import annotations

from typing import Any, Self
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from redis.asyncio import Redis
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from channels._kit.agent_commands import parse_agent_command
from core.model import Address, ControlAction, ControlReceived, Message
from core.ports import Inbox
from gateway.access.operator_keys import Role
from gateway.console.layout.page import ConsolePage
from gateway.redis.records.sessions.log.message_timeline import AGENT_PREFIX
from gateway.redis.records.sessions.log.session_log import (
    is_entry_id,
    read_log,
    read_log_end,
    read_owner,
    read_window,
)
from gateway.redis.records.sessions.session_index import SessionIndex
from gateway.redis.sending.outbox import ProactiveSender
from gateway.server.error_responses import error_response
from gateway.server.json_requests import BadRequest, read_body
from gateway.server.operator_auth import OperatorAuth, name_target
from gateway.server.refusals import refusal_response
from gateway.webchat.schemas.requests import TemplateRequest

_MAX_SESSIONS = 200


class AgentMessage(BaseModel):
    """Message of an agent to the contact. `id` makes a repetition the same message."""

    model_config = ConfigDict(extra="forbid")

    session: str = Field(min_length=1, max_length=1_000)
    text: str = Field("", max_length=10_000)
    template: TemplateRequest | None = None
    id: str = Field(min_length=1, max_length=100)

    @model_validator(mode="after")
    def _check_content(self) -> Self:
        if bool(self.text) is (self.template is not None):
            raise ValueError("give either text or template")
        return self


class OwnershipAction(BaseModel):
    """Ownership change by an agent: take over, hand back, close."""

    model_config = ConfigDict(extra="forbid")

    session: str = Field(min_length=1, max_length=1_000)
    act: ControlAction


class AgentInbox(ConsolePage):
    """The JSON routes below `/console/desk`."""

    def __init__(self, redis: Redis, inbox: Inbox, outgoing: ProactiveSender, operator: OperatorAuth) -> None:
        super().__init__(operator)
        self._redis = redis
        self._inbox = inbox
        self._sender = outgoing

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            self.get("/console/desk/sessions", self.sessions),
            self.get("/console/desk/log", self.log),
            self.post("/console/desk/say", self.send_message, "answer", Role.AGENT),
            self.post("/console/desk/act", self.change_ownership, "change_owner", Role.AGENT),
        ]

    async def sessions(self, request: Request) -> Response:
        """List the sessions waiting for or owned by an agent."""
        rows = await SessionIndex(self._redis).list_awaiting_agent(_MAX_SESSIONS)
        return JSONResponse({"sessions": [row.model_dump() for row in rows]})

    async def log(self, request: Request) -> Response:
        """Return the session's log after the entry `after`, or its end."""
        session, after = request.query_params.get("session", ""), request.query_params.get("after", "")
        if not session or len(session) > 1_000:
            return error_response(400, "malformed", "session is required")
        if after and not is_entry_id(after):
            return error_response(400, "malformed", "after must be the id of a log entry")
        entries = await (
            read_log(self._redis, session, after) if after else read_log_end(self._redis, session)
        )
        owner = await read_owner(self._redis, session)
        answer = {
            "entries": [entry.model_dump() for entry in entries],
            "owner": owner,
            "window_closes_ms": await read_window(self._redis, session),
        }
        return JSONResponse(answer)

    async def send_message(self, request: Request) -> Response:
        """Send an agent's message; `/bot on`, `/bot off` and `/end` are executed and not sent."""
        try:
            message = AgentMessage.model_validate_json(await read_body(request))
        except BadRequest as error:
            return error.response
        except ValidationError:
            return error_response(
                400,
                "malformed",
                "session, id and a text of 1 to 10000 characters, or a template, are required",
            )
        name_target(request, message.session)
        if act := parse_agent_command(message.text):
            name_target(request, message.session, act)
            return await self._record_action(message.session, act)
        template = message.template.to_template() if message.template else None
        said, key = Message(text=message.text, template=template), f"{AGENT_PREFIX}{message.id}"
        receipt = await self._sender.send(message.session, key, said, voice="person")
        return refusal_response(receipt.outcome, receipt.reason) or JSONResponse(
            {"outcome": receipt.outcome}, 202
        )

    async def change_ownership(self, request: Request) -> Response:
        """Take the session over, hand it back or close it."""
        try:
            action = OwnershipAction.model_validate_json(await read_body(request))
        except BadRequest as error:
            return error.response
        except ValidationError:
            return error_response(400, "malformed", "session and act are required")
        name_target(request, action.session, action.act)
        if action.act not in (ControlAction.TAKE_OVER, ControlAction.GIVE_BACK, ControlAction.CLOSE):
            return error_response(400, "malformed", "act must be take_over, give_back or close")
        return await self._record_action(action.session, action.act)

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
    return error_response(404, "unknown_session", "unknown session")
