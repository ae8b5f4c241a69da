"""A call of a tool on a server of the Model Context Protocol (MCP), and whether it can be made here."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import JsonValue

NOT_INSTALLED = (
    "Tools of the type “mcp” need an extra, pip install turngate[mcp]: until then this one is never offered."
)


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call of the tool that the server at `url` knows as `name`. `seconds` bound all of it."""

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    name: str
    arguments: Mapping[str, JsonValue] = field(repr=False)
    key: str
    seconds: float
    label: str


@dataclass(frozen=True, slots=True)
class Answered:
    """What a call came to. `data` is the answer or, without success, the text of what went wrong."""

    success: bool
    data: Any


def trouble_with(server: object) -> str:
    """Why a tool of this server is not offered here and what to do, as a sentence; empty when it is."""
    if not isinstance(server, str) or not server.startswith(("https://", "http://", "{")):
        return "“server” must be the address of an MCP server, such as https://…: this tool is never offered."
    return "" if importlib.util.find_spec("mcp") else NOT_INSTALLED
