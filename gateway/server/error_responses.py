"""JSON error responses, all of the shape {"error": {"code", "message"}}."""

from __future__ import annotations

import logging
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Match, Route

log = logging.getLogger("turngate.http")

RETRY_AFTER_SECONDS = "5"


def error_response(
    status: int, code: str, message: str, headers: dict[str, str] | None = None
) -> JSONResponse:
    """Build an error response. `message` is for people; it never holds a secret or an expected signature."""
    return JSONResponse({"error": {"code": code, "message": message}}, status, headers)


def service_unavailable(message: str) -> JSONResponse:
    """Build a 503: nothing was stored, the caller should repeat the request."""
    return error_response(503, "unavailable", message, {"Retry-After": RETRY_AFTER_SECONDS})


async def handle_http_exception(request: Request, error: Exception) -> Response:
    """Convert Starlette's own errors (404, 405)."""
    assert isinstance(error, HTTPException)
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "http_error")
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = _list_allowed_methods(request, headers.get("Allow", ""))
    return error_response(error.status_code, code, error.detail, headers)


def _list_allowed_methods(request: Request, of_first_route: str) -> str:
    """Return the methods of all routes of the path (RFC 9110, 15.5.6); Starlette names those of the first."""
    methods = {each.strip() for each in of_first_route.split(",") if each.strip()}
    for route in request.app.routes:
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE:
            methods |= route.methods or set()
    return ", ".join(sorted(methods))


async def handle_storage_error(request: Request, error: Exception) -> Response:
    """Convert a Redis error: nothing was stored."""
    return service_unavailable("Redis cannot be used right now; please try again")


async def handle_missing_key(request: Request, error: Exception) -> Response:
    """Convert a value that cannot be decrypted; the log says which key is missing."""
    log.error("a request was not answered: %s", error)
    return service_unavailable("what is stored cannot be decrypted right now; the operator has to add a key")


async def handle_unexpected_error(request: Request, error: Exception) -> Response:
    """Convert an unexpected exception: no stack trace, and a status that makes providers retry."""
    return error_response(500, "internal", "an internal error; it was logged")
