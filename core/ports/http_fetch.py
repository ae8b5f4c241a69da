"""Port for outbound HTTP: one bounded request to a URL that a document or a user named."""

from __future__ import annotations

from typing import Protocol

from pydantic import Field

from core.model import FrozenModel

MAX_BODY_BYTES = 256 * 1024


class HttpRequest(FrozenModel):
    """A request. `seconds` bounds it in total, `largest` the response's body in bytes.

    `label` names it in logs and tests, because the URL may contain a user's text.
    """

    method: str
    url: str = Field(repr=False)
    headers: dict[str, str] = Field(default_factory=dict, repr=False)
    body: bytes | None = Field(None, repr=False)
    seconds: float = 30.0
    largest: int = MAX_BODY_BYTES
    follow_redirects: bool = True
    label: str = ""


class HttpResponse(FrozenModel):
    """A response of any status. Header names are lower case."""

    status: int
    headers: dict[str, str] = Field(default_factory=dict, repr=False)
    body: bytes = Field(b"", repr=False)


class FetchError(Exception):
    """The request failed for `reason`. With `sent`, the server may have processed it all the same."""

    def __init__(self, reason: str, *, sent: bool) -> None:
        super().__init__(reason)
        self.request_sent = sent


class ResponseTooLarge(FetchError):
    """The response's body exceeds the requested limit."""


class HttpFetcher(Protocol):
    """HTTP client for untrusted URLs. Non-public addresses are refused unless the operator allows them."""

    async def fetch(self, request: HttpRequest) -> HttpResponse:
        """Send the request and return its response. Raises `FetchError`."""
        ...

    async def aclose(self) -> None:
        """Close all connections."""
        ...
