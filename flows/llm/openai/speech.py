"""Text to speech over the OpenAI protocol.

Importing this module takes a second, so `create_speech_synthesizer` does it only when speech is configured.
"""

from __future__ import annotations

from typing import Final

from flows.llm.model import ModelError
from flows.llm.openai.client import PROTOCOL_ERRORS, REQUEST_ERRORS, OpenAIClient
from flows.llm.openai.retry import retry

DEFAULT_VOICE: Final = "alloy"
_ATTEMPT_TIMEOUT_SECONDS: Final = 10.0
_TOTAL_TIMEOUT_SECONDS: Final = 15.0
_MAX_RETRIES: Final = 1
_OGG_START: Final = b"OggS"


class OpenAISpeechSynthesizer:
    """A speech model at OpenAI or at any server of its protocol, with one voice; limited to 15 s.

    Raises `ConfigurationError` without a key.
    """

    def __init__(
        self, model: str, *, voice: str = "", api_key: str | None = None, base_url: str | None = None
    ) -> None:
        self.name = f"openai/{model}"
        self._model = model
        self._voice = voice or DEFAULT_VOICE
        self._client = OpenAIClient(
            api_key=api_key, base_url=base_url, timeout=_ATTEMPT_TIMEOUT_SECONDS, aiohttp=True
        )

    async def synthesize(self, text: str) -> bytes:
        """Return a recording of a text as Ogg with Opus. Raises `ModelError`."""
        try:
            recording = await retry(
                lambda: self._request_speech(text), seconds=_TOTAL_TIMEOUT_SECONDS, retries=_MAX_RETRIES
            )
        except REQUEST_ERRORS as error:
            raise ModelError(f"{self.name}: {type(error).__name__}") from error
        except PROTOCOL_ERRORS as error:
            raise ModelError(f"{self.name}: the answer is not of the protocol") from error
        if not recording.startswith(_OGG_START):
            raise ModelError(f"{self.name}: the answer is not Ogg, which voice notes need")
        return recording

    async def aclose(self) -> None:
        """Close the connections; the next text opens new ones."""
        await self._client.aclose()

    async def _request_speech(self, text: str) -> bytes:
        speech = await self._client.api.audio.speech.create(
            model=self._model, voice=self._voice, input=text, response_format="opus"
        )
        return bytes(speech.content)
