"""Requests for completions: limited in time, retried, and without what the server has rejected."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from typing import Any

from openai import APIStatusError

from core.time_limit import TimeLimit
from flows.llm.model import ModelError
from flows.llm.openai import stream as openai_stream
from flows.llm.openai.client import PROTOCOL_ERRORS, REQUEST_ERRORS, TRANSIENT_ERRORS, OpenAIClient
from flows.llm.openai.completion import estimate_tokens, parse_completion
from flows.llm.openai.retry import retry_after_error
from flows.llm.openai.roles import fit_roles
from flows.llm.openai.unsupported import (
    ALTERNATING_ROLES,
    FULL_LENGTH,
    FUNCTION_SCHEMA,
    PICTURES,
    SYSTEM_ROLE,
    TEXT_BESIDE_CALL,
    UnsupportedParameters,
    find_role_limit,
    find_unsupported_parameter,
)
from flows.llm.parsing import ModelOutput, ReplyStreamer
from flows.llm.pictures import without_pictures
from flows.text import replace_surrogates_in_json

log = logging.getLogger("turngate.model")

_CONTEXT_LENGTH_ERROR = re.compile(
    r"context[ _](?:length|size|window)|(?:prompt|input) is too long", re.IGNORECASE
)  # OpenAI, vLLM and llama.cpp, each with its own wording; llama.cpp also with status 500
_CONTENT_FILTER_ERROR = re.compile(
    r"content_filter|content management policy|input was flagged"
)  # Azure, OpenRouter
_CONTENT_FILTER_STATUSES = (400, 403)
_MENTIONS_LENGTH_BOUND = re.compile(r"max_(?:completion_)?tokens|in the completion", re.IGNORECASE)
_MAX_TOKENS = 1_000
_MAX_TOKENS_WITH_THOUGHTS = 16_000
_FEW_TOKENS = 400
"""Bounds on an answer's length: the usual one, for reasoning models, and where the context is small."""


class ToolsUnsupported(Exception):
    """The server does not support function calling, or not these functions."""


class ContextTooLong(ModelError):
    """The request exceeds the model's context."""


class CompletionClient:
    """Requests completions of one model, and remembers in `unsupported` what its server does not take.

    `patience` limits a completion with its retries, in seconds; errors and logs call the model `name`.
    """

    def __init__(
        self,
        client: OpenAIClient,
        model: str,
        name: str,
        *,
        patience: float,
        retries: int,
        temperature: float | None,
    ) -> None:
        self.unsupported = UnsupportedParameters()
        self._client = client
        self._model = model
        self._name = name
        self._total_timeout = patience
        self._retries = retries
        self._request_settings = {} if temperature is None else {"temperature": temperature}
        self._thinks_long = False

    async def complete(self, begin: Callable[[], ReplyStreamer] | None, **request: Any) -> ModelOutput:
        """Request one completion within the time limit; with `begin` it is streamed."""
        try:
            with TimeLimit(self._total_timeout) as limit:
                try:
                    return await self._complete_once(begin, request)
                except TRANSIENT_ERRORS as error:
                    return await retry_after_error(
                        error, lambda: self._complete_once(begin, request), limit, self._retries
                    )
        except APIStatusError as error:
            status = error.status_code
            raise ModelError(f"{self._name} answered {status}", reason=f"status_{status}") from error
        except PROTOCOL_ERRORS as error:
            message = f"{self._name}: the answer is not of the protocol"
            raise ModelError(message, reason="protocol") from error
        except REQUEST_ERRORS as error:
            kind = type(error).__name__
            reason = "timeout" if "Timeout" in kind else "connection"
            raise ModelError(f"{self._name}: {kind}", reason=reason) from error

    async def _complete_once(
        self, begin: Callable[[], ReplyStreamer] | None, request: dict[str, Any]
    ) -> ModelOutput:
        # The package passes `extra_body` on unchanged. It transforms all else value by value, though nothing
        # here needs renaming: half of a request's CPU time.
        body = {**self._request_settings, **self._length_bound(), **request}
        if begin is not None:
            body["stream_options"] = {"include_usage": True}
        if self.unsupported.is_nonempty:
            body = self.unsupported.without_unsupported(body)
            if "tools" in request and "tools" not in body:
                raise ToolsUnsupported
            body["messages"] = self._fit_roles(body["messages"])
        try:
            if begin is not None:
                return await self._complete_streamed(begin(), body)
            create = self._client.api.chat.completions.create
            return parse_completion(await create(model=self._model, messages=[], extra_body=body))
        except APIStatusError as error:
            return await self._retry_without_unsupported(error, begin, request, body)
        except UnicodeEncodeError:
            # a truncated tool result may end with half a surrogate pair
            repaired_request = replace_surrogates_in_json(request)
            if repaired_request == request:
                raise
            return await self._complete_once(begin, repaired_request)

    async def _complete_streamed(self, reply_streamer: ReplyStreamer, body: dict[str, Any]) -> ModelOutput:
        """Request a streamed completion; if it breaks off, retry it unless a part was streamed."""
        create = self._client.api.chat.completions.create
        try:
            stream = await create(model=self._model, messages=[], extra_body=body, stream=True)
            answer = await openai_stream.read_stream(stream, reply_streamer.feed)
        except TRANSIENT_ERRORS as error:
            if reply_streamer.has_started:
                raise ModelError(f"{self._name} broke off", reason="broken_off") from error
            raise
        answer.tokens = answer.tokens or estimate_tokens(body["messages"], answer)
        if answer.calls and answer.content:
            self.unsupported.add(TEXT_BESIDE_CALL)
        return answer

    async def _retry_without_unsupported(
        self,
        error: APIStatusError,
        begin: Callable[[], ReplyStreamer] | None,
        request: dict[str, Any],
        body: dict[str, Any],
    ) -> ModelOutput:
        """Repeat the request without the parameter that the server has rejected, if the error names one."""
        message = f"{error} {error.body}"
        # the length first: messages about it may mention tools as well
        if _CONTEXT_LENGTH_ERROR.search(message):
            if _MENTIONS_LENGTH_BOUND.search(message) and FULL_LENGTH not in self.unsupported:
                self.unsupported.add(FULL_LENGTH)
                return await self._complete_once(begin, request)
            message = f"{self._name}: the conversation is too long for it"
            raise ContextTooLong(message, reason="context") from error
        if error.status_code in _CONTENT_FILTER_STATUSES and _CONTENT_FILTER_ERROR.search(message):
            return ModelOutput(is_filtered=True)
        if (limit := find_role_limit(error.status_code, message)) and self._learn_roles(limit, body):
            return await self._complete_once(begin, request)
        parameter = find_unsupported_parameter(error.status_code, message, body)
        if not parameter:
            raise error
        log.warning("model %s does not accept %s", self._name, parameter)
        if parameter == FUNCTION_SCHEMA:
            raise ToolsUnsupported from error
        self.unsupported.add(parameter)
        if parameter == PICTURES:
            request = {**request, "messages": without_pictures(request["messages"])}
        return await self._complete_once(begin, request)

    def _length_bound(self) -> dict[str, int]:
        """Return the bound on the answer's length, by the parameter that the server takes."""
        name = "max_completion_tokens" if "max_tokens" in self.unsupported else "max_tokens"
        if FULL_LENGTH in self.unsupported:
            return {name: _FEW_TOKENS}
        return {name: _MAX_TOKENS_WITH_THOUGHTS if self._thinks_long else _MAX_TOKENS}

    def learn_length(self, answer: ModelOutput) -> None:
        """Raise the bound of a model whose reasoning used all of it, from the next request on."""
        if answer.is_truncated and not answer.content and not answer.calls:
            self._thinks_long = True

    def _learn_roles(self, limit: str, body: dict[str, Any]) -> bool:
        """Record what a chat template has rejected; return whether the messages can be fitted to it."""
        if ALTERNATING_ROLES in self.unsupported:
            limit = SYSTEM_ROLE  # the system message may be what does not alternate
        log.warning("model %s does not accept these %s", self._name, limit)
        self.unsupported.add(ALTERNATING_ROLES)
        if limit == SYSTEM_ROLE:
            self.unsupported.add(SYSTEM_ROLE)
        messages: list[Mapping[str, Any]] = body["messages"]
        return self._fit_roles(messages) != messages

    def _fit_roles(self, messages: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        if ALTERNATING_ROLES not in self.unsupported:
            return messages
        return fit_roles(messages, has_system_role=SYSTEM_ROLE not in self.unsupported)
