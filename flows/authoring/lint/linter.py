"""Everything that an author should know of a document before it meets a person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Literal, NamedTuple

from core.ports.channel import Capabilities
from flows.authoring.lint.channel_limits import Cost, Show, shown_otherwise
from flows.authoring.lint.cycles import endless
from flows.compiled.instructions import kind_of, language_code, scripted
from flows.document.errors import FlowError, Problem
from flows.document.flow import ActionTrigger, Edge, Flow

Level = Literal["problem", "warning", "channel"]


class Finding(NamedTuple):
    """A problem keeps the flow from running; a warning does not; a channel shows something in another way."""

    level: Level
    problem: Problem

    def __str__(self) -> str:
        return f"{self.level}: {self.problem}"


_NO_COSTS: Mapping[str, Cost] = MappingProxyType({})


def lint(
    path: str | Path, channels: Mapping[str, Capabilities], show: Show, costs: Mapping[str, Cost] = _NO_COSTS
) -> tuple[Finding, ...]:
    """What there is to say against a flow file, for these channels by name. Never raises.

    `show` cuts a text and its choices to a channel, `costs` are of those where a text's length is paid for.
    """
    try:
        flow = Flow.load(path)
    except FlowError as error:
        return tuple(Finding("problem", problem) for problem in error.problems)
    smells = (_speechless, _never_learnt, _patient, _unprepared, endless)
    warnings = [*flow.warnings, *(problem for smell in smells for problem in smell(flow))]
    limits = shown_otherwise(flow, channels, show, costs)
    return (
        *(Finding("warning", problem) for problem in warnings),
        *(Finding("channel", problem) for problem in limits),
    )


def _speechless(flow: Flow) -> Iterator[Problem]:
    language = language_code(flow.agent_language)
    for node in flow.nodes:
        says = node.static_text or (node.instruction and scripted(node.instruction, language))
        if not says and kind_of(node) != "router":
            yield Problem(
                f"node {node.id}",
                "This has no text of its own: without a language model it says a stock phrase.",
            )


def _never_learnt(flow: Flow) -> Iterator[Problem]:
    for node in flow.nodes:
        learnt = {name for edge in node.edges for name in _properties(edge.input_schema)}
        for criterion in node.completion_criteria or ():
            if criterion.required and learnt and criterion.key not in learnt:
                yield Problem(f"node {node.id}", f"No edge here learns “{criterion.key}”, which is required.")


def _patient(flow: Flow) -> Iterator[Problem]:
    for node in flow.nodes:
        if node.hand_off and node.timeout is None:
            yield Problem(f"node {node.id}", "This waits for a person for ever: give it a timeout.")


def _unprepared(flow: Flow) -> Iterator[Problem]:
    """Calls whose failure leads nowhere: no edge for it, and no condition that looks at the result."""
    own = {node.id: node.edges for node in flow.nodes}
    for node in flow.nodes:
        beyond = [own.get(edge.target_node_id or "", ()) for edge in node.edges]
        yield from _unanswered(f"node {node.id}", node.actions, (node.edges, *beyond), flow)
    for edge in (*(edge for node in flow.nodes for edge in node.edges), *flow.global_edges):
        beyond = [own.get(edge.target_node_id or "", ())]
        yield from _unanswered(f"edge {edge.id}", edge.actions, beyond, flow)
    for tool in (*flow.tools, *(tool for node in flow.nodes for tool in node.tools)):
        if not tool.on_failure:
            yield Problem(f"tool {tool.id}", "When this fails only the model is told: it has no on_failure.")


def _unanswered(
    where: str, triggers: Iterable[ActionTrigger], ways: Iterable[Iterable[Edge]], flow: Flow
) -> Iterator[Problem]:
    """The calls of one place; `ways` are the edges that may look at what came of them."""
    looked_at = " ".join(f"{edge.guard or ''} {edge.condition}" for edges in ways for edge in edges)
    stored = {action.id: action.store_response_as for action in flow.actions}
    for trigger in triggers:
        name = stored.get(trigger.action_id)
        if not trigger.on_failure and not (name and name in looked_at):
            yield Problem(
                where, f"Nothing happens when “{trigger.action_id}” fails: give its trigger an on_failure."
            )


def _properties(schema: Mapping[str, object] | None) -> list[str]:
    properties = (schema or {}).get("properties")
    return list(properties) if isinstance(properties, Mapping) else []
