"""Validation of flow documents: structure, templates, schemas, languages, MCP tools."""

from __future__ import annotations

from flows.document.validation.dropped_values import find_dropped_values
from flows.document.validation.hints import describe_value, suggest_name
from flows.document.validation.mcp import MCP_NOT_INSTALLED, unavailable_reason
from flows.document.validation.shape import describe_ignored_key, find_unknown_keys, issues_from_pydantic
from flows.document.validation.validator import EDGE_ID, STAY_FUNCTION_ID, validate_flow
from flows.document.validation.warnings import find_warnings

__all__ = [
    "EDGE_ID",
    "MCP_NOT_INSTALLED",
    "STAY_FUNCTION_ID",
    "describe_ignored_key",
    "describe_value",
    "find_dropped_values",
    "find_unknown_keys",
    "find_warnings",
    "issues_from_pydantic",
    "suggest_name",
    "unavailable_reason",
    "validate_flow",
]
