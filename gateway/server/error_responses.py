"""The one shape of an error answer: {"error": {"code", "message"}}."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

RETRY_AFTER_SECONDS = "5"


def error_response(
    status: int, code: str, message: str, headers: dict[str, str] | None = None
) -> JSONResponse:
    """An error answer. `message` is for a person; it never holds a secret or an expected signature."""
    return JSONResponse({"error": {"code": code, "message": message}}, status, headers)


def service_unavailable(message: str) -> JSONResponse:
    """503: nothing was recorded, the caller should send the same again."""
    return error_response(503, "unavailable", message, {"Retry-After": RETRY_AFTER_SECONDS})


async def handle_http_exception(request: Request, error: Exception) -> Response:
    """Starlette's own errors (404, 405) in our shape."""
    assert isinstance(error, HTTPException)
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "http_error")
    return error_response(error.status_code, code, error.detail, dict(error.headers or {}))


async def handle_storage_error(request: Request, error: Exception) -> Response:
    """Redis did not do what was asked: nothing was recorded."""
    return service_unavailable("Redis cannot be used right now; please try again")


async def handle_unexpected_error(request: Request, error: Exception) -> Response:
    """A defect of ours: no stack trace for the caller, and a status that makes a provider try again."""
    return error_response(500, "internal", "an internal error; it was logged")
