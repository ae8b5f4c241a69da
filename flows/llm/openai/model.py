"""Chat model over the OpenAI protocol: the edges are offered as functions, and one must be called.

Importing this module takes a second, so `create_model` does it only when such a model is configured.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from flows.llm.functions import build_functions, decision_schema, describe_functions
from flows.llm.model import (
    GeneratedReply,
    Picture,
    ReplyRequest,
    SummaryRequest,
    TransitionDecision,
    TransitionRequest,
    discard,
)
from flows.llm.openai.client import OpenAIClient
from flows.llm.openai.completion_client import CompletionClient, ContextTooLong, ToolsUnsupported
from flows.llm.openai.unsupported import PICTURES, TEXT_BESIDE_CALL
from flows.llm.parsing import JsonReplyStreamer, ModelOutput, ReplyStreamer, ToolCallReplyStreamer
from flows.llm.pictures import add_pictures
from flows.llm.prompts import (
    Chat,
    describe_tool_results,
    reply_prompt,
    summary_prompt,
    tool_messages,
    transition_prompt,
)
from flows.state import HistoryLine

log = logging.getLogger("turngate.model")

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
        self._client = client or OpenAIClient(
            api_key=api_key, base_url=base_url, timeout=timeout, aiohttp=aiohttp
        )
        self._completions = CompletionClient(
            self._client, model, self.name, patience=patience, retries=retries, temperature=temperature
        )

    async def decide(self, question: TransitionRequest) -> TransitionDecision:
        """Offer the edges as functions; output that names none of them is a decision to stay."""
        try:
            try:
                answer = await self._decide_with_tools(question)
            except ToolsUnsupported:
                answer = await self._decide_with_json(question)
        except ContextTooLong:
            if len(question.history) <= _SHORT_HISTORY_LINES:
                raise
            return await self.decide(question._replace(history=question.history[-_SHORT_HISTORY_LINES:]))
        self._completions.learn_length(answer)
        return answer.to_decision(self.name, question)

    async def generate_reply(self, request: ReplyRequest) -> GeneratedReply:
        """Write a message by the instruction."""
        begin = None if request.write is discard else lambda: ReplyStreamer(request.write)
        try:
            messages = self._with_pictures(reply_prompt(request), request.pictures)
            answer = await self._completions.complete(begin, messages=messages)
            self._completions.learn_length(answer)
            return answer.to_reply(self.name)
        except ContextTooLong:
            if len(request.history) <= _SHORT_HISTORY_LINES:
                raise
            return await self.generate_reply(
                replace(request, history=request.history[-_SHORT_HISTORY_LINES:])
            )

    async def summarize(self, request: SummaryRequest) -> GeneratedReply:
        """Summarize lines of a conversation."""
        try:
            answer = await self._completions.complete(None, messages=summary_prompt(request))
        except ContextTooLong:
            short = replace(request, lines=tuple(map(_shorten_line, request.lines)))
            answer = await self._completions.complete(None, messages=summary_prompt(short))
        return answer.to_reply(self.name)

    async def aclose(self) -> None:
        """Close the connections; the next request opens new ones."""
        await self._client.aclose()

    async def _decide_with_tools(self, question: TransitionRequest) -> ModelOutput:
        messages = self._with_pictures(transition_prompt(question), question.pictures)
        if question.exchanges:
            messages += tool_messages(question.exchanges)
        answer = await self._completions.complete(
            None if question.write is discard else lambda: self._tool_call_streamer(question),
            messages=messages,
            tools=build_functions(question),
            tool_choice="required",
        )
        answer.read_text_calls(question)
        if answer.is_prose and "tool_choice" not in self._completions.unsupported:
            log.warning("model %s answers in prose where a call is required; JSON is next", self.name)
            self._completions.unsupported.add("tools")
        return answer

    def _with_pictures(self, messages: Chat, pictures: Sequence[Picture]) -> list[Mapping[str, Any]]:
        """Return the messages with the pictures, unless the server has just rejected some."""
        return add_pictures(messages, () if PICTURES in self._completions.unsupported else pictures)

    def _tool_call_streamer(self, question: TransitionRequest) -> ReplyStreamer:
        return ToolCallReplyStreamer(question, may_follow=TEXT_BESIDE_CALL in self._completions.unsupported)

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
        return await self._completions.complete(
            None if question.write is discard else lambda: JsonReplyStreamer(question),
            messages=self._with_pictures([{**system, "content": content}, *lines], question.pictures),
            response_format={"type": "json_schema", "json_schema": schema},
        )


def _shorten_line(line: HistoryLine) -> HistoryLine:
    return {"role": line["role"], "content": line["content"][:_SHORT_LINE_LENGTH]}
