"""Files at Meta (Meta, "Media"): an id leads to an address that lives five minutes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Final

from channels._kit.inbound.json import name_of, number, read_object, word
from channels._kit.outbound.media import got, host_of, to_send
from channels.whatsapp.rendering import kind_of
from core.model.turn import Attachment
from core.ports.http_fetch import Fetch
from core.ports.media import LARGEST_FILE, NoFile, Trouble

_HOSTS: Final = frozenset({"graph.facebook.com", "lookaside.fbsbx.com"})
_LARGEST_ANSWER: Final = 64 * 1024
_LINK_TRIES: Final = 2


_LARGEST: Final = {"image": 5 * 1024 * 1024}
"""By kind, in bytes; of the others we hold no more than of what people send (Meta, "Media")."""


class Media:
    """Downloads of one app. `base` stands before the id of a file: the API's address and version."""

    def __init__(self, *, token: str, base: str) -> None:
        self._base = base
        self._authorization = {"Authorization": f"Bearer {token}"}
        self.host = host_of(base)

    async def download(self, medium: Attachment, fetch: Fetch) -> bytes:
        """The bytes of a file, looked up anew each time. Raises `NoFile`."""
        for left in reversed(range(_LINK_TRIES)):
            told = await self._told(medium, fetch)
            if (number(told, "file_size") or 0) > LARGEST_FILE:
                raise NoFile(Trouble.TOO_LARGE, "Meta says that it is larger than is fetched")
            url = word(told, "url", 4000)
            try:
                body = await got(fetch, url, self._for(url))
            except NoFile as error:
                if left and error.trouble in (Trouble.GONE, Trouble.REFUSED):
                    continue  # the address has expired: ask for another
                raise
            return _whole(body, name_of(told, "sha256"))
        raise AssertionError("the last try returns or raises")

    async def for_meta(self, medium: Attachment, fetch: Fetch) -> bytes | None:
        """The bytes to upload; `None` for what Meta has, or gets itself from a public https address.

        Raises `Rejected` when the file is not to be had or too large for its kind, else `Unavailable`.
        """
        if medium.url.startswith((f"{self._base}/", "https://")):
            return None
        largest = _LARGEST.get(kind_of(medium.content_type), LARGEST_FILE)
        return await to_send(medium, fetch, largest=largest)

    async def _told(self, medium: Attachment, fetch: Fetch) -> dict[str, object]:
        if not medium.url.startswith(f"{self._base}/"):
            return {"url": medium.url}
        raw = await got(fetch, medium.url, self._authorization, largest=_LARGEST_ANSWER)
        return read_object(raw) or {}

    def _for(self, url: str) -> Mapping[str, str]:
        """The token, where it may go: to Meta's own hosts over https, or where the operator says Meta is."""
        host = host_of(url)
        is_meta = host in _HOSTS and url.startswith("https://")
        is_named = url.startswith(f"{self._base.rpartition('/')[0]}/")
        return self._authorization if is_meta or is_named else {}


def _whole(body: bytes, sha256: str) -> bytes:
    """The bytes, if they are those that Meta counted; it writes the hash as hexadecimal here."""
    if re.fullmatch(r"[0-9a-fA-F]{64}", sha256) and hashlib.sha256(body).hexdigest() != sha256.lower():
        raise NoFile(Trouble.WRONG_TYPE, "the bytes are not those that Meta promised")
    return body
