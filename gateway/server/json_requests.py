"""Bounded parsing of JSON request bodies into pydantic models."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from gateway.server.error_responses import error_response

M = TypeVar("M", bound=BaseModel)


LARGEST_BODY = 64 * 1024


class Unacceptable(Exception):
    """A request that cannot be served, with its answer."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


async def read(request: Request, model: type[M]) -> M:
    """The request's JSON as `model`. Raises `Unacceptable` with a plain sentence."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > LARGEST_BODY:
            raise Unacceptable(
                error_response(413, "too_large", f"a request has at most {LARGEST_BODY} bytes")
            )
    try:
        asked = model.model_validate_json(bytes(body))
    except ValidationError as error:
        raise Unacceptable(error_response(400, "bad_request", sentence_of(error))) from None
    return asked


def sentence_of(error: ValidationError) -> str:
    """What is wrong with a request, without what it held."""
    found = [f"{'.'.join(map(str, each['loc'])) or 'body'}: {each['msg']}" for each in error.errors()]
    return "; ".join(found[:5])
