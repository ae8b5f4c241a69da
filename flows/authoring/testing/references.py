"""What written conversations name that their flow has not."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from flows.authoring.testing.test_file import Said, Script
from flows.document.errors import FlowError, Problem
from flows.document.flow import Flow


def check(script: Script, flow: Flow, source: str) -> None:
    """Raise `FlowError`, naming every node, edge and action that the flow does not have."""
    if problems := list(_problems(script, flow)):
        raise FlowError(source, problems)


def _problems(script: Script, flow: Flow) -> Iterator[Problem]:
    nodes = {node.id for node in flow.nodes}
    edges = {edge.id for edge in (*flow.global_edges, *(edge for node in flow.nodes for edge in node.edges))}
    tools = (*flow.tools, *(tool for node in flow.nodes for tool in node.tools))
    calls = {action.id for action in flow.actions} | {tool.id for tool in tools}
    yield from _unknown("answers", "action", script.answers, calls)
    for number, conversation in enumerate(script.conversations):
        path = f"conversations[{number}]"
        yield from _unknown(f"{path}.answers", "action", conversation.answers, calls)
        for place, said in enumerate(conversation.turns):
            yield from _of_turn(f"{path}.turns[{place}]", said, nodes, edges)


def _of_turn(path: str, said: Said, nodes: Collection[str], edges: Collection[str]) -> Iterator[Problem]:
    for index, decided in enumerate(said.decide):
        yield from _missing(f"{path}.decide[{index}].edge", "edge", decided.edge, edges)
    yield from _missing(f"{path}.expect.node", "node", said.expect.node, nodes)
    yield from _missing(f"{path}.expect.edge", "edge", said.expect.edge, edges)


def _unknown(path: str, what: str, names: Collection[str], known: Collection[str]) -> Iterator[Problem]:
    for name in names:
        yield from _missing(f"{path}.{name}", what, name, known)


def _missing(path: str, what: str, name: str | None, known: Collection[str]) -> Iterator[Problem]:
    if name and name not in known:
        yield Problem(path, f"There is no {what} “{name}” in the flow.")
