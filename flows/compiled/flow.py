"""Compiles a flow document to an immutable executable form that all sessions share."""

from __future__ import annotations

import re
import weakref
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from functools import cached_property
from types import MappingProxyType
from typing import TypeVar

from flows.compiled.edge import CompiledEdge, compile_context, compile_edges
from flows.compiled.instructions import language_code
from flows.compiled.node import CompiledNode, compile_node, digest
from flows.document import Action, Budget, BusinessHours, Flow, Tool, Way
from flows.locales import messages_for
from flows.nlu import fit_vectorizer
from flows.slots import Slot
from flows.templating import TextTemplate, TrustedText
from flows.tools.http import HttpAction, compile_action
from flows.tools.mcp.tool import McpTool, load_mcp_tools


@dataclass(frozen=True)
class CompiledFlow:
    """A compiled flow; immutable.

    `handler_ids` are the Python functions that its tools name, `hidden_paths` the parts of results that the
    model must not see, `urls` the beginnings of the URLs in its texts, up to a value. `renamed` maps former
    node ids to the present ones.
    """

    nodes: Mapping[str, CompiledNode]
    renamed: Mapping[str, str]
    initial: CompiledNode
    global_edges: tuple[CompiledEdge, ...]
    prompt: TextTemplate
    environment: Mapping[str, str]
    language: str
    after_final: str
    closed_text: TextTemplate
    unsupported_text: TextTemplate
    actions: Mapping[str, HttpAction]
    tools: tuple[Tool, ...]
    http_tools: Mapping[str, HttpAction]
    mcp_tools: Mapping[str, McpTool]
    handler_ids: frozenset[str]
    hidden_paths: Mapping[str, tuple[str, ...]]
    urls: tuple[str, ...]
    budget: Budget | None
    hours: BusinessHours | None
    outside_window: Way | None
    is_multilingual: bool

    @cached_property
    def slots(self) -> Mapping[str, tuple[Slot, ...]]:
        """The definitions of each slot, by name; those of several edges may differ."""
        found: dict[str, list[Slot]] = {}
        own = (edge for node in self.nodes.values() for edge in node.edges)
        for edge in (*self.global_edges, *own):
            for slot in (*edge.slots, *edge.inferred_slots):
                found.setdefault(slot.name, []).append(slot)
        return MappingProxyType({name: tuple(slots) for name, slots in found.items()})

    @property
    def time_zone(self) -> tzinfo:
        """The business's time zone."""
        return self.hours.zone if self.hours else UTC

    @property
    def secret_names(self) -> frozenset[str]:
        """The names of all secrets that the flow's calls need."""
        calls = (*self.actions.values(), *self.http_tools.values())
        mcp_names = [tool.secret_names for tool in self.mcp_tools.values()]
        names = [*(call.secret_names for call in calls), *mcp_names]
        return frozenset().union(*names)


_URL_START = re.compile(r"""https?://[^\s"'<>()\[\]{}\\*]+""")

_compiled_flows: dict[int, CompiledFlow] = {}
_compiled_languages: dict[int, Mapping[str, CompiledFlow]] = {}

T = TypeVar("T")


def compile_flow(flow: Flow) -> CompiledFlow:
    """Return the compiled form of `flow`; compiled once per document."""
    return _cache_per_flow(flow, _compiled_flows, _compile_uncached)


def compile_all_languages(flow: Flow) -> Mapping[str, CompiledFlow]:
    """Return the compiled flow and its translations by language, its own language first."""
    return _cache_per_flow(flow, _compiled_languages, _compile_all_languages)


def _cache_per_flow(flow: Flow, results: dict[int, T], make: Callable[[Flow], T]) -> T:
    """Cache a function's result per flow, as long as the flow object exists."""
    key = id(flow)
    if key not in results:
        results[key] = make(flow)
        weakref.finalize(flow, results.pop, key, None)
    return results[key]


def _compile_all_languages(flow: Flow) -> Mapping[str, CompiledFlow]:
    own_language = language_code(flow.agent_language)
    if not flow.languages:
        return {own_language: compile_flow(flow)}
    flows = {
        own_language: compile_flow(flow),
        **{code: _compile_uncached(flow.in_language(code)) for code in flow.languages},
    }
    results = {code: replace(each, is_multilingual=True) for code, each in flows.items()}
    return {code: _unify_versions(each, results.values()) for code, each in results.items()}


def _unify_versions(flow: CompiledFlow, flows: Iterable[CompiledFlow]) -> CompiledFlow:
    """Return the flow with node versions that are the same in each language."""
    nodes = {
        name: replace(node, version=digest("".join(each.nodes[name].version for each in flows)))
        for name, node in flow.nodes.items()
    }
    return replace(flow, nodes=MappingProxyType(nodes), initial=nodes[flow.initial.id])


def _compile_uncached(flow: Flow) -> CompiledFlow:
    context = compile_context(flow, language_code(flow.agent_language))
    edges = [*flow.global_edges, *(edge for node in flow.nodes for edge in node.edges)]
    shared = fit_vectorizer((text for edge in edges for text in edge.examples), context.language)
    global_edges = compile_edges(flow.global_edges, context, shared)
    nodes = {name: compile_node(node, context, shared, global_edges) for name, node in context.nodes.items()}
    tools = [*flow.tools, *(tool for node in flow.nodes for tool in node.tools)]
    return CompiledFlow(
        nodes=MappingProxyType(nodes),
        renamed=MappingProxyType({old: node.id for node in flow.nodes for old in node.was}),
        initial=nodes[flow.initial_node],
        global_edges=global_edges,
        prompt=TextTemplate(flow.system_prompt, "prompt"),
        environment=MappingProxyType({k: TrustedText(v) for k, v in flow.environment_variables.items()}),
        language=language_code(flow.agent_language),
        after_final=flow.after_final,
        closed_text=TextTemplate(
            flow.closed_text or messages_for(language_code(flow.agent_language)).conversation_closed,
            "message",
        ),
        unsupported_text=TextTemplate(flow.unsupported_text),
        actions=MappingProxyType({action.id: compile_action(action) for action in flow.actions}),
        tools=flow.tools,
        http_tools=MappingProxyType(
            {t.id: compile_action(_tool_as_action(t)) for t in tools if t.type == "http"}
        ),
        mcp_tools=MappingProxyType(load_mcp_tools(tools)),
        handler_ids=frozenset(t.handler_id or t.id for t in tools if t.type == "python"),
        hidden_paths=MappingProxyType(_collect_hidden_paths(flow)),
        urls=tuple(sorted(set(_URL_START.findall(flow.model_dump_json(exclude_unset=True))))),
        budget=flow.budget,
        hours=flow.hours,
        outside_window=flow.outside_window,
        is_multilingual=False,
    )


def _tool_as_action(tool: Tool) -> Action:
    return Action.model_validate(
        {
            "id": tool.id,
            "name": tool.name,
            "method": (tool.method or "GET").upper(),
            "url": tool.url or "",
            "headers": tool.headers,
            "timeout": tool.timeout,
            "retries": tool.retries,
        }
    )


def _collect_hidden_paths(flow: Flow) -> dict[str, tuple[str, ...]]:
    """Return the paths in results of values that actions store in the environment, such as tokens."""
    return {
        action.store_response_as: tuple(update.result_path for update in action.env_updates)
        for action in flow.actions
        if action.store_response_as and action.env_updates
    }
