"""Media download from a provider: one bounded request and its errors."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

from channels._kit.outbound.http import BearerAuth, Credentials
from core.errors import Rejected, Unavailable
from core.model import Attachment
from core.ports import (
    FILE_TIMEOUT_SECONDS,
    MAX_FILE_BYTES,
    FetchError,
    HttpFetcher,
    HttpRequest,
    MediaErrorKind,
    MediaUnavailable,
    ResponseTooLarge,
)

_NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})
_ERROR_KINDS_BY_STATUS: Final[Mapping[int, MediaErrorKind]] = MappingProxyType(
    {
        401: MediaErrorKind.REFUSED,
        403: MediaErrorKind.REFUSED,
        404: MediaErrorKind.NOT_FOUND,
        410: MediaErrorKind.NOT_FOUND,
        413: MediaErrorKind.TOO_LARGE,
    }
)

_USUAL_SPELLINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "image/jpg": "image/jpeg",
        "image/pjpeg": "image/jpeg",
        "audio/mp3": "audio/mpeg",
        "audio/m4a": "audio/mp4",
        "audio/x-m4a": "audio/mp4",
        "video/3gp": "video/3gpp",
    }
)


async def download_file(
    fetch: HttpFetcher, url: str, headers: Mapping[str, str] = _NO_HEADERS, *, largest: int = MAX_FILE_BYTES
) -> bytes:
    """Return the body of a successful GET. Raises `MediaUnavailable`."""
    request = HttpRequest(
        method="GET", url=url, headers=dict(headers), seconds=FILE_TIMEOUT_SECONDS, largest=largest
    )
    try:
        response = await fetch.fetch(request)
    except ResponseTooLarge as error:
        raise MediaUnavailable(MediaErrorKind.TOO_LARGE, str(error)) from error
    except FetchError as error:
        raise MediaUnavailable(
            MediaErrorKind.UNREACHABLE if error.request_sent else MediaErrorKind.REFUSED, str(error)
        ) from error
    if response.status != 200:
        kind = _ERROR_KINDS_BY_STATUS.get(response.status, MediaErrorKind.UNREACHABLE)
        raise MediaUnavailable(kind, f"the server responded with {response.status}")
    return response.body


def extract_host(url: str) -> str:
    """Return the host of a URL, with its port if given; empty if the URL is malformed."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2].lower()
    except ValueError:
        return ""


def normalize_content_type(content_type: str) -> str:
    """Return a content type without parameters, in the spelling that providers know."""
    kind = content_type.partition(";")[0].strip().lower()
    return _USUAL_SPELLINGS.get(kind, kind)


async def load_for_upload(medium: Attachment, fetch: HttpFetcher, *, largest: int = MAX_FILE_BYTES) -> bytes:
    """Return the bytes of a file to upload, at most `largest`.

    Raises `Rejected` if it cannot be fetched or is too large, `Unavailable` if its server does not respond.
    """
    try:
        return await download_file(fetch, medium.url, largest=largest)
    except MediaUnavailable as error:
        reason = f"downloading the file to send failed: {error}"
        if error.kind is MediaErrorKind.UNREACHABLE:
            raise Unavailable(reason, one_contact=True) from error
        raise Rejected(reason, code=error.kind) from error


async def download_with_auth(
    fetch: HttpFetcher, url: str, provider_url: str, credentials: Credentials | None
) -> bytes:
    """Download a file, with credentials only on the provider's own host.

    Neither a forged webhook nor a redirect leads the credentials to another one than that of `provider_url`.
    Raises `MediaUnavailable`.
    """
    is_provider_url = url.startswith(f"{provider_url.rstrip('/')}/") and "/.." not in url
    headers = (
        {"Authorization": _format_authorization(credentials)}
        if credentials and is_provider_url
        else _NO_HEADERS
    )
    return await download_file(fetch, url, headers)


def _format_authorization(credentials: Credentials) -> str:
    if isinstance(credentials, BearerAuth):
        return f"Bearer {credentials.token}"
    return "Basic " + b64encode(":".join(credentials).encode()).decode()
