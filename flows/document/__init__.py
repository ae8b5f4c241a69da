"""The flow document: its models, loading, localization and validation."""

from __future__ import annotations

from flows.document.errors import FlowError, Issue
from flows.document.flow import Budget, Edge, Flow, Node
from flows.document.flow_file import WatchedFlowFile, read_stamp
from flows.document.flow_set import FlowSet
from flows.document.model.actions import Action, ActionTrigger, Tool
from flows.document.model.business_hours import BusinessHours
from flows.document.model.fallbacks import Fallback, Remind, UndeliveredFallback, parse_duration
from flows.document.model.ways import MessageTemplate, Way
from flows.document.reading.parser import is_yaml, parse_json, parse_yaml, read_text
from flows.document.reading.playbook import playbook_form
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
    "MessageTemplate",
    "Node",
    "Remind",
    "Tool",
    "UndeliveredFallback",
    "WatchedFlowFile",
    "Way",
    "is_yaml",
    "parse_duration",
    "parse_json",
    "parse_yaml",
    "playbook_form",
    "read_stamp",
    "read_text",
]
