"""Parsing of model output: decisions, tool calls written as text, reasoning, partial JSON."""

from __future__ import annotations

from flows.llm.parsing.decision import MAX_REPLY_LENGTH, ModelOutput
from flows.llm.parsing.reasoning import ReasoningFilter, strip_reasoning, text_after_reasoning
from flows.llm.parsing.reply_stream import JsonReplyStreamer, ReplyStreamer, ToolCallReplyStreamer
from flows.llm.parsing.text_tool_calls import arguments_as_text

__all__ = [
    "MAX_REPLY_LENGTH",
    "JsonReplyStreamer",
    "ModelOutput",
    "ReasoningFilter",
    "ReplyStreamer",
    "ToolCallReplyStreamer",
    "arguments_as_text",
    "strip_reasoning",
    "text_after_reasoning",
]
