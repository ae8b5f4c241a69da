"""Port for media that contacts sent; downloaded in the worker, only when needed."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol, runtime_checkable

from pydantic import Field

from core.model import Attachment, FrozenModel
from core.ports.http_fetch import HttpFetcher

MAX_FILE_BYTES = 16 * 1024 * 1024
"""Maximum size in bytes, as messengers allow for audio, images and video."""
FILE_TIMEOUT_SECONDS = 15.0


class MediaFile(FrozenModel):
    """A file's bytes and their content type, detected from the bytes rather than from the declared type."""

    body: bytes = Field(repr=False)
    content_type: str


class MediaErrorKind(StrEnum):
    """Reason why a file is not available. The turn continues without it."""

    TOO_LARGE = "too_large"
    NOT_FOUND = "gone"
    """The URL has expired or the file was deleted."""
    REFUSED = "refused"
    """The provider refused the credentials, or the URL could not or must not be requested."""
    UNREACHABLE = "unreachable"
    WRONG_TYPE = "wrong_type"
    """The content is not of the expected type, or not what the provider announced."""


class MediaUnavailable(Exception):
    """The file cannot be downloaded. `str()` is for the operator and contains no contact's text."""

    def __init__(self, kind: MediaErrorKind, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


class FilePublisher(Protocol):
    """Serves files below the gateway's public URL, for providers that fetch the files that they send."""

    async def publish(self, body: bytes, content_type: str, name: str, *, owner: str = "") -> str:
        """Serve a file for a limited time and return its URL, which cannot be guessed.

        `owner` is the session with which it is erased. Raises `Rejected` if it cannot be published.
        """
        ...

    async def load(self, url: str) -> bytes | None:
        """Return the bytes of a file that is served here; `None` for any other URL."""
        ...


@runtime_checkable
class HostsMedia(Protocol):
    """A channel whose provider hosts media behind the account's credentials."""

    @property
    def api_host(self) -> str:
        """The provider's configured host, as `host` or `host:port`."""
        ...

    async def download(self, medium: Attachment, fetch: HttpFetcher) -> bytes:
        """Return a file's bytes. Raises `MediaUnavailable`."""
        ...
