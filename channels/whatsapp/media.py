"""Media at Meta (Meta, "Media"): an id resolves to a URL that is valid for five minutes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Final

from channels._kit.inbound import get_identifier, get_number, get_text, parse_object
from channels._kit.outbound import download_file, extract_host, load_for_upload
from channels.whatsapp.rendering import get_media_type
from core.model import Attachment
from core.ports import MAX_FILE_BYTES, HttpFetcher, MediaErrorKind, MediaUnavailable

_META_HOSTS: Final = frozenset({"graph.facebook.com", "lookaside.fbsbx.com"})
_MAX_METADATA_BYTES: Final = 64 * 1024
_MAX_LINK_ATTEMPTS: Final = 2


_MAX_UPLOAD_BYTES: Final = {"image": 5 * 1024 * 1024}
"""Maximum size in bytes by kind; other kinds have the limit of inbound files (Meta, "Media")."""


class MediaClient:
    """Downloads media of one app. `base` is the URL prefix of a media id: the API's URL and version."""

    def __init__(self, *, token: str, base: str) -> None:
        self._base = base
        self._authorization = {"Authorization": f"Bearer {token}"}
        self.host = extract_host(base)

    async def download(self, medium: Attachment, fetch: HttpFetcher) -> bytes:
        """Return a file's bytes, resolving its URL anew each time. Raises `MediaUnavailable`."""
        for attempts_left in reversed(range(_MAX_LINK_ATTEMPTS)):
            metadata = await self._fetch_metadata(medium, fetch)
            if (get_number(metadata, "file_size") or 0) > MAX_FILE_BYTES:
                raise MediaUnavailable(
                    MediaErrorKind.TOO_LARGE, "the file exceeds the size limit, according to Meta"
                )
            url = get_text(metadata, "url", 4000)
            try:
                body = await download_file(fetch, url, self._headers_for(url))
            except MediaUnavailable as error:
                if attempts_left and error.kind in (MediaErrorKind.NOT_FOUND, MediaErrorKind.REFUSED):
                    continue  # the URL has expired: resolve a new one
                raise
            return _verify_hash(body, get_identifier(metadata, "sha256"))
        raise AssertionError("the last try returns or raises")

    async def load_for_upload(self, medium: Attachment, fetch: HttpFetcher) -> bytes | None:
        """Return the bytes to upload; `None` for what Meta has, or fetches itself from a public https URL.

        Raises `Rejected` if the file cannot be fetched or is too large for its kind, else `Unavailable`.
        """
        if medium.url.startswith((f"{self._base}/", "https://")):
            return None
        largest = _MAX_UPLOAD_BYTES.get(get_media_type(medium.content_type), MAX_FILE_BYTES)
        return await load_for_upload(medium, fetch, largest=largest)

    async def _fetch_metadata(self, medium: Attachment, fetch: HttpFetcher) -> dict[str, object]:
        if not medium.url.startswith(f"{self._base}/"):
            return {"url": medium.url}
        raw = await download_file(fetch, medium.url, self._authorization, largest=_MAX_METADATA_BYTES)
        return parse_object(raw) or {}

    def _headers_for(self, url: str) -> Mapping[str, str]:
        """Return the token only for Meta's own hosts over https, or the configured API host."""
        host = extract_host(url)
        is_meta = host in _META_HOSTS and url.startswith("https://")
        is_api_url = url.startswith(f"{self._base.rpartition('/')[0]}/")
        return self._authorization if is_meta or is_api_url else {}


def _verify_hash(body: bytes, sha256: str) -> bytes:
    """Return the bytes if they match the hash that Meta sent, in hexadecimal here."""
    if re.fullmatch(r"[0-9a-fA-F]{64}", sha256) and hashlib.sha256(body).hexdigest() != sha256.lower():
        raise MediaUnavailable(
            MediaErrorKind.WRONG_TYPE, "the SHA-256 of the file does not match the one that Meta stated"
        )
    return body
