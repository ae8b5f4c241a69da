"""Bounded parsing of JSON request bodies into pydantic models."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from starlette.requests import Request
from starlette.responses import Response

from gateway.server.error_responses import error_response

M = TypeVar("M", bound=BaseModel)


MAX_BODY_BYTES = 64 * 1024


class BadRequest(Exception):
    """Request that cannot be processed, with its response."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


async def read_body(request: Request, max_bytes: int = MAX_BODY_BYTES) -> bytes:
    """Return the request's body. Raises `BadRequest` for a longer one, without reading the rest."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > max_bytes:
            raise BadRequest(error_response(413, "too_large", f"a request has at most {max_bytes} bytes"))
    return bytes(body)


async def parse_json_body(
    request: Request, model: type[M], *, allow_empty: bool = False, max_bytes: int = MAX_BODY_BYTES
) -> M:
    """Parse the request's JSON body as `model`. Raises `BadRequest` with a plain sentence.

    With `allow_empty` a request without a body means an empty object.
    """
    body = await read_body(request, max_bytes)
    try:
        parsed = model.model_validate_json(body or (b"{}" if allow_empty else b""))
    except ValidationError as error:
        raise BadRequest(error_response(400, "bad_request", describe_validation_error(error))) from None
    return parsed


def read_idempotency_key(request: Request, max_length: int) -> str:
    """Return the header Idempotency-Key.

    Raises `BadRequest` for one that is too long, because a truncated key would be another one.
    """
    key = request.headers.get("idempotency-key", "")
    if len(key) > max_length:
        raise BadRequest(
            error_response(400, "bad_request", f"Idempotency-Key: at most {max_length} characters")
        )
    return key


def describe_validation_error(error: ValidationError) -> str:
    """Describe a validation error without repeating the request's content."""
    return "; ".join(map(_describe_error, error.errors()[:5]))


def _describe_error(error: ErrorDetails) -> str:
    place, message = ".".join(map(str, error["loc"])), error["msg"].removeprefix("Value error, ")
    if error["type"] == "value_error" and not place:
        return message  # a check of several fields names them itself
    return f"{place or 'body'}: {message}"
