"""Availability check for MCP tools: server address and optional dependency."""

from __future__ import annotations

import importlib.util

MCP_NOT_INSTALLED = (
    "Tools of the type “mcp” need an extra, pip install turngate[mcp]: until then this one is never offered."
)


def unavailable_reason(server: object) -> str:
    """Return why the server's tools are unavailable and what to do, or an empty string."""
    if not isinstance(server, str) or not server.startswith(("https://", "http://", "{")):
        return "“server” must be the address of an MCP server, such as https://…: this tool is never offered."
    return "" if importlib.util.find_spec("mcp") else MCP_NOT_INSTALLED
