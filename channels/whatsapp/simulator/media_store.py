"""Media of the simulator: types and sizes, uploads, and downloads by id (Meta, "Media")."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from channels._kit.simulator import (
    FetchedFile,
    MalformedRequest,
    SimulatorRequest,
    SimulatorResponse,
    parse_data_url,
    parse_multipart,
)
from channels.whatsapp.simulator.records import Json
from channels.whatsapp.simulator.responses import error_response, json_response


@dataclass(frozen=True, slots=True)
class _MediaRule:
    """Content types and size in bytes that a kind of medium may have."""

    content_types: frozenset[str]
    max_bytes: int


_MEGABYTE: Final = 1024 * 1024
_AUDIO_TYPES: Final = "audio/aac audio/amr audio/mpeg audio/mp4 audio/ogg"
_DOCUMENT_TYPES: Final = (
    "text/plain application/pdf application/msword application/vnd.ms-excel application/vnd.ms-powerpoint "
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document "
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet "
    "application/vnd.openxmlformats-officedocument.presentationml.presentation"
)
_RULES: Final = {
    "image": _MediaRule(frozenset({"image/jpeg", "image/png"}), 5 * _MEGABYTE),
    "video": _MediaRule(frozenset({"video/mp4", "video/3gpp"}), 16 * _MEGABYTE),
    "audio": _MediaRule(frozenset(_AUDIO_TYPES.split()), 16 * _MEGABYTE),
    "sticker": _MediaRule(frozenset({"image/webp"}), 500 * 1024),
    "document": _MediaRule(frozenset(_DOCUMENT_TYPES.split()), 100 * _MEGABYTE),
}


def is_acceptable(kind: str, file: FetchedFile | None) -> bool:
    """Return whether a fetched file may be sent as a kind of medium; a document may be of any type."""
    if file is None or file.size == 0 or file.size > _RULES[kind].max_bytes:
        return False
    return kind == "document" or file.content_type in _RULES[kind].content_types


class MediaStore:
    """Files by media id. Those of contacts may be plain URLs, which have no bytes here."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._files: dict[str, str] = {}

    def __contains__(self, medium: str) -> bool:
        return medium in self._files

    def add(self, urls: Sequence[str]) -> list[str]:
        """Store a contact's files and return their ids."""
        media = [f"7{self._random.getrandbits(48):015}" for _ in urls]
        self._files.update(zip(media, urls, strict=True))
        return media

    def handle_upload(self, request: SimulatorRequest) -> SimulatorResponse:
        """Store an uploaded file, if its type and size are allowed (Meta, "Upload media")."""
        fields = parse_multipart(request)
        missing = [name for name in ("messaging_product", "type", "file") if name not in fields]
        if missing:
            return error_response(400, 100, "Invalid parameter", f"{', '.join(missing)} is required")
        kind, body = fields["file"]
        rules = [rule for rule in _RULES.values() if kind in rule.content_types]
        if not rules:
            return error_response(400, 100, "Invalid parameter", f"a file of type {kind} cannot be uploaded")
        if not body or all(len(body) > rule.max_bytes for rule in rules):
            return error_response(400, 131053, "Media upload error", "the file is empty or too large")
        medium = f"8{self._random.getrandbits(48):015}"
        self._files[medium] = f"data:{kind};base64,{b64encode(body).decode()}"
        return json_response(200, {"id": medium})

    def describe(self, medium: str, request: SimulatorRequest) -> SimulatorResponse:
        """Return a file's URL and metadata; the URL requires the token too."""
        metadata: Json = {"messaging_product": "whatsapp", "id": medium, "url": self._files[medium]}
        if file := parse_data_url(self._files[medium]):
            host = request.headers.get("host")
            if host is None:
                raise MalformedRequest("the request has no Host header")
            version = request.url.split("/")[1]
            metadata |= {
                "url": f"http://{host}/{version}/bytes/{medium}",
                "mime_type": file[0],
                "sha256": hashlib.sha256(file[1]).hexdigest(),
                "file_size": len(file[1]),
            }
        return json_response(200, metadata)

    def download(self, medium: str) -> SimulatorResponse:
        """Return a file's bytes."""
        if file := parse_data_url(self._files.get(medium, "")):
            return SimulatorResponse(200, {"content-type": file[0]}, file[1])
        return error_response(404, 100, "The URL has expired")

    def delete(self, medium: str) -> SimulatorResponse:
        """Delete a file (Meta, "Delete media")."""
        del self._files[medium]
        return json_response(200, {"success": True})
