"""Media download from Twilio with the account's credentials (Twilio, "Media resource")."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from channels._kit.outbound import download_with_auth, extract_host
from core.model import Attachment
from core.ports import HttpFetcher, MediaErrorKind, MediaUnavailable

_RETRY_DELAYS_SECONDS: Final = (1.0, 3.0)


class MediaClient:
    """Downloads media of one account."""

    def __init__(
        self, *, account: str, token: str, url: str, retry_delays: Sequence[float] = _RETRY_DELAYS_SECONDS
    ) -> None:
        self._account_url = f"{url}/2010-04-01/Accounts/{account}"
        self._credentials = (account, token)
        self._retry_delays = retry_delays
        self.host = extract_host(url)

    async def download(self, medium: Attachment, fetch: HttpFetcher) -> bytes:
        """Return a file's bytes. Raises `MediaUnavailable`.

        Credentials are sent only to the account's own URLs, neither where a forged webhook points nor where
        Twilio redirects. A file may not be available right after the webhook, so a 404 is retried.
        """
        for delay in self._retry_delays if medium.url.startswith(f"{self._account_url}/") else ():
            try:
                return await download_with_auth(fetch, medium.url, self._account_url, self._credentials)
            except MediaUnavailable as error:
                if error.kind is not MediaErrorKind.NOT_FOUND:
                    raise
            await asyncio.sleep(delay)
        return await download_with_auth(fetch, medium.url, self._account_url, self._credentials)
