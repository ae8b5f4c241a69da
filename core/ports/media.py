"""Files that people sent: fetched in the worker, only when something needs them."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol, runtime_checkable

from pydantic import Field

from core.model import Attachment, FrozenModel
from core.ports.http_fetch import HttpFetcher

MAX_FILE_BYTES = 16 * 1024 * 1024
"""In bytes: what messengers let through as sound, pictures and films."""
FILE_TIMEOUT_SECONDS = 15.0


class MediaFile(FrozenModel):
    """A file's bytes, and what they are: told from the bytes, not from what somebody called them."""

    body: bytes = Field(repr=False)
    content_type: str


class MediaErrorKind(StrEnum):
    """Why there is no file. The turn goes on without it."""

    TOO_LARGE = "too_large"
    NOT_FOUND = "gone"
    """The address has expired or the file was deleted."""
    REFUSED = "refused"
    """The provider does not know our credentials, or nothing may be, or could be, asked at the address."""
    UNREACHABLE = "unreachable"
    WRONG_TYPE = "wrong_type"
    """Not what was looked for, or not what the provider promised."""


class MediaUnavailable(Exception):
    """There is no file. `str()` is for the operator and quotes nothing that a person wrote."""

    def __init__(self, trouble: MediaErrorKind, reason: str) -> None:
        super().__init__(reason)
        self.kind = trouble


@runtime_checkable
class HostsMedia(Protocol):
    """A channel whose provider keeps the files, and gives them only to who has our credentials."""

    @property
    def api_host(self) -> str:
        """Where the operator says that the provider is, as `host` or `host:port`."""
        ...

    async def download(self, medium: Attachment, fetch: HttpFetcher) -> bytes:
        """The bytes of a file. Raises `MediaUnavailable`."""
        ...
