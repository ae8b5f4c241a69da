"""Getting a file from a provider: one bounded request, and what its failure means."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

from channels._kit.outbound.http import Bearer, Credentials
from core.errors import Rejected, Unavailable
from core.model.turn import Attachment
from core.ports.http_fetch import Fetch, NotFetched, Request, TooLarge
from core.ports.media import FILE_SECONDS, LARGEST_FILE, NoFile, Trouble

_NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})
_STATUSES: Final[Mapping[int, Trouble]] = MappingProxyType(
    {
        401: Trouble.REFUSED,
        403: Trouble.REFUSED,
        404: Trouble.GONE,
        410: Trouble.GONE,
        413: Trouble.TOO_LARGE,
    }
)


async def got(
    fetch: Fetch, url: str, headers: Mapping[str, str] = _NO_HEADERS, *, largest: int = LARGEST_FILE
) -> bytes:
    """The body of a successful GET. Raises `NoFile`."""
    request = Request(method="GET", url=url, headers=dict(headers), seconds=FILE_SECONDS, largest=largest)
    try:
        answer = await fetch.fetch(request)
    except TooLarge as error:
        raise NoFile(Trouble.TOO_LARGE, str(error)) from error
    except NotFetched as error:
        raise NoFile(Trouble.UNREACHABLE if error.sent else Trouble.REFUSED, str(error)) from error
    if answer.status != 200:
        trouble = _STATUSES.get(answer.status, Trouble.UNREACHABLE)
        raise NoFile(trouble, f"its address answered {answer.status}")
    return answer.body


def host_of(url: str) -> str:
    """The host of an address, with its port where it names one; empty when it cannot be read."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2].lower()
    except ValueError:
        return ""


async def to_send(medium: Attachment, fetch: Fetch, *, largest: int = LARGEST_FILE) -> bytes:
    """The bytes of a file that is to be uploaded, at most `largest`.

    Raises `Rejected` when it is not to be had or too large, `Unavailable` when its address does not answer.
    """
    try:
        return await got(fetch, medium.url, largest=largest)
    except NoFile as error:
        reason = f"the file to send could not be fetched: {error}"
        if error.trouble is Trouble.UNREACHABLE:
            raise Unavailable(reason) from error
        raise Rejected(reason, code=error.trouble) from error


async def got_from(fetch: Fetch, url: str, keeper: str, credentials: Credentials | None) -> bytes:
    """As `got`, with credentials where the address is the provider's own and nowhere else.

    `keeper` is where the provider is; neither a forged webhook nor a redirect leads the credentials away
    from it. Raises `NoFile`.
    """
    is_theirs = url.startswith(f"{keeper.rstrip('/')}/") and "/.." not in url
    headers = {"Authorization": _shown(credentials)} if credentials and is_theirs else _NO_HEADERS
    return await got(fetch, url, headers)


def _shown(credentials: Credentials) -> str:
    if isinstance(credentials, Bearer):
        return f"Bearer {credentials.token}"
    return "Basic " + b64encode(":".join(credentials).encode()).decode()
