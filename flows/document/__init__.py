"""The flow document: its models, loading, localization and validation."""

from __future__ import annotations

from flows.document.business_hours import BusinessHours
from flows.document.errors import FlowError, Issue
from flows.document.flow import (
    Action,
    ActionTrigger,
    Budget,
    Edge,
    Fallback,
    Flow,
    Node,
    Remind,
    Tool,
    parse_duration,
)
from flows.document.flow_file import WatchedFlowFile
from flows.document.flow_set import FlowSet
from flows.document.parser import parse_yaml, read_text
from flows.document.traversal import FALLBACK_FIELDS, MAX_TIMEOUT_SECONDS

__all__ = [
    "FALLBACK_FIELDS",
    "MAX_TIMEOUT_SECONDS",
    "Action",
    "ActionTrigger",
    "Budget",
    "BusinessHours",
    "Edge",
    "Fallback",
    "Flow",
    "FlowError",
    "FlowSet",
    "Issue",
    "Node",
    "Remind",
    "Tool",
    "WatchedFlowFile",
    "parse_duration",
    "parse_yaml",
    "read_text",
]
