"""Finds infinite loops: cycles without user input, and questions without a way out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from flows.compiled import auto_proceeds, node_type
from flows.document import FALLBACK_FIELDS, Edge, Flow, Issue, Node
from flows.slots import slots_from_schema

_MAX_NODES_LISTED = 5
"""Maximum number of nodes that a message lists; the others are counted."""


def find_infinite_loops(flow: Flow) -> Iterator[Issue]:
    """Return warnings about unbounded loops, and about limits that have no effect."""
    yield from _find_silent_cycles(flow)
    yield from _find_endless_questions(flow)
    for node in flow.nodes:
        yield from _find_unused_limits(node)


def _find_silent_cycles(flow: Flow) -> Iterator[Issue]:
    """Return cycles of nodes that do not wait for input; the shortest cycle of each component."""
    onward = {
        node.id: [
            edge.target_node_id
            for edge in node.edges
            if edge.target_node_id and not _has_required_slots(edge)
        ]
        for node in flow.nodes
        if _continues_without_input(node)
    }
    reported: set[str] = set()
    for name in onward:
        circle = _shortest_cycle(name, onward)
        if circle and reported.isdisjoint(circle):
            reported.update(circle)
            yield Issue(
                " → ".join([*circle, name]),
                "This cycle never waits for the user: a turn that enters it ends there without a question.",
            )


def _shortest_cycle(start: str, onward: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the shortest cycle from `start` to itself, if any."""
    paths, visited = [[start]], {start}
    while paths:
        longer = []
        for path in paths:
            for name in onward.get(path[-1], ()):
                if name == start:
                    return path
                if name not in visited:
                    visited.add(name)
                    longer.append([*path, name])
        paths = longer
    return []


def _find_endless_questions(flow: Flow) -> Iterator[Issue]:
    """Return the nodes that repeat their question endlessly for a user who is not understood."""
    if flow.budget and (flow.budget.turns or flow.budget.tokens):
        return
    people = {node.id for node in flow.nodes if node.hand_off}
    has_person = any(edge.target_node_id in people for edge in flow.global_edges)
    left = people | {
        node.id for node in flow.nodes if not _continues_without_input(node) and not _requires_answer(node)
    }
    left |= {node.id for node in flow.nodes if node.interruptible and has_person}
    left |= {node.id for node in flow.nodes if any(edge.target_node_id in people for edge in node.edges)}
    while more := {node.id for node in flow.nodes if node.id not in left and _can_reach_exit(node, left)}:
        left |= more
    stuck = list(
        dict.fromkeys(
            node.author_id
            for node in flow.nodes
            if node.id not in left and not _continues_without_input(node)
        )
    )
    if stuck:
        yield Issue(
            _format_node_list(stuck),
            "A user who is not understood is asked the same question endlessly: set max_turns and an edge "
            "with is_fallback, a global edge to a person, or a budget of the flow.",
        )


def _format_node_list(nodes: Sequence[str]) -> str:
    if len(nodes) == 1:
        return f"node {nodes[0]}"
    others = f" and {len(nodes) - _MAX_NODES_LISTED} more" if len(nodes) > _MAX_NODES_LISTED else ""
    return f"nodes {', '.join(nodes[:_MAX_NODES_LISTED])}{others}"


def _can_reach_exit(node: Node, left: set[str]) -> bool:
    """Return whether a user who is not understood reaches a node that can be left."""
    if _continues_without_input(node):
        return any(edge.target_node_id in left for edge in node.edges)
    return node.max_turns is not None and any(
        edge.is_fallback and edge.target_node_id in left for edge in node.edges
    )


def _continues_without_input(node: Node) -> bool:
    """Return whether the node does not wait for input."""
    kind = node_type(node)
    return not node.hand_off and kind != "final" and (kind == "router" or auto_proceeds(node))


def _requires_answer(node: Node) -> bool:
    """Return whether the node asks for a required answer: a choice or a value."""
    if node_type(node) == "final" or not any(edge.target_node_id for edge in node.edges):
        return False
    criteria = () if node.allow_skip else node.completion_criteria or ()
    is_checked = any(criterion.required for criterion in criteria)
    return is_checked or bool(node.choices) or any(map(_has_required_slots, node.edges))


def _has_required_slots(edge: Edge) -> bool:
    return any(slot.required for slot in slots_from_schema(edge.input_schema))


def _find_unused_limits(node: Node) -> Iterator[Issue]:
    """Return warnings about fallbacks that nothing leads to, and limits without a fallback."""
    fallbacks = [edge.id for edge in node.edges if edge.is_fallback]
    if node.max_turns is not None and not fallbacks:
        yield Issue(f"node {node.id}", "max_turns has no effect here: no edge is_fallback.")
    if node.max_turns is None and not _continues_without_input(node):
        automatic = _automatic_edge_ids(node)
        for name in fallbacks:
            if name not in automatic:
                yield Issue(f"node {node.id}", f"“{name}” is never used as a fallback: set max_turns.")


def _automatic_edge_ids(node: Node) -> set[str | None]:
    """Return the ids of edges that are followed on a failure or a timeout."""
    triggers = (*node.actions, *(trigger for edge in node.edges for trigger in edge.actions))
    failures = {trigger.on_failure for trigger in triggers} | {tool.on_failure for tool in node.tools}
    fallbacks = [getattr(node, name) for name in FALLBACK_FIELDS]
    return failures | {fallback.edge for fallback in fallbacks if fallback}
