"""The published JSON Schema of the flow format."""

from __future__ import annotations

from flows.document.schema.json_schema import build_flow_schema

__all__ = [
    "build_flow_schema",
]
