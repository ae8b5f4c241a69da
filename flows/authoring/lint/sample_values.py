"""Names that a flow sets, with values of the kinds that they have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import JsonValue

from flows.compiled import CompiledFlow
from flows.document import Flow
from flows.slots import Slot

ENGINE_TEXTS: Mapping[str, JsonValue] = {
    "current_date": "2027-03-01", "current_time": "09:05 PM", "current_time_Asia_Kolkata": "09:05 PM",
    "current_language": "en",
}  # fmt: skip
"""Texts that the engine sets."""

_SAMPLES: Mapping[str, JsonValue] = {
    "date": "2027-03-04", "time": "15:00", "integer": 2, "number": 2.5, "boolean": True,
    "array": ["a", "b"], "object": {}, "phone": "+15550100", "email": "a@example.com",
    "location": {"latitude": 1.0, "longitude": 2.0}, "form": {},
}  # fmt: skip


def tool_names(flow: Flow) -> set[str]:
    """Return the names under which results of tools are stored."""
    tools = (*flow.tools, *(tool for node in flow.nodes for tool in node.tools))
    return {name for tool in tools for name in (tool.id, tool.name)}


def all_slots(compiled: CompiledFlow) -> Iterator[Slot]:
    """Yield the slots of every edge."""
    nodes = compiled.nodes.values()
    for edge in (*compiled.global_edges, *(edge for node in nodes for edge in node.edges)):
        yield from (*edge.inferred_slots, *edge.slots)


def sample_values(flow: Flow, compiled: CompiledFlow) -> dict[str, JsonValue]:
    """Return a value for every name that the flow sets."""
    values: dict[str, JsonValue] = {slot.name: _sample(slot) for slot in all_slots(compiled)}
    answer: JsonValue = {"success": True, "status": 200, "data": {}, "headers": {}}
    values |= {action.store_response_as: answer for action in flow.actions if action.store_response_as}
    values |= {update.env_key: "text" for action in flow.actions for update in action.env_updates}
    return {**values, **flow.environment_variables}


def _sample(slot: Slot) -> JsonValue:
    return slot.allowed_values[0] if slot.allowed_values else _SAMPLES.get(slot.kind, "text")
