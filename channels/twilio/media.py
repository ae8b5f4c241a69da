"""Files at Twilio (Twilio, "Media resource"): ours only with the account's credentials."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from channels._kit.outbound.media import got_from, host_of
from core.model.turn import Attachment
from core.ports.http_fetch import Fetch
from core.ports.media import NoFile, Trouble

_WAITS: Final = (1.0, 3.0)


class Media:
    """Downloads of one account."""

    def __init__(self, *, account: str, token: str, url: str, waits: Sequence[float] = _WAITS) -> None:
        self._ours = f"{url}/2010-04-01/Accounts/{account}"
        self._credentials = (account, token)
        self._waits = waits
        self.host = host_of(url)

    async def download(self, medium: Attachment, fetch: Fetch) -> bytes:
        """The bytes of a file. Raises `NoFile`.

        The credentials go to our account's own addresses and nowhere else, neither where a forged webhook
        points nor where Twilio redirects to. Right after the webhook a file may not be there yet.
        """
        for wait in self._waits if medium.url.startswith(f"{self._ours}/") else ():
            try:
                return await got_from(fetch, medium.url, self._ours, self._credentials)
            except NoFile as error:
                if error.trouble is not Trouble.GONE:
                    raise
            await asyncio.sleep(wait)
        return await got_from(fetch, medium.url, self._ours, self._credentials)
