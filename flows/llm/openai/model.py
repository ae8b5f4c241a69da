"""Chat model over the OpenAI protocol: the edges are offered as functions, and one must be called.

Importing this module takes a second, so `create_model` does it only when such a model is configured.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from openai import APIStatusError

from core.time_limit import TimeLimit
from flows.llm.functions import build_functions, decision_schema, describe_functions
from flows.llm.model import (
    GeneratedReply,
    ModelError,
    Picture,
    ReplyRequest,
    SummaryRequest,
    TransitionDecision,
    TransitionRequest,
    discard,
)
from flows.llm.openai import stream as openai_stream
from flows.llm.openai.client import (
    PROTOCOL_ERRORS,
    REQUEST_ERRORS,
    TRANSIENT_ERRORS,
    OpenAIClient,
)
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
from flows.llm.parsing import JsonReplyStreamer, ModelOutput, ReplyStreamer, ToolCallReplyStreamer
from flows.llm.pictures import add_pictures, without_pictures
from flows.llm.prompts import (
    Chat,
    describe_tool_results,
    reply_prompt,
    summary_prompt,
    tool_messages,
    transition_prompt,
)
from flows.state import HistoryLine
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

_SHORT_HISTORY_LINES = 4
_SHORT_LINE_LENGTH = 200
"""Size of the history sent when a conversation exceeds the model's context."""


class OpenAIModel:
    """Chat model at OpenAI or at any server of its protocol.

    `timeout` limits one attempt and `patience` the whole answer with its retries, both in seconds. Without
    `temperature` the server's default applies. Parameters that a server rejects are omitted for a while: a
    server without function calling, or that answers with prose where a call is required, is asked for JSON.
    The length of an answer is bounded. When a conversation exceeds the context, the request is
    repeated with its last lines. `aiohttp` is for workers: it holds hundreds of requests in flight at half
    the cost of httpx2, but mocks of httpx2 do not see it. `client` takes the place of the package's, for
    other protocols. Raises `ConfigurationError` without a key.
    """

    def __init__(  # noqa: PLR0913 - keyword-only
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
        name: str = "",
        client: OpenAIClient | None = None,
    ) -> None:
        self.name = name or f"openai/{model}"
        self._model = model
        self._total_timeout = patience
        self._retries = retries
        self._request_settings = {} if temperature is None else {"temperature": temperature}
        self._unsupported = UnsupportedParameters()
        self._thinks_long = False
        self._client = client or OpenAIClient(
            api_key=api_key, base_url=base_url, timeout=timeout, aiohttp=aiohttp
        )

    async def decide(self, question: TransitionRequest) -> TransitionDecision:
        """Offer the edges as functions; output that names none of them is a decision to stay."""
        try:
            try:
                answer = await self._decide_with_tools(question)
            except _ToolsUnsupported:
                answer = await self._decide_with_json(question)
        except _ContextTooLong:
            if len(question.history) <= _SHORT_HISTORY_LINES:
                raise
            return await self.decide(question._replace(history=question.history[-_SHORT_HISTORY_LINES:]))
        self._learn_length(answer)
        return answer.to_decision(self.name, question)

    async def generate_reply(self, request: ReplyRequest) -> GeneratedReply:
        """Write a message by the instruction."""
        begin = None if request.write is discard else lambda: ReplyStreamer(request.write)
        try:
            messages = self._with_pictures(reply_prompt(request), request.pictures)
            answer = await self._complete(begin, messages=messages)
            self._learn_length(answer)
            return answer.to_reply(self.name)
        except _ContextTooLong:
            if len(request.history) <= _SHORT_HISTORY_LINES:
                raise
            return await self.generate_reply(
                replace(request, history=request.history[-_SHORT_HISTORY_LINES:])
            )

    async def summarize(self, request: SummaryRequest) -> GeneratedReply:
        """Summarize lines of a conversation."""
        try:
            answer = await self._complete(None, messages=summary_prompt(request))
        except _ContextTooLong:
            short = replace(request, lines=tuple(map(_shorten_line, request.lines)))
            answer = await self._complete(None, messages=summary_prompt(short))
        return answer.to_reply(self.name)

    async def aclose(self) -> None:
        """Close the connections; the next request opens new ones."""
        await self._client.aclose()

    async def _decide_with_tools(self, question: TransitionRequest) -> ModelOutput:
        messages = self._with_pictures(transition_prompt(question), question.pictures)
        if question.exchanges:
            messages += tool_messages(question.exchanges)
        answer = await self._complete(
            None if question.write is discard else lambda: self._tool_call_streamer(question),
            messages=messages,
            tools=build_functions(question),
            tool_choice="required",
        )
        answer.read_text_calls(question)
        if answer.is_prose and "tool_choice" not in self._unsupported:
            log.warning("model %s answers in prose where a call is required; JSON is next", self.name)
            self._unsupported.add("tools")
        return answer

    def _with_pictures(self, messages: Chat, pictures: Sequence[Picture]) -> list[Mapping[str, Any]]:
        """Return the messages with the pictures, unless the server has just rejected some."""
        return add_pictures(messages, () if PICTURES in self._unsupported else pictures)

    def _tool_call_streamer(self, question: TransitionRequest) -> ReplyStreamer:
        return ToolCallReplyStreamer(question, may_follow=TEXT_BESIDE_CALL in self._unsupported)

    async def _decide_with_json(self, question: TransitionRequest) -> ModelOutput:
        offered, (system, *lines) = build_functions(question), transition_prompt(question)
        sections = [
            system["content"] or "",
            describe_functions(offered),
            describe_tool_results(question.exchanges),
        ]
        content = "\n\n".join(section for section in sections if section)
        names = [str(each["function"]["name"]) for each in offered]
        schema = {"name": "decision", "schema": decision_schema(names)}
        return await self._complete(
            None if question.write is discard else lambda: JsonReplyStreamer(question),
            messages=self._with_pictures([{**system, "content": content}, *lines], question.pictures),
            response_format={"type": "json_schema", "json_schema": schema},
        )

    async def _complete(self, begin: Callable[[], ReplyStreamer] | None, **request: Any) -> ModelOutput:
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
            raise ModelError(f"{self.name} answered {status}", reason=f"status_{status}") from error
        except PROTOCOL_ERRORS as error:
            message = f"{self.name}: the answer is not of the protocol"
            raise ModelError(message, reason="protocol") from error
        except REQUEST_ERRORS as error:
            kind = type(error).__name__
            reason = "timeout" if "Timeout" in kind else "connection"
            raise ModelError(f"{self.name}: {kind}", reason=reason) from error

    async def _complete_once(
        self, begin: Callable[[], ReplyStreamer] | None, request: dict[str, Any]
    ) -> ModelOutput:
        # The package passes `extra_body` on unchanged. It transforms all else value by value, though nothing
        # here needs renaming: half of a request's CPU time.
        body = {**self._request_settings, **self._length_bound(), **request}
        if begin is not None:
            body["stream_options"] = {"include_usage": True}
        if self._unsupported.is_nonempty:
            body = self._unsupported.without_unsupported(body)
            if "tools" in request and "tools" not in body:
                raise _ToolsUnsupported
            body["messages"] = self._fit_roles(body["messages"])
        try:
            if begin is not None:
                return await self._complete_streamed(begin(), body)
            create = self._client.api.chat.completions.create
            return parse_completion(await create(model=self._model, messages=[], extra_body=body))
        except APIStatusError as error:
            return await self._retry_without_unsupported(error, begin, request, body)
        except UnicodeEncodeError:
            repaired_request = replace_surrogates_in_json(
                request
            )  # a truncated tool result may end with half a surrogate pair
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
                raise ModelError(f"{self.name} broke off", reason="broken_off") from error
            raise
        answer.tokens = answer.tokens or estimate_tokens(body["messages"], answer)
        if answer.calls and answer.content:
            self._unsupported.add(TEXT_BESIDE_CALL)
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
            if _MENTIONS_LENGTH_BOUND.search(message) and FULL_LENGTH not in self._unsupported:
                self._unsupported.add(FULL_LENGTH)
                return await self._complete_once(begin, request)
            message = f"{self.name}: the conversation is too long for it"
            raise _ContextTooLong(message, reason="context") from error
        if error.status_code in _CONTENT_FILTER_STATUSES and _CONTENT_FILTER_ERROR.search(message):
            return ModelOutput(is_filtered=True)
        if (limit := find_role_limit(error.status_code, message)) and self._learn_roles(limit, body):
            return await self._complete_once(begin, request)
        parameter = find_unsupported_parameter(error.status_code, message, body)
        if not parameter:
            raise error
        log.warning("model %s does not accept %s", self.name, parameter)
        if parameter == FUNCTION_SCHEMA:
            raise _ToolsUnsupported from error
        self._unsupported.add(parameter)
        if parameter == PICTURES:
            request = {**request, "messages": without_pictures(request["messages"])}
        return await self._complete_once(begin, request)

    def _length_bound(self) -> dict[str, int]:
        """Return the bound on the answer's length, by the parameter that the server takes."""
        name = "max_completion_tokens" if "max_tokens" in self._unsupported else "max_tokens"
        if FULL_LENGTH in self._unsupported:
            return {name: _FEW_TOKENS}
        return {name: _MAX_TOKENS_WITH_THOUGHTS if self._thinks_long else _MAX_TOKENS}

    def _learn_length(self, answer: ModelOutput) -> None:
        """Raise the bound of a model whose reasoning used all of it, from the next request on."""
        if answer.is_truncated and not answer.content and not answer.calls:
            self._thinks_long = True

    def _learn_roles(self, limit: str, body: dict[str, Any]) -> bool:
        """Record what a chat template has rejected; return whether the messages can be fitted to it."""
        if ALTERNATING_ROLES in self._unsupported:
            limit = SYSTEM_ROLE  # the system message may be what does not alternate
        log.warning("model %s does not accept these %s", self.name, limit)
        self._unsupported.add(ALTERNATING_ROLES)
        if limit == SYSTEM_ROLE:
            self._unsupported.add(SYSTEM_ROLE)
        messages: list[Mapping[str, Any]] = body["messages"]
        return self._fit_roles(messages) != messages

    def _fit_roles(self, messages: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        if ALTERNATING_ROLES not in self._unsupported:
            return messages
        return fit_roles(messages, has_system_role=SYSTEM_ROLE not in self._unsupported)


def _shorten_line(line: HistoryLine) -> HistoryLine:
    return {"role": line["role"], "content": line["content"][:_SHORT_LINE_LENGTH]}


class _ToolsUnsupported(Exception):
    """The server does not support function calling, or not these functions."""


class _ContextTooLong(ModelError):
    """The request exceeds the model's context."""
