"""Uploaded files of the simulator, served at the URLs of the comments that contain them."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Final
from urllib.parse import quote

from channels._kit.simulator import SimulatorRequest, SimulatorResponse
from channels.zendesk.simulator.admin_api import error_response, json_response
from channels.zendesk.simulator.tickets import Json

FILES_PATH: Final = "/attachments/token/"
_MAX_FILE_BYTES: Final = 50 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _File:
    """An uploaded file and the JSON of its attachment."""

    content_type: str
    body: bytes
    attachment: Json


class FileStore:
    """Uploads by token; a token can be used in one comment (Zendesk, "Attachments")."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._uploads: dict[str, str] = {}
        self._files: dict[str, _File] = {}

    @property
    def tokens(self) -> set[str]:
        """Tokens that were not used yet."""
        return set(self._uploads)

    def handle_upload(self, request: SimulatorRequest, name: str) -> SimulatorResponse:
        """Store an uploaded file and return its token."""
        if not name:
            return error_response(400, "ParameterMissing", "Parameter filename is required")
        if len(request.body) > _MAX_FILE_BYTES:
            return error_response(413, "RequestEntityTooLarge", "The file is larger than 50 MB")
        token = f"tok{self._random.getrandbits(64):016x}"
        host = request.headers.get("host", "example.zendesk.com")
        content_type = request.headers.get("content-type", "application/octet-stream")
        attachment = {
            "id": self._random.getrandbits(40),
            "file_name": name,
            "content_type": content_type,
            "size": len(request.body),
            "content_url": f"http://{host}{FILES_PATH}{token}/?name={quote(name)}",
        }
        self._files[token] = _File(content_type, request.body, attachment)
        self._uploads[token] = token
        upload = {"token": token, "expires_at": None, "attachment": attachment, "attachments": [attachment]}
        return json_response(201, {"upload": upload})

    def take(self, tokens: list[str]) -> list[Json]:
        """Return the attachments of a comment's tokens, which cannot be used again."""
        return [self._files[self._uploads.pop(token)].attachment for token in tokens]

    def serve(self, path: str) -> SimulatorResponse:
        """Return a file by the path of its URL, which needs no credentials."""
        file = self._files.get(path.removeprefix(FILES_PATH).strip("/"))
        if file is None:
            return error_response(404, "RecordNotFound", "Not found")
        return SimulatorResponse(200, {"content-type": file.content_type}, file.body)
