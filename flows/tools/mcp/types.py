"""A call of a tool on a server of the Model Context Protocol (MCP), and whether it can be made here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import JsonValue


@dataclass(frozen=True, slots=True)
class McpCall:
    """A call of the tool that the server at `url` knows as `name`. `seconds` bound all of it."""

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    name: str
    arguments: Mapping[str, JsonValue] = field(repr=False)
    idempotency_key: str
    seconds: float
    label: str


@dataclass(frozen=True, slots=True)
class McpResult:
    """What a call came to. `data` is the answer or, without success, the text of what went wrong."""

    success: bool
    data: Any
