"""Tool values shared by the engine, the model port and the tool runners."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import JsonValue


@dataclass(frozen=True, slots=True)
class ToolDefinition:
    """A tool as it is offered: `parameters` is the JSON Schema of an object."""

    name: str
    description: str
    parameters: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class ToolCallRequest:
    """A tool that the model wants to be run."""

    name: str
    arguments: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class ToolExchange:
    """A call and what it came to."""

    call: ToolCallRequest
    result: JsonValue
