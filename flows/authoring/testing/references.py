"""Checks the ids that a conversation test file uses."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from flows.authoring.testing.test_file import ConversationTestFile, UserStep
from flows.document import Flow, FlowError, Issue
from flows.document.validation import suggest_name


def validate_references(script: ConversationTestFile, flow: Flow, source: str) -> None:
    """Raise `FlowError` with every node, edge and action that the flow does not have."""
    if problems := list(_find_issues(script, flow)):
        raise FlowError(source, problems)


def _find_issues(script: ConversationTestFile, flow: Flow) -> Iterator[Issue]:
    nodes = {name for node in flow.nodes for name in (node.id, node.author_id)}
    edges = {edge.id for edge in (*flow.global_edges, *(edge for node in flow.nodes for edge in node.edges))}
    tools = (*flow.tools, *(tool for node in flow.nodes for tool in node.tools))
    calls = {action.id for action in flow.actions} | {tool.id for tool in tools}
    yield from _check_known_ids("answers", "action", script.answers, calls)
    for number, conversation in enumerate(script.conversations):
        path = f"conversations[{number}]"
        yield from _check_known_ids(f"{path}.answers", "action", conversation.answers, calls)
        for place, step in enumerate(conversation.turns):
            yield from _check_step(f"{path}.turns[{place}]", step, nodes, edges)


def _check_step(path: str, step: UserStep, nodes: Collection[str], edges: Collection[str]) -> Iterator[Issue]:
    for index, decided in enumerate(step.decide):
        yield from _check_known_id(f"{path}.decide[{index}].edge", "edge", decided.edge, edges)
    yield from _check_known_id(f"{path}.expect.node", "node", step.expect.node, nodes)
    yield from _check_known_id(f"{path}.expect.edge", "edge", step.expect.edge, edges)


def _check_known_ids(path: str, what: str, names: Collection[str], known: Collection[str]) -> Iterator[Issue]:
    for name in names:
        yield from _check_known_id(f"{path}.{name}", what, name, known)


def _check_known_id(path: str, what: str, name: str | None, known: Collection[str]) -> Iterator[Issue]:
    if name and name not in known:
        yield Issue(path, f"There is no {what} “{name}” in the flow.{suggest_name(name, known)}")
