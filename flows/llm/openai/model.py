"""The model behind the OpenAI protocol: the offered edges are functions, and one of them must be called.

Importing this file costs a second, so only `model_from` does it, when such a model is asked for.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from openai import APIStatusError

from core.time_limit import TimeLimit
from flows.llm.model import Condense, Decide, Decision, ModelError, Speak, Speech, unheard
from flows.llm.openai import stream as openai_stream
from flows.llm.openai.client import FAILURES, NO_ANSWER, PASSING, OpenAIClient
from flows.llm.openai.completion import estimated, whole
from flows.llm.openai.retry import again
from flows.llm.openai.unsupported import FUNCTION, SILENCE, Refusals, refused
from flows.llm.parsing.decision import Answer
from flows.llm.parsing.reply_stream import CalledWords, JsonWords, Telling
from flows.llm.prompts import (
    answer_schema,
    functions,
    in_words,
    to_condense,
    to_decide,
    to_speak,
    tool_lines,
    tool_section,
)
from flows.state.dialog_state import Line
from flows.text.surrogates import without_halves

log = logging.getLogger("turngate.model")

_ABOUT_LENGTH = re.compile(
    r"context[ _](?:length|size|window)|(?:prompt|input) is too long", re.IGNORECASE
)  # OpenAI, vLLM and llama.cpp, each in words of its own; llama.cpp also with 500
_FILTERED = re.compile(r"content_filter|content management policy|input was flagged")  # Azure, OpenRouter
_FILTERS = (400, 403)
_LAST_LINES = 4
_SHORT_LINE = 200
"""What is told of a conversation that does not fit into the model's context."""


class OpenAIModel:
    """A chat model at OpenAI or behind any server of its protocol.

    `timeout` bounds one try and `patience` the whole answer with its retries, both in seconds. `temperature`
    is left to the server unless it is set. What a server refuses it is spared for a while: one without tools
    is asked for JSON. One that finds a conversation too long is asked again with its last lines.
    `aiohttp` is for workers: it holds hundreds of requests in flight at half the cost of httpx2, but mocks
    of httpx2 do not see it. Raises `Misconfigured` without a key.
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
        self._patience = patience
        self._retries = retries
        self._settings = {} if temperature is None else {"temperature": temperature}
        self._refusals = Refusals()
        self._client = OpenAIClient(api_key=api_key, base_url=base_url, timeout=timeout, aiohttp=aiohttp)

    async def decide(self, question: Decide) -> Decision:
        """Offer the edges as functions. What cannot be read as one of them is a decision to stay."""
        try:
            try:
                answer = await self._with_tools(question)
            except _NoTools:
                answer = await self._with_json(question)
        except _TooLong:
            if len(question.history) <= _LAST_LINES:
                raise
            return await self.decide(question._replace(history=question.history[-_LAST_LINES:]))
        return answer.decision(self.name, question)

    async def speak(self, request: Speak) -> Speech:
        """Have the instruction put into words."""
        begin = None if request.write is unheard else lambda: Telling(request.write)
        try:
            return (await self._ask(begin, messages=to_speak(request))).speech(self.name)
        except _TooLong:
            if len(request.history) <= _LAST_LINES:
                raise
            return await self.speak(replace(request, history=request.history[-_LAST_LINES:]))

    async def condense(self, request: Condense) -> Speech:
        """Have lines of a conversation summarised."""
        try:
            answer = await self._ask(None, messages=to_condense(request))
        except _TooLong:
            short = replace(request, lines=tuple(map(_cut, request.lines)))
            answer = await self._ask(None, messages=to_condense(short))
        return answer.speech(self.name)

    async def aclose(self) -> None:
        """Close the connections; the next question opens new ones."""
        await self._client.aclose()

    def _with_tools(self, question: Decide) -> Awaitable[Answer]:
        messages = to_decide(question)
        if question.exchanges:
            messages += tool_lines(question.exchanges)
        return self._ask(
            None if question.write is unheard else lambda: self._called_words(question),
            messages=messages,
            tools=functions(question),
            tool_choice="required",
        )

    def _called_words(self, question: Decide) -> Telling:
        return CalledWords(question, may_follow=SILENCE in self._refusals)

    async def _with_json(self, question: Decide) -> Answer:
        offered, (system, *lines) = functions(question), to_decide(question)
        sections = [system["content"] or "", in_words(offered), tool_section(question.exchanges)]
        content = "\n\n".join(section for section in sections if section)
        names = [str(each["function"]["name"]) for each in offered]
        schema = {"name": "decision", "schema": answer_schema(names)}
        return await self._ask(
            None if question.write is unheard else lambda: JsonWords(question),
            messages=[{**system, "content": content}, *lines],
            response_format={"type": "json_schema", "json_schema": schema},
        )

    async def _ask(self, begin: Callable[[], Telling] | None, **request: Any) -> Answer:
        """One completion within the time that it may take; with `begin`, in pieces for who reads along."""
        try:
            with TimeLimit(self._patience) as limit:
                try:
                    return await self._try(begin, request)
                except PASSING as error:
                    return await again(error, lambda: self._try(begin, request), limit, self._retries)
        except APIStatusError as error:
            raise ModelError(f"{self.name} answered {error.status_code}") from error
        except NO_ANSWER as error:
            raise ModelError(f"{self.name}: the answer is not of the protocol") from error
        except FAILURES as error:
            raise ModelError(f"{self.name}: {type(error).__name__}") from error

    async def _try(self, begin: Callable[[], Telling] | None, request: dict[str, Any]) -> Answer:
        # The package takes `extra_body` as it is. Through all else it walks value by value, to rename
        # what needs no renaming here: half of a request's CPU.
        body = {**self._settings, **request}
        if begin is not None:
            body["stream_options"] = {"include_usage": True}
        if self._refusals.are_known:
            body = self._refusals.spared(body)
            if "tools" in request and "tools" not in body:
                raise _NoTools
        try:
            if begin is not None:
                return await self._read_along(begin(), body)
            create = self._client.api.chat.completions.create
            return whole(await create(model=self._model, messages=[], extra_body=body))
        except APIStatusError as error:
            return await self._once_more(error, begin, request, body)
        except UnicodeEncodeError:
            whole_request = without_halves(request)  # what a tool came to may be cut in such a place
            if whole_request == request:
                raise
            return await self._try(begin, whole_request)

    async def _read_along(self, telling: Telling, body: dict[str, Any]) -> Answer:
        """The answer in pieces. When it breaks off it can be asked for again unless something was told."""
        create = self._client.api.chat.completions.create
        try:
            stream = await create(model=self._model, messages=[], extra_body=body, stream=True)
            answer = await openai_stream.read(stream, telling.hear)
        except PASSING as error:
            if telling.has_begun:
                raise ModelError(f"{self.name} broke off") from error
            raise
        answer.tokens = answer.tokens or estimated(body["messages"], answer)
        if answer.calls and answer.content:
            self._refusals.add(SILENCE)
        return answer

    async def _once_more(
        self,
        error: APIStatusError,
        begin: Callable[[], Telling] | None,
        request: dict[str, Any],
        body: dict[str, Any],
    ) -> Answer:
        """The answer without what the server has refused in `body`, when that is what it says."""
        said = f"{error} {error.body}"
        # the length first: what is said of it may name the tools as well
        if _ABOUT_LENGTH.search(said):
            raise _TooLong(f"{self.name}: the conversation is too long for it") from error
        if error.status_code in _FILTERS and _FILTERED.search(said):
            return Answer(is_filtered=True)
        parameter = refused(error.status_code, said, body)
        if not parameter:
            raise error
        log.warning("model %s takes no %s", self.name, parameter)
        if parameter == FUNCTION:
            raise _NoTools from error
        self._refusals.add(parameter)
        return await self._try(begin, request)


def _cut(line: Line) -> Line:
    return {"role": line["role"], "content": line["content"][:_SHORT_LINE]}


class _NoTools(Exception):
    """The server takes no functions, or not these."""


class _TooLong(ModelError):
    """What was sent does not fit into the model's context."""
