"""A call that a model writes as text: it knows no tools, or its server reads none out of what it says.

https://docs.vllm.ai/en/latest/features/tool_calling.html tells of the forms that models are trained to.
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

from flows.llm.model import TransitionRequest
from flows.llm.prompts import BRIEF_RESPONSE_KEY, NEXT_MESSAGE_KEY, STAY_FUNCTION_NAME

may_contain_marker = re.compile(r"[{(<\[_]").search
"""Whether a text holds what stands in every mark, and in few things that are said."""

_CALL_MARKERS = (
    r"\A\s*(?:\{|\[\s*\{)",  # JSON, and no word before it
    r"```\w*\s*[\[{]",
    r'\{\s*"(?:name|function|type|arguments|parameters|tool_calls|reply)"\s*:',
    r"(?i:<[|｜]?/?(?:tools?[_▁]?calls?|function(?:_calls?)?[=>\s]|invoke\s|python_tag\|))",
    r"(?i:\[TOOL_CALLS\])",  # Mistral
    r"to=functions\.",  # gpt-oss
    *(STAY_FUNCTION_NAME, BRIEF_RESPONSE_KEY, NEXT_MESSAGE_KEY),
)
_MAX_TEXT_LENGTH = 8_000
_JSON_DECODER = json.JSONDecoder()
_JSON_START = re.compile(r"\[\s*\{|\{")
_PARAMETER = re.compile(r"<parameter(?:=|\s+name=)\"?(\w+)\"?\s*>\s*(.*?)\s*</parameter>", re.DOTALL)
_CACHE_SIZE = 256
"""For how many sets of functions' names the marks are kept as put together."""


def callable_names(question: TransitionRequest | None) -> tuple[str, ...]:
    """The functions that a model may call there, beside the one to stay."""
    if question is None:
        return ()
    return (*[edge.id for edge in question.available_edges], *[tool.name for tool in question.tools])


@lru_cache(maxsize=_CACHE_SIZE)
def call_marker_pattern(names: tuple[str, ...]) -> regex.Pattern[str]:
    """What a call may begin with, and nothing that is said: the signs of a form, or a name with `(`."""
    named = "|".join(map(regex.escape, names))
    called = rf"(?<!\w)(?:{named})(?:\.call)?\(\s*(?:[){{\"'\d]|\w+\s*=)"
    return regex.compile("|".join((*_CALL_MARKERS, called) if names else _CALL_MARKERS))


def find_tool_call_marker(text: str, question: TransitionRequest | None) -> int:
    """Where a call begins in a text; -1 when there is none."""
    found = call_marker_pattern(callable_names(question)).search(text)
    return found.start() if found else -1


def parse_text_tool_calls(text: str, names: Sequence[str]) -> list[tuple[str, str]]:
    """The calls that stand behind a mark, as (name, arguments as text); none when they cannot be read."""
    text, known = text[:_MAX_TEXT_LENGTH], "|".join(map(re.escape, (*names, STAY_FUNCTION_NAME)))
    name = re.search(rf"(?<!\w)(?:{known})(?!\w)", text)
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
    """A call's arguments as the protocol has them, which is text; some servers send the object itself."""
    return arguments if isinstance(arguments, str) else json.dumps(arguments) if arguments else ""


def _parse_json_calls(text: str, start: int, name: re.Match[str] | None) -> list[tuple[str, str]]:
    """The calls that are objects with a name; or one that is named in the text before its arguments."""
    try:
        value, _ = _JSON_DECODER.raw_decode(text, start)
    except (ValueError, RecursionError):
        return []
    given = value if isinstance(value, list) else [value]
    called = [call for each in given if isinstance(each, dict) and (call := _parse_call_object(each))]
    if not called and name and name.start() < start and isinstance(value, dict):
        return [(name[0], arguments_as_text(value))]
    return called


def _parse_call_object(given: dict[str, Any]) -> tuple[str, str] | None:
    """We ask for `function`, `arguments` and `reply`; models bring `name` and `parameters` from training."""
    if isinstance(given.get("function"), dict):
        given = given["function"]
    name = given.get("function") or given.get("name")
    arguments = given.get("arguments") or given.get("parameters")
    if name is None and (BRIEF_RESPONSE_KEY in given or "reply" in given):
        name = STAY_FUNCTION_NAME
    if name == STAY_FUNCTION_NAME and not arguments:
        arguments = {BRIEF_RESPONSE_KEY: given.get("reply") or given.get(BRIEF_RESPONSE_KEY)}
    return (name, arguments_as_text(arguments)) if isinstance(name, str) else None


def _parse_python_call(text: str, name: str) -> list[tuple[str, str]]:
    """A call as Python has it."""
    try:
        call = ast.parse(text[: text.rindex(")") + 1], mode="eval").body
        if not isinstance(call, ast.Call):
            return []
        given: list[JsonValue] = [ast.literal_eval(each) for each in call.args]
        named = {each.arg or "": ast.literal_eval(each.value) for each in call.keywords}
        arguments = given[0] if given else named
        return [(name, json.dumps(arguments))] if isinstance(arguments, dict) else []
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return []
