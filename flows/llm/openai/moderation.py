"""A moderation model behind the OpenAI protocol: whether a text may be read or said.

https://platform.openai.com/docs/api-reference/moderations
"""

from __future__ import annotations

from core.errors import Misconfigured
from flows.llm.model import ModelError
from flows.llm.openai.client import FAILURES, NO_ANSWER, OpenAIClient
from flows.llm.openai.retry import patiently
from flows.text.surrogates import whole_characters

_PATIENCE = 10.0
_RETRIES = 2
_LONGEST = 20_000


class OpenAIModerator:
    """Asks one model about every text. Raises `Misconfigured` without a key."""

    def __init__(
        self,
        model: str,
        *,
        api_key: str | None = None,
        base_url: str | None = None,
        aiohttp: bool = False,
        patience: float = _PATIENCE,
    ) -> None:
        self._model = model
        self._client = OpenAIClient(api_key=api_key, base_url=base_url, timeout=patience, aiohttp=aiohttp)
        self._patience = patience

    async def flags(self, text: str) -> bool:
        """Whether the model objects to a text. Raises `ModelError` when it does not say."""
        try:
            return await patiently(lambda: self._flags(text), seconds=self._patience, retries=_RETRIES)
        except NO_ANSWER as error:
            raise ModelError(f"{self._model}: the answer is not of the protocol") from error
        except FAILURES as error:
            raise ModelError(f"{self._model}: {type(error).__name__}") from error

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _flags(self, text: str) -> bool:
        read = whole_characters(text[:_LONGEST])
        answer = await self._client.api.moderations.create(model=self._model, input=read)
        return bool(answer.results[0].flagged)  # one text, one result


def moderator_from(
    spec: str, *, api_key: str | None = None, base_url: str | None = None, aiohttp: bool = False
) -> OpenAIModerator:
    """The moderator that `spec` names, `openai/<model>`. Raises `Misconfigured`."""
    provider, _, model = spec.partition("/")
    if provider != "openai" or not model:
        raise Misconfigured(f"TURNGATE_MODERATION: “{spec}” is no model; write “openai/<model>”.")
    return OpenAIModerator(model, api_key=api_key, base_url=base_url, aiohttp=aiohttp)
