"""The model behind the OpenAI protocol: the offered edges are functions, and one of them must be called.

Importing this file costs a second, so only `model_from` does it, when such a model is asked for.
"""

from __future__ import annotations

import asyncio
import json
import os
from typing import Any

from openai import (
    APIStatusError,
    AsyncOpenAI,
    DefaultAioHttpClient,
    DefaultAsyncHttpxClient,
    Omit,
    OpenAIError,
    omit,
)
from openai.types.chat import ChatCompletion, ChatCompletionMessage
from pydantic import JsonValue

from core.errors import Misconfigured
from flows.models.port import Decide, Decision, ModelError, Speak, Speech
from flows.models.prompts import STAY, function, stay_function, to_decide, to_speak

LONGEST_REPLY = 1_500


class OpenAIModel:
    """A chat model that can call functions, at OpenAI or behind any server of its protocol.

    `timeout` bounds one try and `patience` the whole answer with its retries, both in seconds. `temperature`
    is left to the server unless it is set. `aiohttp` is for workers: it holds hundreds of requests in flight
    at half the cost of httpx2, but mocks of httpx2 do not see it. Raises `Misconfigured` without a key.
    """

    def __init__(
        self,
        model: str,
        *,
        api_key: str | None = None,
        base_url: str | None = None,
        timeout: float = 20.0,
        patience: float = 45.0,
        retries: int = 2,
        temperature: float | None = None,
        aiohttp: bool = False,
    ) -> None:
        self.name = f"openai/{model}"
        self._model = model
        self._key = api_key or os.environ.get("OPENAI_API_KEY", "")
        if not self._key:
            raise Misconfigured("OPENAI_API_KEY is not set; a local server takes any text as the key.")
        self._base_url = base_url
        self._timeout = timeout
        self._patience = patience
        self._retries = retries
        self._temperature: float | Omit = omit if temperature is None else temperature
        self._aiohttp = aiohttp
        self._client: AsyncOpenAI | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def decide(self, question: Decide) -> Decision:
        """Offer the edges as functions. What cannot be read as one of them is a decision to stay."""
        edges = {edge.id: edge for edge in question.offered}
        functions = [function(edge, question.conditions.get(name, "")) for name, edge in edges.items()]
        completion = await self._complete(
            messages=to_decide(question),
            tools=[{"type": "function", "function": item} for item in [*functions, stay_function()]],
            tool_choice="required",
        )
        try:
            return _decision(_message(completion), _tokens(completion), self.name)
        except (AttributeError, TypeError) as error:
            raise ModelError(f"{self.name}: the answer is not of the protocol") from error

    async def speak(self, request: Speak) -> Speech:
        """Have the instruction put into words."""
        completion = await self._complete(messages=to_speak(request))
        try:
            message = _message(completion)
            text = (message.content or "").strip() if message else ""
            return Speech(text=text[:LONGEST_REPLY], tokens=_tokens(completion), model=self.name)
        except (AttributeError, TypeError) as error:
            raise ModelError(f"{self.name}: the answer is not of the protocol") from error

    async def aclose(self) -> None:
        """Close the connections; the next question opens new ones."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _complete(self, **request: Any) -> ChatCompletion:
        try:
            async with asyncio.timeout(self._patience):
                completion: ChatCompletion = await self._connected().chat.completions.create(
                    model=self._model, temperature=self._temperature, **request
                )
                return completion
        except APIStatusError as error:
            raise ModelError(f"{self.name} answered {error.status_code}") from error
        except (OpenAIError, TimeoutError, ValueError) as error:
            raise ModelError(f"{self.name}: {type(error).__name__}") from error

    def _connected(self) -> AsyncOpenAI:
        """The one client; a new one when the event loop is another, as with `asyncio.run` for each job."""
        loop = asyncio.get_running_loop()
        if self._client is None or self._loop is not loop:
            self._loop = loop
            self._client = AsyncOpenAI(
                api_key=self._key,
                base_url=self._base_url,
                timeout=self._timeout,
                max_retries=self._retries,
                http_client=DefaultAioHttpClient() if self._aiohttp else DefaultAsyncHttpxClient(),
            )
        return self._client


def _tokens(completion: ChatCompletion) -> int:
    return int(completion.usage.total_tokens or 0) if completion.usage else 0


def _message(completion: ChatCompletion) -> ChatCompletionMessage | None:
    return completion.choices[0].message if completion.choices else None


def _decision(message: ChatCompletionMessage | None, tokens: int, model: str) -> Decision:
    calls = message.tool_calls if message else None
    if not message or not calls:
        text = (message.content or "") if message else ""
        return Decision(reply=text.strip()[:LONGEST_REPLY], tokens=tokens, model=model)
    call = calls[0]
    if call.type != "function":
        return Decision(tokens=tokens, model=model)
    arguments = _arguments(call.function.arguments)
    if arguments is None:
        return Decision(tokens=tokens, model=model)
    if call.function.name == STAY:
        reply = arguments.get("brief_response")
        text = reply.strip()[:LONGEST_REPLY] if isinstance(reply, str) else ""
        return Decision(reply=text, tokens=tokens, model=model)
    return Decision(edge=call.function.name, slots=arguments, tokens=tokens, model=model)


def _arguments(text: str) -> dict[str, JsonValue] | None:
    """The arguments of a call, or None when they are not a JSON object; models write anything at times."""
    if not text or not text.strip():
        return {}
    try:
        arguments = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return arguments if isinstance(arguments, dict) else None
