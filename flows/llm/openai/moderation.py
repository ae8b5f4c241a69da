"""Moderation model over the OpenAI protocol.

https://platform.openai.com/docs/api-reference/moderations
"""

from __future__ import annotations

from flows.llm.model import ModelError
from flows.llm.openai.client import PROTOCOL_ERRORS, REQUEST_ERRORS, OpenAIClient
from flows.llm.openai.retry import retry
from flows.text import replace_surrogates

_TIMEOUT_SECONDS = 10.0
_MAX_RETRIES = 2
_MAX_TEXT_LENGTH = 20_000


class OpenAIModerator:
    """Checks texts with one model. Raises `ConfigurationError` without a key."""

    def __init__(
        self,
        model: str,
        *,
        api_key: str | None = None,
        base_url: str | None = None,
        aiohttp: bool = False,
        patience: float = _TIMEOUT_SECONDS,
    ) -> None:
        self._model = model
        self._client = OpenAIClient(api_key=api_key, base_url=base_url, timeout=patience, aiohttp=aiohttp)
        self._timeout = patience

    async def flags(self, text: str) -> bool:
        """Return whether the model rejects a text. Raises `ModelError` when there is no answer."""
        try:
            return await retry(
                lambda: self._request_moderation(text), seconds=self._timeout, retries=_MAX_RETRIES
            )
        except PROTOCOL_ERRORS as error:
            raise ModelError(f"{self._model}: the answer is not of the protocol") from error
        except REQUEST_ERRORS as error:
            raise ModelError(f"{self._model}: {type(error).__name__}") from error

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _request_moderation(self, text: str) -> bool:
        cleaned = replace_surrogates(text[:_MAX_TEXT_LENGTH])
        answer = await self._client.api.moderations.create(model=self._model, input=cleaned)
        return bool(answer.results[0].flagged)  # one text, one result
