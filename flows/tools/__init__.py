"""Tools and actions that a flow may call: Python functions, HTTP, MCP."""

from __future__ import annotations

from flows.tools.arguments import validate_arguments
from flows.tools.python import Context, PythonTool, ToolError, build_python_tools, is_tool, tool
from flows.tools.results import failure_result, get_path, hide_paths, truncate
from flows.tools.types import ToolCallRequest, ToolDefinition, ToolExchange

__all__ = [
    "Context",
    "PythonTool",
    "ToolCallRequest",
    "ToolDefinition",
    "ToolError",
    "ToolExchange",
    "build_python_tools",
    "failure_result",
    "get_path",
    "hide_paths",
    "is_tool",
    "tool",
    "truncate",
    "validate_arguments",
]
