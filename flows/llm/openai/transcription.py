"""Speech to text behind the OpenAI protocol.

Importing this file costs a second, so only `transcriber_from` does it, when transcription is asked for.
"""

from __future__ import annotations

from typing import Final

from flows.llm.model import ModelError
from flows.llm.openai.client import FAILURES, NO_ANSWER, OpenAIClient
from flows.llm.openai.retry import patiently

_TRY_SECONDS: Final = 15.0
_SECONDS: Final = 25.0
_RETRIES: Final = 1


class Transcriber:
    """A transcription model at OpenAI or behind any server of its protocol, within 25 s.

    Raises `Misconfigured` without a key.
    """

    def __init__(self, model: str, *, api_key: str | None = None, base_url: str | None = None) -> None:
        self.name = f"openai/{model}"
        self._model = model
        self._client = OpenAIClient(api_key=api_key, base_url=base_url, timeout=_TRY_SECONDS, aiohttp=True)

    async def transcribe(self, body: bytes, name: str, content_type: str) -> str:
        """What is said in a recording; `name` ends as its type does. Raises `ModelError`."""
        try:
            return await patiently(
                lambda: self._heard((name, body, content_type)), seconds=_SECONDS, retries=_RETRIES
            )
        except FAILURES as error:
            raise ModelError(f"{self.name}: {type(error).__name__}") from error
        except NO_ANSWER as error:
            raise ModelError(f"{self.name}: the answer is not of the protocol") from error

    async def aclose(self) -> None:
        """Close the connections; the next recording opens new ones."""
        await self._client.aclose()

    async def _heard(self, file: tuple[str, bytes, str]) -> str:
        heard = await self._client.api.audio.transcriptions.create(model=self._model, file=file)
        return heard.text.strip()
