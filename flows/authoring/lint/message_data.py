"""Finds unknown fields of `message`, and reactions that can never have an effect."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches

from flows.compiled import node_type
from flows.document import Flow, Issue

MESSAGE_FIELDS = (
    "text",
    "kind",
    "profile_name",
    "subject",
    "form",
    "order",
    "referral",
    "quoted",
    "contacts",
    "attachments",
    "reaction",
    "location",
)
"""The fields of `message`, as the guide lists them."""

_REFERENCE = re.compile(r"(?<![\w.\"'])message\.([A-Za-z_]\w*)")
_TEMPLATE = re.compile(r"\{[{%].{1,2000}?[%}]\}", re.DOTALL)


def find_unknown_message_fields(flow: Flow) -> Iterator[Issue]:
    """Return the fields of `message` in templates, guards and conditions that do not exist."""
    if _is_redefined(flow):
        return
    for node in flow.nodes:
        own = node.model_dump_json(exclude={"edges", "id", "name"})
        yield from _find_unknown(f"node {node.id}", " ".join(_TEMPLATE.findall(own)))
        for edge in node.edges:
            templates = _TEMPLATE.findall(edge.model_dump_json(exclude={"guard", "condition"}))
            yield from _find_unknown(
                f"edge {edge.id}", " ".join((edge.guard or "", edge.condition, *templates))
            )
    for edge in flow.global_edges:
        yield from _find_unknown(f"edge {edge.id}", f"{edge.guard or ''} {edge.condition}")
    for action in flow.actions:
        yield from _find_unknown(f"action {action.id}", " ".join(_TEMPLATE.findall(action.model_dump_json())))


def find_useless_reactions(flow: Flow) -> Iterator[Issue]:
    """Return the final nodes and routers with `on_reaction`: those nodes ask no question."""
    for node in flow.nodes:
        if node.on_reaction and (node.is_final or node.hand_off or node_type(node) == "router"):
            yield Issue(
                f"node {node.id}", "Reactions are ignored here, so on_reaction has no effect: remove it."
            )


def _is_redefined(flow: Flow) -> bool:
    """Return whether a slot, a variable or a result has the name `message`, which then comes first."""
    edges = (*flow.global_edges, *(edge for node in flow.nodes for edge in node.edges))
    schemas = [(edge.input_schema or {}).get("properties") for edge in edges]
    slots = {name for properties in schemas if isinstance(properties, dict) for name in properties}
    stored = {action.store_response_as for action in flow.actions}
    return "message" in slots | stored | set(flow.environment_variables)


def _find_unknown(where: str, text: str) -> Iterator[Issue]:
    for name in dict.fromkeys(_REFERENCE.findall(text)):
        if name not in MESSAGE_FIELDS:
            near = get_close_matches(name, MESSAGE_FIELDS, n=1)
            hint = f"; did you mean “message.{near[0]}”?" if near else "."
            yield Issue(where, f"A message has no “{name}”, so this is always empty{hint}")
