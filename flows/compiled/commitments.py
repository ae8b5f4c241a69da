"""Finds the nodes that do something irreversible when they are entered, such as after a yes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flows.compiled.instructions import auto_proceeds, node_type
from flows.document import ActionTrigger, Flow, Node

_SAFE_METHODS = ("GET", "HEAD")


def find_committing_nodes(flow: Flow) -> frozenset[str]:
    """Return the ids of the nodes that end, hand off or call with another method than GET.

    A node that leads on without waiting also commits if one of its next nodes does; failure edges do not
    count.
    """
    methods = {action.id: (action.method or "GET").upper() for action in flow.actions}
    nodes = {node.id: node for node in flow.nodes}
    found = {node.id for node in flow.nodes if _is_committing(node, methods)}
    while more := {
        node.id
        for node in flow.nodes
        if node.id not in found and _leads_on(node) and found & set(_next_nodes(node, nodes))
    }:
        found |= more
    return frozenset(found)


def has_side_effect(triggers: Iterable[ActionTrigger], methods: Mapping[str, str]) -> bool:
    """Return whether one of these actions changes something."""
    return any(methods.get(trigger.action_id, "GET") not in _SAFE_METHODS for trigger in triggers)


def _is_committing(node: Node, methods: Mapping[str, str]) -> bool:
    entering = [trigger for trigger in node.actions if trigger.trigger == "on_enter"]
    return node_type(node) == "final" or node.hand_off or node.opt_out or has_side_effect(entering, methods)


def _leads_on(node: Node) -> bool:
    return node_type(node) == "router" or auto_proceeds(node)


def _next_nodes(node: Node, nodes: Mapping[str, Node]) -> Iterable[str]:
    return (
        edge.target_node_id
        for edge in node.edges
        if edge.target_node_id and edge.target_node_id in nodes and not edge.is_fallback and not edge.guard
    )
