"""Downloads the pictures of contacts for a language model that can see."""

from __future__ import annotations

import logging
from typing import Final

from core.model import Attachment
from core.ports import MediaUnavailable
from flows.llm import Picture
from gateway.middleware.media.transcription import MediaDownloader

log = logging.getLogger("turngate.media")

_VISIBLE_TYPES: Final = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})
"""Types that models of the OpenAI protocol read."""


class PictureLoader:
    """Loads pictures within a size limit; one that is unavailable is missing, and the turn continues."""

    def __init__(self, downloader: MediaDownloader, max_bytes: int) -> None:
        self._downloader = downloader
        self._max_bytes = max_bytes

    async def load(self, attachment: Attachment, channel: str) -> Picture | None:
        """Return a picture; `None` if it is unavailable, too large, or of a type that models do not read."""
        try:
            file = await self._downloader.download(attachment, channel)
        except MediaUnavailable as error:
            log.warning("picture not downloaded: %s (%s)", error.kind, error)
            return None
        if file.content_type not in _VISIBLE_TYPES or len(file.body) > self._max_bytes:
            log.info("picture not shown to the model: %s, %d bytes", file.content_type, len(file.body))
            return None
        return Picture(file.body, file.content_type)
