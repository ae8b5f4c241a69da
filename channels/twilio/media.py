"""Files at Twilio (Twilio, "Media resource"): ours only with the account's credentials."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Sequence
from typing import Final

from channels._kit.media import got, host_of
from core.fetch import Fetch
from core.media import NoFile, Trouble
from core.turn import Attachment

_WAITS: Final = (1.0, 3.0)


class Media:
    """Downloads of one account."""

    def __init__(self, *, account: str, token: str, url: str, waits: Sequence[float] = _WAITS) -> None:
        self._ours = f"{url}/2010-04-01/Accounts/{account}/"
        self._authorization = "Basic " + b64encode(f"{account}:{token}".encode()).decode()
        self._waits = waits
        self.host = host_of(url)

    async def download(self, medium: Attachment, fetch: Fetch) -> bytes:
        """The bytes of a file. Raises `NoFile`.

        The credentials go to our account's own addresses and nowhere else, neither where a forged webhook
        points nor where Twilio redirects to. Right after the webhook a file may not be there yet.
        """
        is_ours = medium.url.startswith(self._ours) and "/.." not in medium.url
        headers = {"Authorization": self._authorization} if is_ours else {}
        for wait in self._waits if is_ours else ():
            try:
                return await got(fetch, medium.url, headers)
            except NoFile as error:
                if error.trouble is not Trouble.GONE:
                    raise
            await asyncio.sleep(wait)
        return await got(fetch, medium.url, headers)
