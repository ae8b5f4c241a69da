"""Files that agents attach to their answers: checked, and published for the provider that sends them."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Base64Bytes, BaseModel, ConfigDict, Field, StringConstraints
from starlette.requests import Request

from core.errors import Rejected
from core.model import infer_content_type
from gateway.redis.records.public_files import PublicFiles
from gateway.server.error_responses import error_response
from gateway.server.json_requests import BadRequest, parse_json_body

MAX_FILE_BYTES: Final = 5 * 1024 * 1024
"""As large as every channel takes a picture; Twilio and Meta take no larger one."""

_MAX_BODY_BYTES: Final = MAX_FILE_BYTES * 4 // 3 + 4_096
_ACTIVE_TYPES: Final = ("image/svg+xml",)
"""Types that may run a script in the browser of whoever opens them."""


class AttachedFile(BaseModel):
    """A file as the page sends it. Its type is that of its name's extension."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[^/\\\x00-\x1f]{1,100}$")]
    body: Annotated[Base64Bytes, Field(min_length=1)]


async def publish_file(request: Request, files: PublicFiles | None, session: str) -> str:
    """Publish the file in a request for a session and return its URL. Raises `BadRequest` with what to do."""
    given = await parse_json_body(request, AttachedFile, max_bytes=_MAX_BODY_BYTES)
    kind = infer_content_type("", given.name)
    if not kind or kind in _ACTIVE_TYPES:
        reason = "the type of this file is not known; send a picture, a PDF, a document, sound or a video"
        raise BadRequest(error_response(415, "unknown_type", reason))
    if files is None:
        raise BadRequest(error_response(409, "no_public_url", "files cannot be uploaded to this process"))
    try:
        return await files.publish(given.body, kind, given.name, owner=session, is_kept=True)
    except Rejected as error:
        raise BadRequest(error_response(409, error.code, error.reason)) from None
