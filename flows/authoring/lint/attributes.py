"""Finds attributes in templates that do not exist, or are hidden from templates."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches

from pydantic import JsonValue

from flows.authoring.lint.sample_values import ENGINE_TEXTS, all_slots, sample_values, tool_names
from flows.authoring.lint.template_sources import iter_sources
from flows.compiled import CompiledFlow, compile_flow
from flows.document import Flow, Issue
from flows.templating import is_attribute, read_attributes


def find_empty_attributes(flow: Flow) -> Iterator[Issue]:
    """Return the attributes that are always empty, or empty unless the caller sets them."""
    compiled = compile_flow(flow)
    values = {**ENGINE_TEXTS, **sample_values(flow, compiled)}
    names_in = _names_by_owner(flow, compiled, values)
    for where, source in iter_sources(flow):
        for owner, name in dict.fromkeys(read_attributes(source)):
            if reason := _explain(owner, name, values, names_in):
                yield Issue(where, reason)


def _names_by_owner(
    flow: Flow, compiled: CompiledFlow, values: Mapping[str, JsonValue]
) -> dict[str, set[str]]:
    """Return the names that are set in each of the engine's objects."""
    updates = {update.env_key for action in flow.actions for update in action.env_updates}
    stored = {action.store_response_as for action in flow.actions if action.store_response_as}
    results = stored | tool_names(flow)
    everything = {*values, *results}
    return {
        "slots": {slot.name for slot in all_slots(compiled)},
        "results": results,
        "env": {*flow.environment_variables, *updates},
        "actions": everything,
        "userdata": everything,
    }


def _explain(
    owner: str,
    name: str,
    values: Mapping[str, JsonValue],
    names_in: Mapping[str, Collection[str]],
) -> str:
    """Return why an attribute is empty; empty if it may not be."""
    if name.startswith("__") or (owner == "self" and "self" not in values):
        return f"Templates cannot read “{name}”: it is always empty."
    if owner in values:
        value = values[owner]
        is_single = isinstance(value, str | int | float)
        if is_single and not is_attribute(value, name):
            return f"“{owner}” is a single value and has no “{name}”: that is always empty."
        return ""
    if owner not in names_in or name in names_in[owner] or is_attribute({}, name):
        return ""
    near = get_close_matches(name, names_in[owner], n=1)
    hint = f"; did you mean “{owner}.{near[0]}”?" if near else "."
    return f"Nothing in the flow sets “{owner}.{name}”{hint}"
