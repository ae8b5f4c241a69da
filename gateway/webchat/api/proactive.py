"""`/messages`: sends proactive messages to sessions of any channel, and returns their outcome."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TypedDict
from urllib.parse import quote
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from gateway.access.operator_keys import Role
from gateway.embedding.starlette import MAX_ID_LENGTH
from gateway.redis.records.schedule import CancelOutcome
from gateway.redis.records.sessions.log.message_timeline import AGENT_PREFIX, OWN_PREFIX, MessageOutcome
from gateway.redis.records.sessions.proactive_messages import MessageReport, ProactiveMessages
from gateway.redis.sending.outbox import ProactiveSender
from gateway.redis.sending.send_outcome import SendOutcome, SendReceipt
from gateway.server.error_responses import error_response
from gateway.server.json_requests import BadRequest, parse_json_body, read_idempotency_key
from gateway.server.operator_auth import OperatorAuth, name_target
from gateway.server.refusals import refusal_response
from gateway.webchat.api.path_parameters import ANY_TEXT
from gateway.webchat.schemas.requests import MessageRequest
from gateway.webchat.schemas.responses import MessageAnswer, MessageOutcomeAnswer, PartAnswer


class _SendOptions(TypedDict):
    at_ms: int
    category: str


class ProactiveApi:
    """Routes of proactive messages."""

    def __init__(self, records: ProactiveMessages, sender: ProactiveSender, operator: OperatorAuth) -> None:
        self._sender = sender
        self._records = records
        self._operator_auth = operator

    def routes(self) -> list[BaseRoute]:
        """Return the routes, which are for the operator only."""
        guard = self._operator_auth.require
        send, cancel = guard(self.send, act="send_message"), guard(self.cancel, act="cancel_message")
        outcome = guard(self.outcome, Role.VIEWER)
        return [
            Route("/messages", send, methods=["POST"]),
            Route(f"/messages/{{message_id:{ANY_TEXT}}}", outcome, methods=["GET"]),
            Route(f"/messages/{{message_id:{ANY_TEXT}}}", cancel, methods=["DELETE"]),
        ]

    async def send(self, request: Request) -> Response:
        """Queue a message in its session's order, or answer why it is refused."""
        try:
            body = await parse_json_body(request, MessageRequest)
            message_id = body.message_id or read_idempotency_key(request, MAX_ID_LENGTH) or uuid4().hex
        except BadRequest as error:
            return error.response
        key = f"{OWN_PREFIX}{message_id}"
        receipt = await self._queue(body, key)
        if refusal := refusal_response(receipt.outcome, receipt.reason):
            return refusal
        session = receipt.session
        name_target(request, session)
        answer = MessageAnswer(session=session, key=key, message_id=message_id, outcome=MessageOutcome.QUEUED)
        if receipt.outcome is not SendOutcome.QUEUED:
            answer = _describe_first(answer, await self._records.find(key, session))
        name = message_id if message_id.strip(".") else key  # clients resolve a path's dots
        location = f"/messages/{quote(name, safe='')}?session={quote(session, safe='')}"
        return JSONResponse(answer.model_dump(mode="json"), 202, {"Location": location})

    async def _queue(self, body: MessageRequest, key: str) -> SendReceipt:
        message = body.to_message()
        options: _SendOptions = {"at_ms": body.at_ms, "category": body.category}
        if contact := body.contact:
            return await self._sender.send_to(contact, key, message, **options)
        return await self._sender.send(body.session, key, message, **options)

    async def outcome(self, request: Request) -> Response:
        """Return the outcome of a message."""
        session = request.query_params.get("session", "")
        report = await self._records.find(request.path_params["message_id"], session)
        if report is None:
            return _unknown_message()
        return JSONResponse(_build_answer(report).model_dump(mode="json"))

    async def cancel(self, request: Request) -> Response:
        """Cancel a scheduled message."""
        session = request.query_params.get("session", "")
        report = await self._records.find(request.path_params["message_id"], session)
        if report is None:
            return _unknown_message()
        if await self._sender.cancel(report.session, report.key) is not CancelOutcome.CANCELLED:
            return error_response(409, "too_late", "not cancelled: the message is not scheduled any more")
        cancelled = await self._records.find(report.key, report.session)
        return JSONResponse(_build_answer(cancelled or report).model_dump(mode="json"))


def _unknown_message() -> Response:
    return error_response(404, "unknown_message", "no message with this id was sent in the last eight days")


def _describe_first(answer: MessageAnswer, first: MessageReport | None) -> MessageAnswer:
    """Return the response to a repetition: the outcome of the first message."""
    if first is None:  # sent by an earlier release, which stored no record
        return answer.model_copy(update={"outcome": MessageOutcome.UNKNOWN})
    update = {"outcome": first.outcome, "reason": first.reason, "code": first.code}
    return answer.model_copy(update={**update, "send_at": _format_time(first.due_ms)})


def _format_time(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="seconds") if at_ms else ""


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
        send_at=_format_time(report.due_ms),
        parts=tuple(PartAnswer.model_validate(part.model_dump()) for part in report.parts),
    )
