"""The model behind the OpenAI protocol: the offered edges are functions, and one of them must be called.

Importing this file costs a second, so only `model_from` does it, when such a model is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable
from dataclasses import replace
from typing import Any

from openai import APIStatusError, Omit, omit
from openai.types.chat import ChatCompletion, ChatCompletionMessageToolCallUnion

from core.time_limit import TimeLimit
from flows.models import openai_stream
from flows.models.answer import Answer, written
from flows.models.openai_client import FAILURES, OpenAIClient
from flows.models.openai_stream import Hear
from flows.models.partial import PartialText
from flows.models.port import Condense, Decide, Decision, ModelError, Speak, Speech, Write, unheard
from flows.models.prompts import (
    BRIEF,
    NEXT,
    STAY,
    answer_schema,
    functions,
    in_words,
    to_condense,
    to_decide,
    to_speak,
    tool_lines,
    tool_section,
)
from flows.models.thoughts import spoken
from flows.state import Line

_NO_TOOLS = (400, 404, 422, 501)
_ABOUT_LENGTH = re.compile(
    r"context[ _](?:length|size|window)|(?:prompt|input) is too long", re.IGNORECASE
)  # OpenAI, vLLM and llama.cpp, each in words of its own; llama.cpp also with 500
_ABOUT_TOOLS = re.compile(r"\btools?\b|tool_choice|\bfunctions?\b", re.IGNORECASE)
_TOOLS_PARAMETER = re.compile(r"tools param|param: tools", re.IGNORECASE)  # llama.cpp, with 500
_LAST_LINES = 4
_SHORT_LINE = 200
"""What is told of a conversation that does not fit into the model's context."""


class OpenAIModel:
    """A chat model at OpenAI or behind any server of its protocol.

    `timeout` bounds one try and `patience` the whole answer with its retries, both in seconds. `temperature`
    is left to the server unless it is set. A server that refuses tools is asked for JSON from then on; one
    that finds a conversation too long is asked again with its last lines.
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
        self._temperature: float | Omit = omit if temperature is None else temperature
        self._has_tools = True
        self._client = OpenAIClient(
            api_key=api_key, base_url=base_url, timeout=timeout, retries=retries, aiohttp=aiohttp
        )

    async def decide(self, question: Decide) -> Decision:
        """Offer the edges as functions. What cannot be read as one of them is a decision to stay."""
        tools = {tool.name for tool in question.tools}
        try:
            if self._has_tools:
                return (await self._with_tools(question)).decision(self.name, tools)
            return (await self._with_json(question)).decision(self.name, tools)
        except _ToolsUnknown:
            self._has_tools = False
            return await self.decide(question)
        except _TooLong:
            if len(question.history) <= _LAST_LINES:
                raise
            return await self.decide(question._replace(history=question.history[-_LAST_LINES:]))

    async def speak(self, request: Speak) -> Speech:
        """Have the instruction put into words."""
        try:
            answer = await self._ask(
                request.write, lambda a, piece: request.write(piece), messages=to_speak(request)
            )
            return answer.speech(self.name)
        except _TooLong:
            if len(request.history) <= _LAST_LINES:
                raise
            return await self.speak(replace(request, history=request.history[-_LAST_LINES:]))

    async def condense(self, request: Condense) -> Speech:
        """Have lines of a conversation summarised."""
        try:
            answer = await self._ask(unheard, openai_stream.unheard, messages=to_condense(request))
        except _TooLong:
            short = replace(request, lines=tuple(map(_cut, request.lines)))
            answer = await self._ask(unheard, openai_stream.unheard, messages=to_condense(short))
        return answer.speech(self.name)

    async def aclose(self) -> None:
        """Close the connections; the next question opens new ones."""
        await self._client.aclose()

    def _with_tools(self, question: Decide) -> Awaitable[Answer]:
        write, messages = question.write, to_decide(question)
        if question.exchanges:
            messages += tool_lines(question.exchanges)
        return self._ask(
            write,
            openai_stream.unheard if write is unheard else _called_words(question),
            messages=messages,
            tools=functions(question),
            tool_choice="required",
        )

    async def _with_json(self, question: Decide) -> Answer:
        offered, (system, *lines) = functions(question), to_decide(question)
        sections = [system["content"] or "", in_words(offered), tool_section(question.exchanges)]
        content = "\n\n".join(section for section in sections if section)
        names = [str(each["function"]["name"]) for each in offered]
        schema = {"name": "decision", "schema": answer_schema(names)}
        return await self._ask(
            question.write,
            _json_words(question),
            messages=[{**system, "content": content}, *lines],
            response_format={"type": "json_schema", "json_schema": schema},
        )

    async def _ask(self, write: Write, hear: Hear, **request: Any) -> Answer:
        """One completion within the time that it may take; in pieces when somebody reads along."""
        try:
            with TimeLimit(self._patience):
                create = self._client.api.chat.completions.create
                # The package takes `extra_body` as it is. Through all else it walks value by value, to rename
                # what needs no renaming here: half of a request's CPU.
                body = {"temperature": self._temperature, **request}
                more: dict[str, Any] = {"model": self._model, "messages": [], "extra_body": body}
                if write is unheard:
                    return _whole(await create(**more))
                stream = await create(**more, stream=True, stream_options={"include_usage": True})
                return await openai_stream.read(stream, hear)
        except APIStatusError as error:
            # the length first: what is said of it may name the tools as well
            if _ABOUT_LENGTH.search(f"{error} {error.body}"):
                raise _TooLong(f"{self.name}: the conversation is too long for it") from error
            if "tools" in request and _refuses_tools(error):
                raise _ToolsUnknown from error
            raise ModelError(f"{self.name} answered {error.status_code}") from error
        except (AttributeError, TypeError) as error:
            raise ModelError(f"{self.name}: the answer is not of the protocol") from error
        except FAILURES as error:
            raise ModelError(f"{self.name}: {type(error).__name__}") from error


def _refuses_tools(error: APIStatusError) -> bool:
    if error.status_code in _NO_TOOLS:
        return bool(_ABOUT_TOOLS.search(str(error)))
    return bool(_TOOLS_PARAMETER.search(str(error)))


def _cut(line: Line) -> Line:
    return {"role": line["role"], "content": line["content"][:_SHORT_LINE]}


def _called_words(question: Decide) -> Hear:
    """Hears what is said in a call: by the function to stay, or by one that nothing keeps from leading on."""
    readers = {name: PartialText(NEXT, question.write) for name in _sure(question)}
    readers[STAY] = PartialText(BRIEF, question.write)

    def hear(answer: Answer, piece: str) -> None:
        reader = readers.get(answer.calls[0][0]) if len(answer.calls) == 1 else None
        if reader:
            reader.feed(piece)

    return hear


def _json_words(question: Decide) -> Hear:
    """Hears the same in an answer that is JSON, where the function's name comes first."""
    reply = PartialText("reply", question.write, only_after=_function_named(STAY))
    names = "|".join(map(re.escape, _sure(question)))
    beyond = PartialText(NEXT, question.write, only_after=_function_named(f"(?:{names})"))

    def hear(answer: Answer, piece: str) -> None:
        reply.feed(piece)
        beyond.feed(piece)

    return hear


def _sure(question: Decide) -> list[str]:
    return [each.edge for each in question.ahead if each.is_sure]


def _function_named(pattern: str) -> str:
    return rf'"function"\s*:\s*"{pattern}"'


class _ToolsUnknown(Exception):
    """The server has no tools."""


class _TooLong(ModelError):
    """What was sent does not fit into the model's context."""


def _whole(completion: ChatCompletion) -> Answer:
    usage, choices = completion.usage, completion.choices
    tokens = int(usage.total_tokens or 0) if usage else 0
    if not choices:
        return Answer(tokens=tokens)
    message = choices[0].message
    return Answer(
        spoken(message.content) if message.content else "",
        message.refusal or "",
        _calls_of(message.tool_calls) if message.tool_calls else [],
        tokens,
        is_filtered=choices[0].finish_reason == "content_filter",
    )


def _calls_of(calls: list[ChatCompletionMessageToolCallUnion]) -> list[tuple[str, str]]:
    """The functions' calls; some servers leave out the `type` that tells them from others."""
    functions = [getattr(call, "function", None) for call in calls]
    return [(each.name, written(each.arguments)) for each in functions if each]
