"""The OpenAPI document of the HTTP API, generated from the schemas that the routes use."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any, NamedTuple

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.access.operator_keys import Role
from gateway.server.operator_auth import OperatorAuth
from gateway.webchat.schemas import requests, responses

_SCHEMA_REF = "#/components/schemas/{model}"


class _Operation(NamedTuple):
    method: str
    path: str
    summary: str
    request_model: type[BaseModel] | None
    responses: dict[int, type[BaseModel] | str]
    parameters: tuple[dict[str, Any], ...] = ()


def _query_parameter(name: str, length: int = 200) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": {"type": "string", "maxLength": length}}


def _header_parameter(name: str, description: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "description": description, "schema": {"type": "string"}}


_IDEMPOTENCY_KEY = _header_parameter("Idempotency-Key", "makes a repeat the same message")
_MESSAGE_ID_PARAMETER = {"name": "message_id", "in": "path", "required": True, "schema": {"type": "string"}}
_CONTACT_PARAMETER = {"name": "contact", "in": "path", "required": True, "schema": {"type": "string"}}
_OPERATIONS = (
    _Operation(
        "post",
        "/turn",
        "Answer one message",
        requests.TurnRequest,
        {200: responses.TurnAnswer, 202: responses.PendingAnswer},
        (_IDEMPOTENCY_KEY,),
    ),
    _Operation(
        "get",
        "/turn/{message_id}",
        "The answer to a message that was still in progress",
        None,
        {200: responses.TurnAnswer, 202: responses.PendingAnswer},
        (_MESSAGE_ID_PARAMETER, _query_parameter("session_id")),
    ),
    _Operation(
        "post",
        "/stream",
        "Answer one message as a stream of text",
        requests.TurnRequest,
        {200: "text/plain, or text/event-stream if Accept asks for it"},
        (_IDEMPOTENCY_KEY, _header_parameter("Last-Event-ID", "continue after this event")),
    ),
    _Operation(
        "post", "/reset", "Delete a conversation", requests.ResetRequest, {200: responses.ResetAnswer}
    ),
    _Operation(
        "post",
        "/web/session",
        "A session with its token: a new one, an identified user's, or a new token of the same",
        requests.SessionRequest,
        {200: responses.SessionAnswer},
    ),
    _Operation(
        "get",
        "/web/history",
        "The messages so far",
        None,
        {200: responses.HistoryAnswer},
        (_query_parameter("session_id"),),
    ),
    _Operation(
        "post",
        "/messages",
        "Send a message on any channel",
        requests.MessageRequest,
        {202: responses.MessageAnswer},
        (_IDEMPOTENCY_KEY,),
    ),
    _Operation(
        "get",
        "/messages/{message_id}",
        "The outcome of a proactive message",
        None,
        {200: responses.MessageOutcomeAnswer},
        (_MESSAGE_ID_PARAMETER, _query_parameter("session", 1_000)),
    ),
    _Operation(
        "delete",
        "/messages/{message_id}",
        "Cancel a scheduled message",
        None,
        {200: responses.MessageOutcomeAnswer},
        (_MESSAGE_ID_PARAMETER, _query_parameter("session", 1_000)),
    ),
    _Operation(
        "post",
        "/messages/{message_id}/redact",
        "Delete the text of a message from everything stored",
        requests.RedactionRequest,
        {200: responses.RedactionAnswer},
        (_MESSAGE_ID_PARAMETER,),
    ),
    _Operation(
        "post",
        "/contacts/{contact}/opt-out",
        "Opt a contact out of messages",
        requests.OptOutRequest,
        {200: responses.OptOutAnswer},
        (_CONTACT_PARAMETER,),
    ),
    _Operation(
        "delete",
        "/contacts/{contact}/opt-out",
        "End a contact's opt-out",
        None,
        {200: responses.OptOutAnswer},
        (_CONTACT_PARAMETER,),
    ),
    _Operation(
        "get",
        "/contacts/{contact}/export",
        "All stored data of a contact",
        None,
        {200: responses.ExportAnswer},
        (_CONTACT_PARAMETER,),
    ),
    _Operation(
        "delete",
        "/contacts/{contact}",
        "Erase all stored data of a contact",
        None,
        {200: responses.ErasureAnswer},
        (_CONTACT_PARAMETER,),
    ),
)
_ERRORS = {
    400: "the request cannot be read",
    401: "the key is missing or wrong",
    403: "not permitted from this origin, or with this token",
    404: "not found",
    409: "the message may not be sent now, or its ID belongs to another one",
    413: "the request is too large",
    422: "there is nothing to send",
    429: "too many wrong keys from this address; wait",
    503: "nothing was stored; send the request again",
}


def build_document() -> dict[str, Any]:
    """Build the OpenAPI 3.1 document."""
    paths: dict[str, Any] = {}
    for operation in _OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _describe_operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Turngate", "version": version("turngate")},
        "paths": paths,
        "components": {
            "schemas": _build_schemas(),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"bearer": []}, {}],
    }


async def _serve(request: Request) -> Response:
    return JSONResponse(build_document())


def build_route(operator: OperatorAuth) -> Route:
    """Build the route `/openapi.json`, which requires a key as the API does."""
    return Route("/openapi.json", operator.require(_serve, Role.VIEWER), methods=["GET"])


def _describe_operation(operation: _Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "summary": operation.summary,
        "responses": {
            **{str(status): _describe_response(model) for status, model in operation.responses.items()},
            **{
                str(status): {"description": description, "content": _json_content(responses.ErrorAnswer)}
                for status, description in _ERRORS.items()
            },
        },
    }
    if operation.parameters:
        described["parameters"] = list(operation.parameters)
    if operation.request_model:
        described["requestBody"] = {"required": True, "content": _json_content(operation.request_model)}
    return described


def _describe_response(model: type[BaseModel] | str) -> dict[str, Any]:
    if isinstance(model, str):
        text = {"schema": {"type": "string"}}
        return {"description": model, "content": {"text/plain": text, "text/event-stream": text}}
    return {"description": (model.__doc__ or "").splitlines()[0], "content": _json_content(model)}


def _json_content(model: type[BaseModel]) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": _SCHEMA_REF.format(model=model.__name__)}}}


def _build_schemas() -> dict[str, Any]:
    models: list[type[BaseModel]] = [responses.ErrorAnswer]
    for operation in _OPERATIONS:
        models += [operation.request_model] if operation.request_model else []
        models += [model for model in operation.responses.values() if not isinstance(model, str)]
    definitions: dict[str, Any] = {}
    for model in models:
        schema = model.model_json_schema(ref_template=_SCHEMA_REF)
        definitions |= schema.pop("$defs", {})
        definitions[model.__name__] = schema
    return definitions
