"""Finds edges and quick replies that have no effect without a language model."""

from __future__ import annotations

from collections.abc import Iterator

from flows.compiled import CompiledNode, compile_flow
from flows.document import FALLBACK_FIELDS, Flow, Issue, Node
from flows.llm.rules import is_reachable, takes_choice


def find_model_only_edges(flow: Flow) -> Iterator[Issue]:
    """Return the edges that no message takes without a language model."""
    compiled = compile_flow(flow)
    offered = {choice.payload or choice.label for node in flow.nodes for choice in node.choices}
    for node in compiled.nodes.values():
        if node.is_router or node.auto_proceed:
            continue
        named = offered | _named_edges(node.node)
        for edge in node.edges:
            if edge.id not in named and not edge.guard and not is_reachable(edge, compiled.language):
                yield _model_only_issue(edge.id)
    for edge in compiled.global_edges:
        if edge.id not in offered and not is_reachable(edge, compiled.language):
            yield _model_only_issue(edge.id)


def find_dead_choices(flow: Flow) -> Iterator[Issue]:
    """Return the quick replies that would not be understood."""
    compiled = compile_flow(flow)
    for node in compiled.nodes.values():
        if not _waits_for_answer(node):
            continue
        for choice in node.node.choices:
            payload = choice.payload or choice.label
            if "{" in choice.label or choice.url or takes_choice(compiled, node, choice.label, payload):
                continue
            yield Issue(
                f"node {node.id}",
                f"The choice “{choice.label}” leads nowhere without a language model: give it the payload of "
                "an edge or a value, or an edge a keyword for it.",
            )


def _model_only_issue(edge: str) -> Issue:
    return Issue(
        f"edge {edge}",
        "Without a language model this edge is never taken: give it keywords, examples or a pattern.",
    )


def _waits_for_answer(node: CompiledNode) -> bool:
    ends = node.is_final or node.node.hand_off or node.node.opt_out
    return bool(node.edges) and not (ends or node.is_router or node.auto_proceed)


def _named_edges(node: Node) -> set[str]:
    """Return the edges that are taken by something else than a message."""
    triggers = (*node.actions, *(trigger for edge in node.edges for trigger in edge.actions))
    names = {trigger.on_failure for trigger in triggers} | {tool.on_failure for tool in node.tools}
    reactions = [getattr(node, name) for name in FALLBACK_FIELDS]
    names |= {reaction.edge for reaction in reactions if reaction}
    return {name for name in names if name} | set(node.on_reaction.values())
