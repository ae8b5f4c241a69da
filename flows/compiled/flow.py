"""A flow made ready to run: tables, templates and patterns, built once and shared by all sessions."""

from __future__ import annotations

import hashlib
import weakref
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from types import MappingProxyType
from typing import TypeVar

from flows import locales as wording
from flows.compiled.edge import About, CompiledEdge, edges_of, names_of
from flows.compiled.instructions import kind_of, language_code, proceeds
from flows.compiled.lookahead import Ahead, ahead_of
from flows.document.business_hours import Hours
from flows.document.flow import Action, ActionTrigger, Budget, Flow, Node, Tool
from flows.document.traversal import RESORTS
from flows.nlu.similarity import Measure, measure
from flows.templating.escaping import Trusted
from flows.templating.template import Text
from flows.tools.http.action import CompiledAction, compile_action
from flows.tools.mcp.tool import ServerTool, server_tools


@dataclass(frozen=True, slots=True)
class CompiledNode:
    """A node with its texts. `returns` says that nothing leads on from it: an interrupt ends here.

    `version` is another when what is asked here was rewritten. `ways` are its own edges and, where it may be
    interrupted, the global ones that they do not shadow; `is_open` says that none of them is ever closed,
    `is_by_data` that the data alone decide between its own. `conditions` are those of `ways`, one
    for each, where no value stands in any of them; beyond those in `ahead` a model may speak at once.
    """

    id: str
    version: str
    kind: str
    node: Node
    text: Text | None
    reprompt: Text | None
    instruction: Text | None
    labels: tuple[Text, ...]
    edges: tuple[CompiledEdge, ...]
    auto_proceed: bool
    returns: bool
    ways: tuple[CompiledEdge, ...]
    is_open: bool
    is_by_data: bool
    conditions: tuple[str, ...] | None
    ahead: tuple[Ahead, ...]
    on_enter: tuple[ActionTrigger, ...]
    on_exit: tuple[ActionTrigger, ...]

    @property
    def is_final(self) -> bool:
        return self.kind == "final"

    @property
    def is_router(self) -> bool:
        return self.kind == "router"


@dataclass(frozen=True, slots=True)
class CompiledFlow:
    """The whole flow. Nothing in it changes.

    `handlers` are the Python functions that its tools name, `hidden` what no model may see of each result.
    """

    nodes: Mapping[str, CompiledNode]
    initial: CompiledNode
    global_edges: tuple[CompiledEdge, ...]
    prompt: Text
    environment: Mapping[str, str]
    language: str
    after_final: str
    closed_text: Text
    actions: Mapping[str, CompiledAction]
    tools: tuple[Tool, ...]
    http_tools: Mapping[str, CompiledAction]
    server_tools: Mapping[str, ServerTool]
    handlers: frozenset[str]
    hidden: Mapping[str, tuple[str, ...]]
    budget: Budget | None
    hours: Hours | None
    is_translated: bool

    @property
    def zone(self) -> tzinfo:
        """The business's time zone."""
        return self.hours.zone if self.hours else UTC

    @property
    def secrets(self) -> frozenset[str]:
        """The names of all secrets that its calls need."""
        calls = (*self.actions.values(), *self.http_tools.values())
        own = [each.secrets for each in calls] + [each.secrets for each in self.server_tools.values()]
        return frozenset().union(*own)


_ready: dict[int, CompiledFlow] = {}
_spoken: dict[int, Mapping[str, CompiledFlow]] = {}

T = TypeVar("T")


def compiled(flow: Flow) -> CompiledFlow:
    """The compiled form of `flow`: made at the first call, the same object at every other."""
    return _once(flow, _ready, _compile)


def in_every_language(flow: Flow) -> Mapping[str, CompiledFlow]:
    """The same of a flow and of its translations, by language; its own language stands first."""
    return _once(flow, _spoken, _in_every_language)


def _once(flow: Flow, made: dict[int, T], make: Callable[[Flow], T]) -> T:
    """What is made of a flow, kept for as long as the flow is."""
    key = id(flow)
    if key not in made:
        made[key] = make(flow)
        weakref.finalize(flow, made.pop, key, None)
    return made[key]


def _in_every_language(flow: Flow) -> Mapping[str, CompiledFlow]:
    own = language_code(flow.agent_language)
    if not flow.languages:
        return {own: compiled(flow)}
    flows = {own: compiled(flow), **{code: _compile(flow.in_language(code)) for code in flow.languages}}
    made = {code: replace(each, is_translated=True) for code, each in flows.items()}
    return {code: _of_one_version(each, made.values()) for code, each in made.items()}


def _of_one_version(flow: CompiledFlow, flows: Iterable[CompiledFlow]) -> CompiledFlow:
    """The flow with versions that are the same in each language, as another one asks nothing else."""
    nodes = {
        name: replace(node, version=_digest("".join(each.nodes[name].version for each in flows)))
        for name, node in flow.nodes.items()
    }
    return replace(flow, nodes=MappingProxyType(nodes), initial=nodes[flow.initial.id])


def _compile(flow: Flow) -> CompiledFlow:
    about = About(
        language_code(flow.agent_language),
        {node.id: node for node in flow.nodes},
        names_of(flow),
        frozenset(flow.environment_variables),
    )
    edges = [*flow.global_edges, *(edge for node in flow.nodes for edge in node.edges)]
    shared = measure(example for edge in edges for example in edge.examples)
    global_edges = edges_of(flow.global_edges, about, shared)
    nodes = {name: _node(node, about, shared, global_edges) for name, node in about.nodes.items()}
    tools = [*flow.tools, *(tool for node in flow.nodes for tool in node.tools)]
    return CompiledFlow(
        nodes=MappingProxyType(nodes),
        initial=nodes[flow.initial_node],
        global_edges=global_edges,
        prompt=Text(flow.system_prompt, "prompt"),
        environment=MappingProxyType({k: Trusted(v) for k, v in flow.environment_variables.items()}),
        language=language_code(flow.agent_language),
        after_final=flow.after_final,
        closed_text=Text(flow.closed_text or wording.of(language_code(flow.agent_language)).closed),
        actions=MappingProxyType({action.id: compile_action(action) for action in flow.actions}),
        tools=flow.tools,
        http_tools=MappingProxyType({t.id: compile_action(_as_action(t)) for t in tools if t.type == "http"}),
        server_tools=MappingProxyType(server_tools(tools)),
        handlers=frozenset(t.handler_id or t.id for t in tools if t.type == "python"),
        hidden=MappingProxyType(_hidden(flow)),
        budget=flow.budget,
        hours=flow.hours,
        is_translated=False,
    )


def _as_action(tool: Tool) -> Action:
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


def _hidden(flow: Flow) -> dict[str, tuple[str, ...]]:
    """Where in the results the values stand that actions put aside, such as tokens."""
    return {
        action.store_response_as: tuple(update.result_path for update in action.env_updates)
        for action in flow.actions
        if action.store_response_as and action.env_updates
    }


def _node(node: Node, about: About, shared: Measure, global_edges: tuple[CompiledEdge, ...]) -> CompiledNode:
    edges = edges_of(node.edges, about, shared)
    kind = kind_of(node)
    ways = edges
    if node.interruptible and kind not in ("final", "router"):
        own = {edge.id for edge in edges}
        ways += tuple(edge for edge in global_edges if edge.id not in own and edge.target != node.id)
    chosen = [edge for edge in edges if not edge.edge.is_fallback]
    return CompiledNode(
        id=node.id,
        version=_version(node),
        kind=kind,
        node=node,
        text=Text(node.static_text) if node.static_text else None,
        reprompt=Text(node.reprompt_text) if node.reprompt_text else None,
        instruction=Text(node.instruction, "prompt") if node.instruction else None,
        labels=tuple(Text(choice.label) for choice in node.choices),
        edges=edges,
        auto_proceed=proceeds(node) and kind != "final",
        returns=kind != "final" and not node.hand_off and not chosen,
        ways=ways,
        is_open=not any(edge.guard or edge.data for edge in ways),
        is_by_data=bool(chosen) and all(map(_is_by_data, chosen)),
        conditions=_conditions(ways),
        ahead=ahead_of(node, [way.edge for way in ways], about.nodes, about.language),
        on_enter=tuple(trigger for trigger in node.actions if trigger.trigger == "on_enter"),
        on_exit=tuple(trigger for trigger in node.actions if trigger.trigger == "on_exit"),
    )


def _conditions(edges: Iterable[CompiledEdge]) -> tuple[str, ...] | None:
    texts = [edge.condition.plain for edge in edges]
    plain = tuple(text for text in texts if text is not None)
    return plain if len(plain) == len(texts) else None


def _is_by_data(edge: CompiledEdge) -> bool:
    return edge.data is not None and not any(slot.required for slot in edge.slots)


_NOT_ASKED = {"name", "actions", "max_turns", "media", *RESORTS}


def _version(node: Node) -> str:
    """A digest of what the node asks and of what may be answered."""
    return _digest(node.model_dump_json(exclude_unset=True, exclude=_NOT_ASKED))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
