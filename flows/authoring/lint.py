"""Everything that an author should know of a document before it meets a person."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Literal, NamedTuple

from core.channel import Capabilities
from flows.document import Flow, Node
from flows.errors import FlowError, Problem
from flows.speech import kind_of, language_code, scripted

Level = Literal["problem", "warning", "channel"]


class Finding(NamedTuple):
    """A problem keeps the flow from running; a warning does not; a channel shows something in another way."""

    level: Level
    problem: Problem

    def __str__(self) -> str:
        return f"{self.level}: {self.problem}"


Cost = Callable[[str], str]
"""What a text takes on a channel, in words, where that is much; else nothing."""

_NO_COSTS: Mapping[str, Cost] = MappingProxyType({})


def lint(
    path: str | Path, channels: Mapping[str, Capabilities], costs: Mapping[str, Cost] = _NO_COSTS
) -> tuple[Finding, ...]:
    """What there is to say against a flow file, for these channels by name. Never raises.

    `costs` are of the channels where a text's length is paid for.
    """
    try:
        flow = Flow.load(path)
    except FlowError as error:
        return tuple(Finding("problem", problem) for problem in error.problems)
    warnings = [*flow.warnings, *_speechless(flow), *_never_learnt(flow), *_patient(flow), *_unprepared(flow)]
    limits = [
        problem
        for name, limit in channels.items()
        for node in flow.nodes
        for problem in _cut(node, name, limit)
    ]
    limits += [
        problem for name, cost in costs.items() for node in flow.nodes for problem in _dear(node, name, cost)
    ]
    return (
        *(Finding("warning", problem) for problem in warnings),
        *(Finding("channel", problem) for problem in limits),
    )


def _cut(node: Node, channel: str, can: Capabilities) -> Iterator[Problem]:
    """What the channel cannot show as it was written."""
    where = f"node {node.id}"
    count = len(node.choices)
    shows = f"shows {count} choice{'' if count == 1 else 's'}"
    if count and not can.buttons:
        yield Problem(where, f"{shows}: {channel} has no buttons: numbered list")
    elif count > max(can.buttons, can.list_rows):
        yield Problem(where, f"{shows}: {channel} has {can.buttons} buttons: numbered list")
    elif can.button_title_length:
        for choice in node.choices:
            if len(choice.label) > can.button_title_length:
                length, most = len(choice.label), can.button_title_length
                yield Problem(where, f"“{choice.label}” has {length} characters: {channel} takes {most}")
    if len(node.static_text or "") > can.text_length:
        length, most = len(node.static_text or ""), can.text_length
        yield Problem(where, f"has a text of {length} characters: {channel} takes {most}: split")
    if len(node.media) > can.media:
        yield Problem(where, f"has {len(node.media)} media: {channel} takes {can.media}")


def _dear(node: Node, channel: str, cost: Cost) -> Iterator[Problem]:
    """What is dear to send as it was written; a template's value counts as its name."""
    labels = [f"{number}. {choice.label}" for number, choice in enumerate(node.choices, start=1)]
    listed = "\n\n".join(filter(None, [node.static_text, "\n".join(labels)]))
    if told := cost(listed):
        yield Problem(f"node {node.id}", f"its text {told}: {channel}")


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
    stored = {action.id: action.store_response_as for action in flow.actions}
    for node in flow.nodes:
        looked_at = " ".join(f"{edge.guard or ''} {edge.condition}" for edge in node.edges)
        for trigger in node.actions:
            name = stored.get(trigger.action_id)
            if not trigger.on_failure and not (name and name in looked_at):
                yield Problem(
                    f"node {node.id}",
                    f"Nothing happens when “{trigger.action_id}” fails: give its trigger an on_failure.",
                )
    for tool in (*flow.tools, *(tool for node in flow.nodes for tool in node.tools)):
        if not tool.on_failure:
            yield Problem(f"tool {tool.id}", "When this fails only the model is told: it has no on_failure.")


def _properties(schema: Mapping[str, object] | None) -> list[str]:
    properties = (schema or {}).get("properties")
    return list(properties) if isinstance(properties, Mapping) else []
