"""`/messages`: sends proactive messages into sessions of any channel, and tells what became of them."""

from __future__ import annotations

from urllib.parse import quote
from uuid import uuid4

from redis.asyncio import Redis
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from gateway.redis.outbox import ProactiveSender, SendOutcome
from gateway.redis.records.message_timeline import AGENT_PREFIX, OWN_PREFIX, MessageOutcome
from gateway.redis.records.proactive_messages import MessageReport, ProactiveMessages
from gateway.server.error_responses import error_response
from gateway.server.json_requests import BadRequest, parse_json_body
from gateway.server.operator_auth import OperatorAuth
from gateway.server.refusals import refusal_response
from gateway.webchat.path_parameters import ANY_TEXT
from gateway.webchat.schemas import MessageAnswer, MessageOutcomeAnswer, MessageRequest, PartAnswer


class ProactiveApi:
    """Routes of proactive messages."""

    def __init__(self, redis: Redis, sender: ProactiveSender, operator: OperatorAuth) -> None:
        self._sender = sender
        self._records = ProactiveMessages(redis)
        self._operator_auth = operator

    def routes(self) -> list[BaseRoute]:
        """Return the routes, which are for the operator only."""
        send, outcome = self._operator_auth.require(self.send), self._operator_auth.require(self.outcome)
        return [
            Route("/messages", send, methods=["POST"]),
            Route(f"/messages/{{message_id:{ANY_TEXT}}}", outcome, methods=["GET"]),
        ]

    async def send(self, request: Request) -> Response:
        """Queue a message in its session's order, or answer why it may not leave."""
        try:
            body = await parse_json_body(request, MessageRequest)
        except BadRequest as error:
            return error.response
        message_id = body.message_id or uuid4().hex
        key = f"{OWN_PREFIX}{message_id}"
        message = body.to_message()
        outcome = await self._sender.send(body.session, key, message)
        if outcome not in (SendOutcome.QUEUED, SendOutcome.DUPLICATE):
            sentence = await self._sender.explain(body.session, message, outcome)
            if refusal := refusal_response(outcome, sentence):
                return refusal
        answer = MessageAnswer(
            session=body.session, key=key, message_id=message_id, outcome=MessageOutcome.QUEUED
        )
        if outcome is SendOutcome.DUPLICATE:
            answer = _describe_first(answer, await self._records.read(body.session, key))
        name = message_id if message_id.strip(".") else key  # clients resolve a path's dots
        location = f"/messages/{quote(name, safe='')}?session={quote(body.session, safe='')}"
        return JSONResponse(answer.model_dump(mode="json"), 202, {"Location": location})

    async def outcome(self, request: Request) -> Response:
        """Return what became of a message."""
        session = request.query_params.get("session", "")
        report = await self._records.find(request.path_params["message_id"], session)
        if report is None:
            return error_response(
                404, "unknown_message", "no message with this id was sent in the last eight days"
            )
        return JSONResponse(_build_answer(report).model_dump(mode="json"))


def _describe_first(answer: MessageAnswer, first: MessageReport | None) -> MessageAnswer:
    """Return the answer to a repetition: the outcome of the first message."""
    if first is None:  # it was sent by an earlier release, which kept no record
        return answer.model_copy(update={"outcome": MessageOutcome.UNKNOWN})
    return answer.model_copy(update={"outcome": first.outcome, "reason": first.reason, "code": first.code})


def _build_answer(report: MessageReport) -> MessageOutcomeAnswer:
    message_id = report.key.removeprefix(OWN_PREFIX)
    if report.key.startswith(AGENT_PREFIX):
        message_id = report.key.removeprefix(AGENT_PREFIX)
    return MessageOutcomeAnswer(
        session=report.session,
        key=report.key,
        message_id=message_id,
        outcome=report.outcome,
        reason=report.reason,
        code=report.code,
        parts=tuple(PartAnswer.model_validate(part.model_dump()) for part in report.parts),
    )
