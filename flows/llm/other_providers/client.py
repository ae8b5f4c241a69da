"""Client that speaks the OpenAI protocol to us and, by the any-llm library, the provider's own to it.

Importing this module takes a second, so it is imported only when it is used.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

import httpx2
from openai import APIConnectionError, APIStatusError, APITimeoutError

from core.errors import ConfigurationError
from flows.llm.openai.client import OpenAIClient
from flows.llm.openai.roles import fit_roles

_NO_KEY: Final = "none"
_MISSING: Final = (
    "{name}/… needs the any-llm library with its part for {name}, which is not installed: "
    "pip install {package}"
)
_PACKAGES: Final = {"anthropic": "'turngate[anthropic]'"}


class OtherProviderClient(OpenAIClient):
    """Connects on first use. `timeout` limits one attempt, in seconds.

    Raises `ConfigurationError` when the library, its part for the provider, or the key is missing.
    """

    def __init__(
        self, provider: str, *, api_key: str | None = None, base_url: str | None = None, timeout: float = 20.0
    ) -> None:
        address = base_url.removesuffix("/v1") if base_url else None
        super().__init__(api_key=_NO_KEY, base_url=address, timeout=timeout)
        self._provider = provider
        self._own_key = api_key
        self._library: Any = None
        self._create()  # report a missing package at start-up

    @property
    def api(self) -> Any:
        """An object with the one method of the OpenAI package that is used, `chat.completions.create`."""
        return self

    @property
    def chat(self) -> Any:
        """This client."""
        return self

    @property
    def completions(self) -> Any:
        """This client."""
        return self

    async def create(
        self, *, model: str, extra_body: dict[str, Any], messages: object = (), stream: bool = False
    ) -> Any:
        """Request a completion of the body. Raises the errors of the OpenAI package."""
        loop = asyncio.get_running_loop()
        if self._library is None or self._loop is not loop:
            self._library, self._loop = self._create(), loop
        body = {name: value for name, value in extra_body.items() if name != "stream_options"}
        body["messages"] = fit_roles(body["messages"], has_system_role=True)
        try:
            answer = await self._library.acompletion(
                model=model, timeout=self._timeout, stream=stream, **body
            )
        except Exception as error:
            raise _to_openai_error(error) from error
        return _Stream(answer) if stream else answer

    async def aclose(self) -> None:
        """Drop the client; the next call creates another."""
        client, self._library = getattr(self._library, "client", None), None
        if close := getattr(client, "close", None):
            await close()

    def _create(self) -> Any:
        package = _PACKAGES.get(self._provider, f"'any-llm-sdk[{self._provider}]'")
        try:
            from any_llm import AnyLLM
            from any_llm.exceptions import AnyLLMError

            return AnyLLM.create(
                self._provider,
                api_key=self._own_key,
                api_base=self._base_url,
                max_retries=0,
                unified_exceptions=True,
            )
        except ImportError as error:
            raise ConfigurationError(_MISSING.format(name=self._provider, package=package)) from error
        except AnyLLMError as error:
            raise ConfigurationError(
                f"{self._provider}/…: {error}; its key goes to TURNGATE_LLM_KEYS={self._provider}=…"
            ) from error


class _Stream:
    """Stream of chunks of the OpenAI protocol, whose errors are those of the OpenAI package."""

    def __init__(self, chunks: Any) -> None:
        self._chunks = chunks

    async def __aenter__(self) -> _Stream:
        return self

    async def __aexit__(self, *_: object) -> None:
        if close := getattr(self._chunks, "aclose", None):
            await close()

    async def __aiter__(self) -> AsyncIterator[Any]:
        try:
            async for chunk in self._chunks:
                yield chunk
        except Exception as error:
            raise _to_openai_error(error) from error


def _to_openai_error(error: Exception) -> Exception:
    """Return the error of the OpenAI package that stands for one of a provider's package."""
    request = httpx2.Request("POST", "https://provider.invalid/")
    error = getattr(error, "original_exception", None) or error
    response = getattr(error, "response", None)
    status = getattr(error, "status_code", None) or getattr(response, "status_code", None)
    if isinstance(status, int) and status >= 400:
        headers = {
            name: value
            for name, value in dict(getattr(response, "headers", {})).items()
            if name.lower() in ("retry-after", "retry-after-ms")
        }
        answer = httpx2.Response(status, headers=headers, request=request)
        return APIStatusError(str(error), response=answer, body=getattr(error, "body", None))
    if "Timeout" in type(error).__name__:
        return APITimeoutError(request)
    return APIConnectionError(message=str(error), request=request)
