"""Speech to text over the OpenAI protocol.

Importing this module takes a second, so `create_transcriber` does it only when transcription is configured.
"""

from __future__ import annotations

from typing import Final

from flows.llm.model import ModelError
from flows.llm.openai.client import PROTOCOL_ERRORS, REQUEST_ERRORS, OpenAIClient
from flows.llm.openai.retry import retry

_ATTEMPT_TIMEOUT_SECONDS: Final = 15.0
_TOTAL_TIMEOUT_SECONDS: Final = 25.0
_MAX_RETRIES: Final = 1


class OpenAITranscriber:
    """A transcription model at OpenAI or at any server of its protocol; limited to 25 s.

    Raises `ConfigurationError` without a key.
    """

    def __init__(self, model: str, *, api_key: str | None = None, base_url: str | None = None) -> None:
        self.name = f"openai/{model}"
        self._model = model
        self._client = OpenAIClient(
            api_key=api_key, base_url=base_url, timeout=_ATTEMPT_TIMEOUT_SECONDS, aiohttp=True
        )

    async def transcribe(self, body: bytes, name: str, content_type: str) -> str:
        """Return the text of a recording; `name` has the file extension of its type. Raises `ModelError`."""
        try:
            return await retry(
                lambda: self._request_transcript((name, body, content_type)),
                seconds=_TOTAL_TIMEOUT_SECONDS,
                retries=_MAX_RETRIES,
            )
        except REQUEST_ERRORS as error:
            raise ModelError(f"{self.name}: {type(error).__name__}") from error
        except PROTOCOL_ERRORS as error:
            raise ModelError(f"{self.name}: the answer is not of the protocol") from error

    async def aclose(self) -> None:
        """Close the connections; the next recording opens new ones."""
        await self._client.aclose()

    async def _request_transcript(self, file: tuple[str, bytes, str]) -> str:
        transcription = await self._client.api.audio.transcriptions.create(model=self._model, file=file)
        return transcription.text.strip()
