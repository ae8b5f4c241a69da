"""Parses tool calls that a model writes as text, when it or its server does not support function calling.

For the forms that models are trained on see https://docs.vllm.ai/en/latest/features/tool_calling.html
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import regex
from pydantic import JsonValue

from flows.llm.functions import BRIEF_RESPONSE_KEY, NEXT_MESSAGE_KEY, STAY_FUNCTION_NAME
from flows.llm.model import TransitionRequest
from flows.llm.parsing.special_tokens import END_TOKENS

may_contain_marker = re.compile(r"[{(<\[_:]|alling |nvoking |xecuting ").search
"""Return whether a text has a character that every marker contains and few messages do."""

_CALL_MARKERS = (
    r"\A\s*(?:\{|\[\s*\{)",  # JSON, without a word before it
    r"```\w*\s*[\[{]",
    r'\{\s*"(?:name|function|type|arguments|parameters|tool_calls|reply)"\s*:',
    r"(?i:<[|｜]?/?(?:DSML[|｜])?(?:tools?[_▁]?calls?|function(?:_calls?)?[=>\s]|invoke\s|python_tag\|))",
    r"(?im:^\s*\**(?:tool_calls?|function_calls?)\**\s*:)",
    r"(?im:^\s*\**action\**\s*:[^\n]*\n+\s*\**action[_ ]input)",  # ReAct
    r"(?i:\[TOOL_CALLS\])",  # Mistral
    r"to=functions\.",  # gpt-oss
    *(STAY_FUNCTION_NAME, BRIEF_RESPONSE_KEY, NEXT_MESSAGE_KEY),
)
_MAX_TEXT_LENGTH = 8_000
_JSON_DECODER = json.JSONDecoder()
_JSON_START = re.compile(r"\[\s*\{|\{")
_PARAMETER = re.compile(
    r"<(?:[|｜]DSML[|｜])?parameter(?:=|\s+name=)\"?(\w+)\"?[^<>]{0,80}>\s*(.*?)\s*</(?:[|｜]DSML[|｜])?parameter>",
    re.DOTALL,
)
_CACHE_SIZE = 256
"""Number of sets of function names for which the compiled patterns are cached."""


def callable_names(question: TransitionRequest | None) -> tuple[str, ...]:
    """Return the functions that the model may call, except the one to stay."""
    if question is None:
        return ()
    return (*[edge.id for edge in question.available_edges], *[tool.name for tool in question.tools])


@lru_cache(maxsize=_CACHE_SIZE)
def call_marker_pattern(names: tuple[str, ...]) -> regex.Pattern[str]:
    """Return a pattern for a call's beginning: markers of known forms, or a function name as in a call."""
    if not names:
        return regex.compile("|".join(_CALL_MARKERS))
    named = "|".join(map(regex.escape, names))
    called = rf"(?<!\w)(?:{named})(?:\.call)?\(\s*(?:[){{\"'\d]|\w+\s*=)"
    above_json = rf"(?m:^[ \t>*`#-]*(?:functions\.)?(?:{named})[ \t:`*]*\n?\s*\{{)"
    announced = (
        rf"(?i:(?<!\w)(?:calling|invoking|executing) (?:the )?(?:function |tool )?)[`*\"']*(?:{named})(?!\w)"
    )
    action = rf"(?i:(?<!\w)action\**\s*:\s*)[`*\"']*(?:functions\.)?(?:{named})(?!\w)"
    return regex.compile("|".join((*_CALL_MARKERS, called, above_json, announced, action)))


@lru_cache(maxsize=_CACHE_SIZE)
def stream_end_pattern(names: tuple[str, ...]) -> regex.Pattern[str]:
    """Return a pattern for where a streamed text ends: at a call, or a token that ends the message."""
    return regex.compile(f"{call_marker_pattern(names).pattern}|{END_TOKENS}")


def find_tool_call_marker(text: str, question: TransitionRequest | None) -> int:
    """Return the index where a call begins in a text; -1 when there is none."""
    marker = call_marker_pattern(callable_names(question)).search(text)
    return marker.start() if marker else -1


def parse_text_tool_calls(text: str, names: Sequence[str]) -> list[tuple[str, str]]:
    """Return the calls after a marker as (name, arguments as text); none when they cannot be parsed."""
    text, function_names = text[:_MAX_TEXT_LENGTH], "|".join(map(re.escape, (*names, STAY_FUNCTION_NAME)))
    name = re.search(rf"(?<!\w)(?:{function_names})(?!\w)", text)
    begun = _JSON_START.search(text)
    if begun is None and name is None:
        return []
    if begun and (called := _parse_json_calls(text, begun.start(), name)):
        return called
    if name is None:
        return []
    if parameters := _PARAMETER.findall(text):
        return [(name[0], json.dumps(dict(parameters)))]
    if "(" in text:
        return _parse_python_call(text[name.start() :], name[0])
    return [] if begun or "<parameter" in text else [(name[0], "")]


def arguments_as_text(arguments: object) -> str:
    """Return a call's arguments as text, as the protocol has them; some servers send the object itself."""
    return arguments if isinstance(arguments, str) else json.dumps(arguments) if arguments else ""


def _parse_json_calls(text: str, start: int, name: re.Match[str] | None) -> list[tuple[str, str]]:
    """Parse calls that are objects with a name, or one whose name is in the text before its arguments."""
    try:
        value, _ = _JSON_DECODER.raw_decode(text, start)
    except (ValueError, RecursionError):
        return []
    parsed = value if isinstance(value, list) else [value]
    called = [call for each in parsed if isinstance(each, dict) and (call := _parse_call_object(each))]
    if not called and name and name.start() < start and isinstance(value, dict):
        return [(name[0], arguments_as_text(value))]
    return called


def _parse_call_object(parsed: dict[str, Any]) -> tuple[str, str] | None:
    """Parse a call object: `function`, `arguments` and `reply` as requested, or `name` and `parameters`."""
    if isinstance(parsed.get("function"), dict):
        parsed = parsed["function"]
    name = parsed.get("function") or parsed.get("name")
    arguments = parsed.get("arguments") or parsed.get("parameters")
    if name is None and (BRIEF_RESPONSE_KEY in parsed or "reply" in parsed):
        name = STAY_FUNCTION_NAME
    if name == STAY_FUNCTION_NAME and not arguments:
        arguments = {BRIEF_RESPONSE_KEY: parsed.get("reply") or parsed.get(BRIEF_RESPONSE_KEY)}
    return (name, arguments_as_text(arguments)) if isinstance(name, str) else None


def _parse_python_call(text: str, name: str) -> list[tuple[str, str]]:
    """Parse a call in Python syntax."""
    try:
        call = ast.parse(text[: text.rindex(")") + 1], mode="eval").body
        if not isinstance(call, ast.Call):
            return []
        parsed: list[JsonValue] = [ast.literal_eval(each) for each in call.args]
        named = {each.arg or "": ast.literal_eval(each.value) for each in call.keywords}
        arguments = parsed[0] if parsed else named
        return [(name, json.dumps(arguments))] if isinstance(arguments, dict) else []
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return []
