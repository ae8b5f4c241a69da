"""The port to the world outside: one bounded HTTP request to an address that a document or a user named."""

from __future__ import annotations

from typing import Protocol

from pydantic import Field

from core.model import FrozenModel

MAX_BODY_BYTES = 256 * 1024


class HttpRequest(FrozenModel):
    """A request. `seconds` bounds all of it, `largest` the answer's body in bytes.

    `label` is ours, for logs and for tests: the address may hold what a user said.
    """

    method: str
    url: str = Field(repr=False)
    headers: dict[str, str] = Field(default_factory=dict, repr=False)
    body: bytes | None = Field(None, repr=False)
    seconds: float = 30.0
    largest: int = MAX_BODY_BYTES
    label: str = ""


class HttpResponse(FrozenModel):
    """An answer of any status. The headers' names are in lower case."""

    status: int
    headers: dict[str, str] = Field(default_factory=dict, repr=False)
    body: bytes = Field(b"", repr=False)


class FetchError(Exception):
    """There is no answer, for the reason given. `sent`: the other side may have acted on it all the same."""

    def __init__(self, reason: str, *, sent: bool) -> None:
        super().__init__(reason)
        self.request_sent = sent


class ResponseTooLarge(FetchError):
    """The answer has more bytes than were asked for."""


class HttpFetcher(Protocol):
    """Whoever may call out. An address that is not public is refused unless the operator has named it."""

    async def fetch(self, request: HttpRequest) -> HttpResponse:
        """Make the request. Raises `FetchError`."""
        ...

    async def aclose(self) -> None:
        """Let go of the connections."""
        ...
