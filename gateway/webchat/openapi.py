"""`/openapi.json`: the HTTP API as a document, made from the shapes that the routes use."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any, NamedTuple

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.webchat import schemas as shapes

_REF = "#/components/schemas/{model}"


class _Operation(NamedTuple):
    method: str
    path: str
    summary: str
    asked: type[BaseModel] | None
    answers: dict[int, type[BaseModel] | str]
    parameters: tuple[dict[str, Any], ...] = ()


def _query(name: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": {"type": "string", "maxLength": 200}}


def _header(name: str, meaning: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "description": meaning, "schema": {"type": "string"}}


_KEY = _header("Idempotency-Key", "makes a repeat the same message")
_MESSAGE_ID = {"name": "message_id", "in": "path", "required": True, "schema": {"type": "string"}}
_OPERATIONS = (
    _Operation(
        "post",
        "/turn",
        "Answer one message",
        shapes.TurnRequest,
        {200: shapes.TurnAnswer, 202: shapes.PendingAnswer},
        (_KEY,),
    ),
    _Operation(
        "get",
        "/turn/{message_id}",
        "The answer to a message that was still being worked on",
        None,
        {200: shapes.TurnAnswer, 202: shapes.PendingAnswer},
        (_MESSAGE_ID, _query("session_id")),
    ),
    _Operation(
        "post",
        "/stream",
        "Answer one message with the words as they come",
        shapes.TurnRequest,
        {200: "text/plain or, when asked for by Accept, text/event-stream"},
        (_KEY, _header("Last-Event-ID", "go on behind this event")),
    ),
    _Operation("post", "/reset", "Forget a conversation", shapes.ResetRequest, {200: shapes.ResetAnswer}),
    _Operation("post", "/web/session", "A new session with its token", None, {200: shapes.SessionAnswer}),
    _Operation(
        "get",
        "/web/history",
        "What was said so far",
        None,
        {200: shapes.HistoryAnswer},
        (_query("session_id"),),
    ),
    _Operation(
        "post",
        "/messages",
        "Send into a session of any channel",
        shapes.MessageRequest,
        {202: shapes.MessageAnswer},
    ),
)
_ERRORS = {
    400: "the request cannot be read",
    401: "the key is missing or wrong",
    403: "this may not be done from here, or with this token",
    404: "there is no such thing",
    413: "the request is too large",
    503: "nothing was recorded; send it again",
}


def document() -> dict[str, Any]:
    """The whole document, OpenAPI 3.1."""
    paths: dict[str, Any] = {}
    for operation in _OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _described(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Turngate", "version": version("turngate")},
        "paths": paths,
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"bearer": []}, {}],
    }


async def _serve(request: Request) -> Response:
    return JSONResponse(document())


route = Route("/openapi.json", _serve, methods=["GET"])


def _described(operation: _Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "summary": operation.summary,
        "responses": {
            **{str(status): _answer(model) for status, model in operation.answers.items()},
            **{
                str(status): {"description": meaning, "content": _json(shapes.ErrorAnswer)}
                for status, meaning in _ERRORS.items()
            },
        },
    }
    if operation.parameters:
        described["parameters"] = list(operation.parameters)
    if operation.asked:
        described["requestBody"] = {"required": True, "content": _json(operation.asked)}
    return described


def _answer(model: type[BaseModel] | str) -> dict[str, Any]:
    if isinstance(model, str):
        text = {"schema": {"type": "string"}}
        return {"description": model, "content": {"text/plain": text, "text/event-stream": text}}
    return {"description": (model.__doc__ or "").splitlines()[0], "content": _json(model)}


def _json(model: type[BaseModel]) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": _REF.format(model=model.__name__)}}}


def _schemas() -> dict[str, Any]:
    models: list[type[BaseModel]] = [shapes.ErrorAnswer]
    for operation in _OPERATIONS:
        models += [operation.asked] if operation.asked else []
        models += [model for model in operation.answers.values() if not isinstance(model, str)]
    found: dict[str, Any] = {}
    for model in models:
        schema = model.model_json_schema(ref_template=_REF)
        found |= schema.pop("$defs", {})
        found[model.__name__] = schema
    return found
