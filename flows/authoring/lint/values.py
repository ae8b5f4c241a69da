"""Finds templates that use names that nothing sets, or that fail with the values they will get."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import JsonValue

from flows.compiled import CompiledFlow, compile_flow
from flows.document import FALLBACK_FIELDS, Flow, Issue, Node
from flows.slots import Slot
from flows.templating import RenderError, TextTemplate, referenced_secrets, unset_names

_ENGINE_NAMES = frozenset(
    (
        "message", "slots", "results", "actions", "userdata", "env", "secrets", "undelivered",
        "current_date", "current_time", "current_time_Asia_Kolkata", "current_language",
    )
)  # fmt: skip
_SAMPLES: Mapping[str, JsonValue] = {
    "date": "2027-03-04", "time": "15:00", "integer": 2, "number": 2.5, "boolean": True,
    "array": ["a", "b"], "object": {}, "phone": "+15550100", "email": "a@example.com",
    "location": {"latitude": 1.0, "longitude": 2.0}, "form": {},
}  # fmt: skip

Sources = Iterator[tuple[str, str]]


def find_unknown_names(flow: Flow) -> Iterator[Issue]:
    """Return the names in templates that nothing in the flow sets."""
    known = _ENGINE_NAMES | _sample_values(flow, compile_flow(flow)).keys()
    known |= {
        name
        for tool in (*flow.tools, *(t for n in flow.nodes for t in n.tools))
        for name in (tool.id, tool.name)
    }
    for where, source in _sources(flow):
        if not where.startswith("action ") and referenced_secrets(source):
            yield Issue(
                where, "secrets are empty here: they are for the url, headers and body of calls alone."
            )
        for name in sorted(unset_names(source) - known):
            near = get_close_matches(name, known, n=1)
            hint = f"; did you mean “{near[0]}”?" if near else "."
            yield Issue(
                where,
                f"Nothing in the flow sets “{name}”: it is empty unless the caller's context has it{hint}",
            )


def find_failing_templates(flow: Flow) -> Iterator[Issue]:
    """Return the texts that cannot be computed from values of the kinds that the slots have."""
    compiled = compile_flow(flow)
    values = _sample_values(flow, compiled)
    data: dict[str, Any] = {
        **values, "slots": values, "results": {}, "env": {}, "actions": {}, "userdata": {}, "message": {},
        "current_date": "2027-03-01", "current_time": "09:05 PM", "current_language": compiled.language,
    }  # fmt: skip
    for where, source in _sources(flow):
        if not where.startswith("action "):
            try:
                TextTemplate(source).render_strict(data)
            except RenderError:
                yield Issue(
                    where,
                    "A template here fails with values of the kinds that the slots have, and is then empty: "
                    f"{source[:80]}",
                )


def _sample_values(flow: Flow, compiled: CompiledFlow) -> dict[str, JsonValue]:
    """Return a value for every name that the flow sets."""
    nodes = compiled.nodes.values()
    edges = (*compiled.global_edges, *(edge for node in nodes for edge in node.edges))
    values: dict[str, JsonValue] = {
        slot.name: _sample(slot) for edge in edges for slot in (*edge.inferred_slots, *edge.slots)
    }
    answer: JsonValue = {"success": True, "status": 200, "data": {}, "headers": {}}
    values |= {action.store_response_as: answer for action in flow.actions if action.store_response_as}
    values |= {update.env_key: "text" for action in flow.actions for update in action.env_updates}
    return {**values, **flow.environment_variables}


def _sample(slot: Slot) -> JsonValue:
    return slot.allowed_values[0] if slot.allowed_values else _SAMPLES.get(slot.kind, "text")


def _sources(flow: Flow) -> Sources:
    """Yield the templates of texts and calls and the guards, each with its place."""
    for node in flow.nodes:
        yield from ((f"node {node.id}", text) for text in _node_texts(node) if "{" in text)
    for edge in (*flow.global_edges, *(edge for node in flow.nodes for edge in node.edges)):
        if edge.guard:
            yield f"edge {edge.id}", f"{{{{ {edge.guard} }}}}"
    for action in flow.actions:
        body = action.body if isinstance(action.body, str) else ""
        texts = (action.url, body, action.condition or "", *action.headers.values(), *_texts_in(action.body))
        yield from ((f"action {action.id}", text) for text in texts if "{" in text)


def _node_texts(node: Node) -> Iterator[str]:
    yield node.static_text or ""
    yield node.reprompt_text or ""
    yield from (choice.label for choice in node.choices)
    for name in FALLBACK_FIELDS:
        if reaction := getattr(node, name):
            yield reaction.say
    if node.remind:
        yield node.remind.text
        yield node.remind.at or ""


def _texts_in(part: object) -> Iterator[str]:
    if isinstance(part, Mapping):
        for value in part.values():
            yield from [value] if isinstance(value, str) else _texts_in(value)
    elif isinstance(part, list | tuple):
        for value in part:
            yield from [value] if isinstance(value, str) else _texts_in(value)
