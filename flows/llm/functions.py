"""Functions that a model may call: the edges that lead on, the tools, and the one to stay."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Literal

from pydantic import JsonValue
from typing_extensions import TypedDict

from flows.compiled import CompiledEdge, SpeculativeReply, strip_extension_keys
from flows.llm.model import TransitionRequest
from flows.llm.prompts import REPLY_INSTRUCTIONS
from flows.tools import ToolDefinition

STAY_FUNCTION_NAME = "__stay_on_node__"
BRIEF_RESPONSE_KEY = "brief_response"
NEXT_MESSAGE_KEY = "__next_message__"
"""Parameters with the reply: of the function to stay, and of a function that follows an edge."""

_CACHE_SIZE = 256
"""Number of sets of edges that are cached."""


class FunctionTool(TypedDict):
    """A function as the chat protocol has it."""

    type: Literal["function"]
    function: Mapping[str, JsonValue]


def build_functions(question: TransitionRequest) -> list[FunctionTool]:
    """Return the functions that the model may call: the available edges, the tools, and the one to stay."""
    edges = _build_edge_functions(question.available_edges, question.conditions, question.speculative_replies)
    return [*edges, *map(_build_tool_function, question.tools), STAY_FUNCTION]


@lru_cache(maxsize=_CACHE_SIZE)
def _build_edge_functions(
    available: tuple[CompiledEdge, ...], conditions: tuple[str, ...], ahead: tuple[SpeculativeReply, ...]
) -> tuple[FunctionTool, ...]:
    instructions = {each.edge_id: each.instruction for each in ahead}
    pairs = zip(available, conditions, strict=True)
    return tuple(
        _build_edge_function(edge, condition, instructions.get(edge.id, "")) for edge, condition in pairs
    )


def _build_edge_function(edge: CompiledEdge, condition: str, instruction: str) -> FunctionTool:
    description = condition
    if edge.edge.examples:
        description += " For example: " + "; ".join(edge.edge.examples[:3])
    parameters = (
        _with_next_message(edge.parameters_schema, instruction) if instruction else edge.parameters_schema
    )
    return _build_function(edge.id, description, parameters)


def _with_next_message(parameters: Mapping[str, JsonValue], instruction: str) -> dict[str, JsonValue]:
    """Return an edge's parameters with the next message as the last of them; servers keep the order."""
    properties, required = parameters.get("properties"), parameters.get("required")
    message: JsonValue = {
        "type": "string",
        "description": f"{REPLY_INSTRUCTIONS}\n\nThe instruction:\n{instruction}",
    }
    return {
        **parameters,
        "properties": {**(properties if isinstance(properties, dict) else {}), NEXT_MESSAGE_KEY: message},
        "required": [*(required if isinstance(required, list) else []), NEXT_MESSAGE_KEY],
    }


def _build_tool_function(tool: ToolDefinition) -> FunctionTool:
    return _build_function(tool.name, tool.description, strip_extension_keys(tool.parameters))


def _build_function(name: str, description: str, parameters: Mapping[str, JsonValue]) -> FunctionTool:
    schema: JsonValue = parameters  # type: ignore[assignment]  # it is not changed
    entry = {"name": name, "description": description[:1_000], "parameters": schema}
    return {"type": "function", "function": entry}


def decision_schema(names: Sequence[str]) -> dict[str, JsonValue]:
    """Return the schema of a JSON answer, for a model without function calling; the name comes first."""
    return {
        "type": "object",
        "properties": {
            "function": {"type": "string", "enum": list(names)},
            "arguments": {"type": "object"},
            "reply": {"type": "string", "description": "What to say to the user when staying."},
        },
        "required": ["function"],
    }


def describe_functions(available: Sequence[FunctionTool]) -> str:
    """Return the functions with their parameters as text, for a model without function calling."""
    listed = "\n".join(json.dumps(each["function"], ensure_ascii=False) for each in available)
    form = '{"function": …, "arguments": {…}, "reply": …}'
    return f"Answer with one JSON object, {form}. The functions:\n{listed}"


_BRIEF_RESPONSE_SCHEMA: JsonValue = {
    "type": "string",
    "description": "What to say to the user, in a sentence or two.",
}
STAY_FUNCTION = _build_function(
    STAY_FUNCTION_NAME,
    "Stay at the present step, because no other function clearly matches.",
    {"type": "object", "properties": {BRIEF_RESPONSE_KEY: _BRIEF_RESPONSE_SCHEMA}},
)
"""The function that stays at the node."""
