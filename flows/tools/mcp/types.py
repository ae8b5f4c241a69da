"""Values of MCP tool calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import JsonValue


@dataclass(frozen=True, slots=True)
class McpCall:
    """A call of the tool `name` on the server at `url`; `seconds` limits all of it."""

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    name: str
    arguments: Mapping[str, JsonValue] = field(repr=False)
    idempotency_key: str
    seconds: float
    label: str


@dataclass(frozen=True, slots=True)
class McpResult:
    """Result of a call. `data` is the content or, without success, the error message."""

    success: bool
    data: Any
