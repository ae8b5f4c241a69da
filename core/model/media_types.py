"""Types and names of files that are known by their URL only."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import unquote, urlsplit

_OPEN_DOCUMENT: Final = "application/vnd.oasis.opendocument"
_OFFICE: Final = "application/vnd.openxmlformats-officedocument"
_TYPES_BY_EXTENSION: Final[Mapping[str, str]] = MappingProxyType(
    {
        "3gp": "video/3gpp",
        "aac": "audio/aac",
        "amr": "audio/amr",
        "csv": "text/csv",
        "doc": "application/msword",
        "docx": f"{_OFFICE}.wordprocessingml.document",
        "flac": "audio/flac",
        "gif": "image/gif",
        "heic": "image/heic",
        "ics": "text/calendar",
        "jpeg": "image/jpeg",
        "jpg": "image/jpeg",
        "json": "application/json",
        "m4a": "audio/mp4",
        "mov": "video/quicktime",
        "mp3": "audio/mpeg",
        "mp4": "video/mp4",
        "odp": f"{_OPEN_DOCUMENT}.presentation",
        "ods": f"{_OPEN_DOCUMENT}.spreadsheet",
        "odt": f"{_OPEN_DOCUMENT}.text",
        "oga": "audio/ogg",
        "ogg": "audio/ogg",
        "opus": "audio/ogg",
        "pdf": "application/pdf",
        "png": "image/png",
        "ppt": "application/vnd.ms-powerpoint",
        "pptx": f"{_OFFICE}.presentationml.presentation",
        "svg": "image/svg+xml",
        "txt": "text/plain",
        "wav": "audio/wav",
        "webm": "video/webm",
        "webp": "image/webp",
        "xls": "application/vnd.ms-excel",
        "xlsx": f"{_OFFICE}.spreadsheetml.sheet",
        "zip": "application/zip",
    }
)
"""The same on every machine, unlike those of the module `mimetypes`."""


def file_name(url: str, name: str = "") -> str:
    """Return a file's name, or else the last part of its URL's path; empty if that has no extension."""
    if name:
        return name
    try:
        last = unquote(urlsplit(url).path.rpartition("/")[2])
    except ValueError:
        return ""
    return last if "." in last and last.isprintable() else ""


def infer_content_type(url: str, name: str = "") -> str:
    """Return the type of a file by the extension of its name or URL; empty if it is not known."""
    for each in (name, file_name(url)):
        extension = each.rpartition(".")[2].strip().lower()
        if extension in _TYPES_BY_EXTENSION:
            return _TYPES_BY_EXTENSION[extension]
    return ""
