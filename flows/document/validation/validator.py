"""Collects every error of a flow document.

It works on the plain JSON and not on the models, so that a mistake of shape in one place does not hide a
wrong reference in another. Parts of the wrong shape are skipped here; the models report them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from flows.document.errors import Issue
from flows.document.traversal import (
    FALLBACK_FIELDS,
    Document,
    JsonNode,
    has_target,
    iter_actions,
    iter_edges,
    iter_objects,
    iter_tool_owners,
)
from flows.document.validation.hints import find_nearest, suggest_name
from flows.document.validation.languages import validate_languages
from flows.document.validation.reactions import validate_reactions
from flows.document.validation.schemas import validate_json_schema
from flows.document.validation.templates import validate_templates
from flows.text import pattern_error

EDGE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
STAY_FUNCTION_ID = "__stay_on_node__"
"""The function that a model calls to stay at the node."""

_HTTP_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

EdgeTargets = Mapping[str, bool]
"""The edges available at a place by id, and whether each has a target."""


_AUTHOR_NODE_TYPES = ("collect", "confirm", "menu")
_NODE_TYPES = (*_AUTHOR_NODE_TYPES, "router", "instruction", "static", "final")


def validate_flow(document: Document) -> tuple[Issue, ...]:
    """Return the errors that keep a flow from running, for any JSON object."""
    ids = {name for node in iter_objects(document, "nodes") if isinstance(name := node.value.get("id"), str)}
    issues = [
        *_validate_nodes(document, ids),
        *(problem for edge in iter_edges(document) for problem in _validate_edge(edge, ids)),
        *_find_duplicate_ids(iter_objects(document, "global_edges")),
        *_find_duplicate_ids(iter_actions(document)),
        *_validate_action_triggers(document),
        *_validate_tools(document),
        *validate_templates(document),
        *validate_reactions(document),
        *validate_languages(document),
    ]
    return tuple(dict.fromkeys(issues))


def _validate_nodes(document: Document, ids: set[str]) -> Iterator[Issue]:
    initial = document.get("initial_node")
    if isinstance(initial, str) and initial not in ids:
        yield Issue("initial_node", f"There is no node “{initial}”.{suggest_name(initial, ids)}")
    yield from _find_duplicate_ids(iter_objects(document, "nodes"))
    for path, node in iter_objects(document, "nodes"):
        yield from _validate_node_type(path, node.get("node_type"))
        yield from _find_duplicate_ids(
            edge for edge in iter_objects(node, "edges", path) if has_target(edge.value)
        )
        targets_of_node = _edge_targets(node, "edges")
        for name in FALLBACK_FIELDS:
            if isinstance(node.get(name), Mapping):
                # the engine tells a waiting user that no agent is available
                needs_text = not (name == "timeout" and node.get("hand_off"))
                yield from _validate_fallback(
                    f"{path}.{name}", node[name], targets_of_node, needs_text=needs_text
                )


def _validate_node_type(path: str, kind: object) -> Iterator[Issue]:
    """Yield an issue for a misspelt `collect`, `confirm` or `menu`; the format allows any other type."""
    if isinstance(kind, str) and kind not in _NODE_TYPES:
        near = find_nearest(kind, _NODE_TYPES)
        if near in _AUTHOR_NODE_TYPES:
            yield Issue(f"{path}.node_type", f"There is no type “{kind}”. Is “{near}” meant?")


def _validate_fallback(
    path: str, fallback: Document, targets_of_node: EdgeTargets, *, needs_text: bool
) -> Iterator[Issue]:
    edge = fallback.get("edge")
    if needs_text and not fallback.get("say") and not edge:
        yield Issue(path, "This has no text and no edge: set say, edge or both.")
    elif edge and isinstance(edge, str) and edge not in targets_of_node:
        known = suggest_name(edge, targets_of_node)
        yield Issue(f"{path}.edge", f"This node has no edge “{edge}”.{known}")
    elif edge:
        yield from _validate_edge_reference(f"{path}.edge", edge, targets_of_node)


def _find_duplicate_ids(places: Iterable[JsonNode]) -> Iterator[Issue]:
    seen: dict[str, str] = {}
    for path, part in places:
        name = part.get("id")
        if isinstance(name, str) and seen.setdefault(name, path) != path:
            yield Issue(f"{path}.id", f"“{name}” is already the id of {seen[name]}.")


def _edge_targets(owner: Document, key: str) -> EdgeTargets:
    targets: dict[str, bool] = {}
    for _, edge in iter_objects(owner, key):
        if isinstance(edge.get("id"), str):
            targets[edge["id"]] = has_target(edge) or targets.get(edge["id"], False)
    return targets


def _validate_edge_reference(path: str, edge: object, edge_targets: EdgeTargets) -> Iterator[Issue]:
    """Validate a reference to an edge."""
    if isinstance(edge, str) and edge not in edge_targets:
        yield Issue(path, f"No edge “{edge}” leads on from here.{suggest_name(edge, edge_targets)}")
    elif isinstance(edge, str) and not edge_targets[edge]:
        yield Issue(path, f"The edge “{edge}” leads nowhere: it has no target_node_id.")


def _validate_function_name(path: str, name: object) -> Iterator[Issue]:
    """Validate the id of an edge or a tool, which is a function's name for a model."""
    if isinstance(name, str) and not EDGE_ID.fullmatch(name):
        yield Issue(f"{path}.id", f"“{name}” must be 1 to 64 letters, digits, “_” or “-”.")
    elif name == STAY_FUNCTION_ID:
        yield Issue(f"{path}.id", f"“{name}” is reserved for staying at the node: choose another.")


def _validate_edge(edge: JsonNode, ids: set[str]) -> Iterator[Issue]:
    path, part = edge
    target = part.get("target_node_id")
    yield from _validate_function_name(path, part.get("id"))
    if isinstance(target, str) and has_target(part) and target not in ids:
        yield Issue(f"{path}.target_node_id", f"There is no node “{target}”.{suggest_name(target, ids)}")
    if part.get("pattern") is not None and (sentence := pattern_error(part["pattern"])):
        yield Issue(f"{path}.pattern", sentence)
    if isinstance(part.get("input_schema"), Mapping):
        yield from validate_json_schema(f"{path}.input_schema", part["input_schema"])


def _validate_action_triggers(document: Document) -> Iterator[Issue]:
    """Validate the action triggers of nodes and edges, and their edges for failed calls."""
    known = {name for action in iter_actions(document) if isinstance(name := action.value.get("id"), str)}
    everywhere = _edge_targets(document, "global_edges")
    for node in iter_objects(document, "nodes"):
        edge_targets = {**everywhere, **_edge_targets(node.value, "edges")}
        for owner in (node, *iter_objects(node.value, "edges", node.path)):
            yield from _validate_triggers(owner, known, edge_targets)
    for edge in iter_objects(document, "global_edges"):
        yield from _validate_triggers(edge, known, everywhere)


def _validate_triggers(owner: JsonNode, known: set[str], targets: EdgeTargets) -> Iterator[Issue]:
    for path, trigger in iter_objects(owner.value, "actions", owner.path):
        action = trigger.get("action_id")
        if isinstance(action, str) and action not in known:
            yield Issue(f"{path}.action_id", f"There is no action “{action}”.{suggest_name(action, known)}")
        yield from _validate_edge_reference(f"{path}.on_failure", trigger.get("on_failure"), targets)


def _validate_tools(document: Document) -> Iterator[Issue]:
    everywhere = _edge_targets(document, "global_edges")
    for owner in iter_tool_owners(document):
        edge_targets = {**everywhere, **_edge_targets(owner.value, "edges")}
        yield from _find_duplicate_ids(iter_objects(owner.value, "tools", owner.path))
        for tool in iter_objects(owner.value, "tools", owner.path):
            yield from _validate_tool(tool, edge_targets)
            if edge_targets.get(str(tool.value.get("id"))):
                yield _name_clash_issue(tool)
    shared = {str(tool.value.get("id")): tool for tool in iter_objects(document, "tools")}
    for node in iter_objects(document, "nodes") if shared else ():
        for name, is_open in _edge_targets(node.value, "edges").items():
            if is_open and name in shared:
                yield _name_clash_issue(shared[name])
    yield from _find_conflicting_tools(document)


def _name_clash_issue(tool: JsonNode) -> Issue:
    name = tool.value.get("id")
    return Issue(f"{tool.path}.id", f"An edge is called “{name}” too: a model could not tell them apart.")


def _find_conflicting_tools(document: Document) -> Iterator[Issue]:
    """Validate that tools with the same id are the same tool, as calls name the id alone."""
    seen: dict[str, JsonNode] = {}
    for owner in iter_tool_owners(document):
        for tool in iter_objects(owner.value, "tools", owner.path):
            name = tool.value.get("id")
            if isinstance(name, str) and tool.value.get("type") in ("http", "mcp"):
                first = seen.setdefault(name, tool)
                if first.value != tool.value:
                    yield Issue(f"{tool.path}.id", f"“{name}” is another tool at {first.path}.")


def _validate_tool(tool: JsonNode, edge_targets: EdgeTargets) -> Iterator[Issue]:
    path, part = tool
    yield from _validate_function_name(path, part.get("id"))
    yield from _validate_edge_reference(f"{path}.on_failure", part.get("on_failure"), edge_targets)
    if isinstance(part.get("input_schema"), Mapping):
        yield from validate_json_schema(f"{path}.input_schema", part["input_schema"])
    if part.get("type") == "http":
        if not part.get("url"):
            yield Issue(f"{path}.url", "A tool of the type “http” needs a URL.")
        if isinstance(part.get("method"), str) and part["method"].upper() not in _HTTP_METHODS:
            yield Issue(f"{path}.method", f"This must be one of {', '.join(_HTTP_METHODS)}.")
