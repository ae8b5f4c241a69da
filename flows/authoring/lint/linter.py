"""Collects errors, warnings and channel limitations of a flow document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Literal, NamedTuple

from core.model import infer_content_type
from core.ports import Capabilities
from flows.authoring.lint.addresses import find_unusable_addresses
from flows.authoring.lint.attributes import find_empty_attributes
from flows.authoring.lint.channel_limits import ChannelRenderer, TextCostFormatter, check_channel_limits
from flows.authoring.lint.cycles import find_infinite_loops
from flows.authoring.lint.descriptions import find_unreadable_descriptions
from flows.authoring.lint.message_data import find_unknown_message_fields, find_useless_reactions
from flows.authoring.lint.no_effect import find_parts_without_effect, find_unknown_channels
from flows.authoring.lint.offline import find_dead_choices, find_model_only_edges
from flows.authoring.lint.values import (
    find_failing_templates,
    find_unknown_names,
    find_unmarked_names,
)
from flows.authoring.lint.yaml_traps import find_lost_texts
from flows.compiled import language_code, node_type, scripted_speech
from flows.document import ActionTrigger, Edge, Flow, FlowError, Issue

Level = Literal["problem", "warning", "channel"]


class LintFinding(NamedTuple):
    """A finding: a problem prevents the flow from running; a warning or a channel's limit does not."""

    level: Level
    issue: Issue

    def __str__(self) -> str:
        return f"{self.level}: {self.issue}"


_NO_COSTS: Mapping[str, TextCostFormatter] = MappingProxyType({})


def lint(
    path: str | Path,
    channels: Mapping[str, Capabilities],
    show: ChannelRenderer,
    costs: Mapping[str, TextCostFormatter] = _NO_COSTS,
) -> tuple[LintFinding, ...]:
    """Return all findings for a flow file and the named channels. Never raises.

    `show` cuts a text and its choices to a channel, `costs` are those of channels where the length of a text
    costs money.
    """
    try:
        flow = Flow.load(path)
    except FlowError as error:
        return tuple(LintFinding("problem", problem) for problem in error.issues)
    checks = (
        _missing_text,
        _unknown_media_types,
        _missing_hand_off_timeout,
        _unreachable_after_opt_out,
        _unhandled_failures,
        find_infinite_loops,
        find_unknown_message_fields,
        find_useless_reactions,
        find_model_only_edges,
        find_dead_choices,
        find_unknown_names,
        find_empty_attributes,
        find_unmarked_names,
        find_failing_templates,
        find_parts_without_effect,
        find_unusable_addresses,
        find_unreadable_descriptions,
    )
    found = (problem for check in checks for problem in check(flow))
    named = name_author_nodes(flow, chain(found, find_unknown_channels(flow, channels)))
    warnings = dict.fromkeys([*find_lost_texts(path), *flow.warnings, *named])
    limits = dict.fromkeys(name_author_nodes(flow, check_channel_limits(flow, channels, show, costs)))
    return (
        *(LintFinding("warning", problem) for problem in warnings),
        *(LintFinding("channel", problem) for problem in limits),
    )


def name_author_nodes(flow: Flow, issues: Iterable[Issue]) -> Iterator[Issue]:
    """Yield the issues with the names of the nodes that the author wrote."""
    author_ids = {node.id: node.author_id for node in flow.nodes if node.author_id != node.id}
    owners = {edge.id: node.part_of for node in flow.nodes if node.part_of for edge in node.edges}
    for issue in issues:
        kind, _, names = issue.path.partition(" ")
        name, _, rest = names.partition(" in ")
        if kind == "node" and name in author_ids:
            part = f"node {author_ids[name]} ({name})"
            yield Issue(f"{part} in {rest}" if rest else part, issue.message)
        elif kind == "edge" and name in owners:
            yield Issue(f"node {owners[name]} (edge {name})", issue.message)
        else:
            yield issue


def _missing_text(flow: Flow) -> Iterator[Issue]:
    language = language_code(flow.agent_language)
    for node in flow.nodes:
        text = node.static_text or (node.instruction and scripted_speech(node.instruction, language))
        if not text and node_type(node) != "router":
            yield Issue(
                f"node {node.id}",
                "This node has no text: without a language model it sends a default sentence.",
            )


def _unknown_media_types(flow: Flow) -> Iterator[Issue]:
    for node in flow.nodes:
        for number, each in enumerate(node.media, 1):
            if "content_type" not in each.model_fields_set and not infer_content_type(each.url, each.name):
                yield Issue(
                    f"node {node.id}",
                    f"The type of medium {number} cannot be inferred from its URL or name, so it is "
                    "sent as a document: give it a content_type.",
                )


def _missing_hand_off_timeout(flow: Flow) -> Iterator[Issue]:
    for node in flow.nodes:
        if node.hand_off and node.timeout is None:
            yield Issue(f"node {node.id}", "This waits for an agent without a limit: give it a timeout.")


def _unreachable_after_opt_out(flow: Flow) -> Iterator[Issue]:
    for node in flow.nodes:
        if node.opt_out and (node.edges or node.hand_off or node.timeout):
            yield Issue(
                f"node {node.id}",
                "This opts the contact out and ends the conversation: remove its edges, timeout and "
                "hand-off.",
            )


def _unhandled_failures(flow: Flow) -> Iterator[Issue]:
    """Return calls whose failure is handled neither by a failure edge nor by a condition."""
    own = {node.id: node.edges for node in flow.nodes}
    for node in flow.nodes:
        beyond = [own.get(edge.target_node_id or "", ()) for edge in node.edges]
        yield from _unhandled_trigger_failures(f"node {node.id}", node.actions, (node.edges, *beyond), flow)
    for edge in (*(edge for node in flow.nodes for edge in node.edges), *flow.global_edges):
        beyond = [own.get(edge.target_node_id or "", ())]
        yield from _unhandled_trigger_failures(f"edge {edge.id}", edge.actions, beyond, flow)
    for tool in (*flow.tools, *(tool for node in flow.nodes for tool in node.tools)):
        if not tool.on_failure:
            yield Issue(f"tool {tool.id}", "A failure is only reported to the model: add on_failure.")


def _unhandled_trigger_failures(
    where: str, triggers: Iterable[ActionTrigger], edge_groups: Iterable[Iterable[Edge]], flow: Flow
) -> Iterator[Issue]:
    """Return the unhandled calls of one place; conditions of `edge_groups` may check the result."""
    looked_at = " ".join(f"{edge.guard or ''} {edge.condition}" for edges in edge_groups for edge in edges)
    stored = {action.id: action.store_response_as for action in flow.actions}
    for trigger in triggers:
        name = stored.get(trigger.action_id)
        if not trigger.on_failure and not (name and name in looked_at):
            yield Issue(
                where, f"Nothing happens when “{trigger.action_id}” fails: give its trigger an on_failure."
            )
