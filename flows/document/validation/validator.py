"""Every problem of a flow document, named at once.

It works on the plain JSON and not on the models, so that a mistake of shape in one place does not hide a
wrong reference in another. What has the wrong shape is passed over here; the models name it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from flows.document.errors import Problem
from flows.document.traversal import RESORTS, Document, Place, actions, edges, leads, objects, tool_owners
from flows.document.validation.languages import problems_of_languages
from flows.document.validation.schemas import problems_of_schema
from flows.document.validation.templates import problems_of_templates
from flows.text.bounded_regex import pattern_error

EDGE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
RESERVED = "__stay_on_node__"
"""The function that a model calls to stay where it is."""

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

Ways = Mapping[str, bool]
"""The edges that stand at a place by id, and whether each leads anywhere."""


def problems_in(document: Document) -> tuple[Problem, ...]:
    """What keeps the flow from running, in any JSON object."""
    ids = {name for node in objects(document, "nodes") if isinstance(name := node.part.get("id"), str)}
    found = [
        *_nodes(document, ids),
        *(problem for edge in edges(document) for problem in _edge(edge, ids)),
        *_twice(objects(document, "global_edges")),
        *_twice(actions(document)),
        *_calls(document),
        *_tools(document),
        *problems_of_templates(document),
        *problems_of_languages(document),
    ]
    return tuple(dict.fromkeys(found))


def _nodes(document: Document, ids: set[str]) -> Iterator[Problem]:
    initial = document.get("initial_node")
    if isinstance(initial, str) and initial not in ids:
        yield Problem("initial_node", f"There is no node “{initial}”.")
    yield from _twice(objects(document, "nodes"))
    for path, node in objects(document, "nodes"):
        yield from _twice(edge for edge in objects(node, "edges", path) if leads(edge.part))
        own = _ways(node, "edges")
        for name in RESORTS:
            if isinstance(node.get(name), Mapping):
                yield from _resort(f"{path}.{name}", node[name], own)


def _resort(path: str, resort: Document, own: Ways) -> Iterator[Problem]:
    edge = resort.get("edge")
    if not resort.get("say") and not edge:
        yield Problem(path, "This says nothing and leads nowhere: set say, edge or both.")
    elif edge and isinstance(edge, str) and edge not in own:
        yield Problem(f"{path}.edge", f"This node has no edge “{edge}”.")
    elif edge:
        yield from _way(f"{path}.edge", edge, own)


def _twice(places: Iterable[Place]) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for path, part in places:
        name = part.get("id")
        if isinstance(name, str) and seen.setdefault(name, path) != path:
            yield Problem(f"{path}.id", f"“{name}” is already the id of {seen[name]}.")


def _ways(owner: Document, key: str) -> Ways:
    made: dict[str, bool] = {}
    for _, edge in objects(owner, key):
        if isinstance(edge.get("id"), str):
            made[edge["id"]] = leads(edge) or made.get(edge["id"], False)
    return made


def _way(path: str, edge: object, ways: Ways) -> Iterator[Problem]:
    """A reference to an edge that is to be taken."""
    if isinstance(edge, str) and edge not in ways:
        yield Problem(path, f"No edge “{edge}” leads on from here.")
    elif isinstance(edge, str) and not ways[edge]:
        yield Problem(path, f"The edge “{edge}” leads nowhere: it has no target_node_id.")


def _name(path: str, name: object) -> Iterator[Problem]:
    """The id of an edge or a tool, which is a function's name for a model."""
    if isinstance(name, str) and not EDGE_ID.fullmatch(name):
        yield Problem(f"{path}.id", f"“{name}” must be 1 to 64 letters, digits, “_” or “-”.")
    elif name == RESERVED:
        yield Problem(f"{path}.id", f"“{name}” is the engine's own name for staying: choose another.")


def _edge(edge: Place, ids: set[str]) -> Iterator[Problem]:
    path, part = edge
    target = part.get("target_node_id")
    yield from _name(path, part.get("id"))
    if isinstance(target, str) and leads(part) and target not in ids:
        yield Problem(f"{path}.target_node_id", f"There is no node “{target}”.")
    if part.get("pattern") is not None and (sentence := pattern_error(part["pattern"])):
        yield Problem(f"{path}.pattern", sentence)
    if isinstance(part.get("input_schema"), Mapping):
        yield from problems_of_schema(f"{path}.input_schema", part["input_schema"])


def _calls(document: Document) -> Iterator[Problem]:
    """The triggers of actions, at nodes and on edges, and where they lead when a call fails."""
    known = {name for action in actions(document) if isinstance(name := action.part.get("id"), str)}
    everywhere = _ways(document, "global_edges")
    for node in objects(document, "nodes"):
        ways = {**everywhere, **_ways(node.part, "edges")}
        for owner in (node, *objects(node.part, "edges", node.path)):
            yield from _triggers(owner, known, ways)
    for edge in objects(document, "global_edges"):
        yield from _triggers(edge, known, everywhere)


def _triggers(owner: Place, known: set[str], ways: Ways) -> Iterator[Problem]:
    for path, trigger in objects(owner.part, "actions", owner.path):
        action = trigger.get("action_id")
        if isinstance(action, str) and action not in known:
            yield Problem(f"{path}.action_id", f"There is no action “{action}”.")
        yield from _way(f"{path}.on_failure", trigger.get("on_failure"), ways)


def _tools(document: Document) -> Iterator[Problem]:
    everywhere = _ways(document, "global_edges")
    for owner in tool_owners(document):
        ways = {**everywhere, **_ways(owner.part, "edges")}
        yield from _twice(objects(owner.part, "tools", owner.path))
        for tool in objects(owner.part, "tools", owner.path):
            yield from _tool(tool, ways)
            if ways.get(str(tool.part.get("id"))):
                yield _clash(tool)
    shared = {str(tool.part.get("id")): tool for tool in objects(document, "tools")}
    for node in objects(document, "nodes") if shared else ():
        for name, is_open in _ways(node.part, "edges").items():
            if is_open and name in shared:
                yield _clash(shared[name])
    yield from _mixed_up(document)


def _clash(tool: Place) -> Problem:
    name = tool.part.get("id")
    return Problem(f"{tool.path}.id", f"An edge is called “{name}” too: a model could not tell them apart.")


def _mixed_up(document: Document) -> Iterator[Problem]:
    """Calls are made by a tool's id alone, so what has one id must be one tool."""
    seen: dict[str, Place] = {}
    for owner in tool_owners(document):
        for tool in objects(owner.part, "tools", owner.path):
            name = tool.part.get("id")
            if isinstance(name, str) and tool.part.get("type") in ("http", "mcp"):
                first = seen.setdefault(name, tool)
                if first.part != tool.part:
                    yield Problem(f"{tool.path}.id", f"“{name}” is another tool at {first.path}.")


def _tool(tool: Place, ways: Ways) -> Iterator[Problem]:
    path, part = tool
    yield from _name(path, part.get("id"))
    yield from _way(f"{path}.on_failure", part.get("on_failure"), ways)
    if isinstance(part.get("input_schema"), Mapping):
        yield from problems_of_schema(f"{path}.input_schema", part["input_schema"])
    if part.get("type") == "http":
        if not part.get("url"):
            yield Problem(f"{path}.url", "A tool of the type “http” needs an address.")
        if isinstance(part.get("method"), str) and part["method"].upper() not in _METHODS:
            yield Problem(f"{path}.method", f"This must be one of {', '.join(_METHODS)}.")
