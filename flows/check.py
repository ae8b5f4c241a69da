"""Every problem of a flow document, named at once.

It works on the plain JSON and not on the models, so that a mistake of shape in one place does not hide a
wrong reference in another. What has the wrong shape is passed over here; the models name it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from flows.errors import Problem
from flows.places import Document, Place, actions, edges, objects, texts, tool_owners
from flows.templates import expression_error, syntax_error
from flows.translation import problems_of_languages, translated

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
RESORTS = ("timeout", "on_undelivered", "out_of_hours")
_EDGE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def problems_in(document: Document) -> tuple[Problem, ...]:
    """What keeps the flow from running, in any JSON object."""
    found = [
        *_nodes(document),
        *(problem for edge in edges(document) for problem in _edge(edge, _ids(document))),
        *_resorts(document),
        *_triggers(document),
        *_templates(document),
        *problems_of_languages(document),
    ]
    return tuple(dict.fromkeys(found))


def problems_translated(document: Document) -> Iterator[Problem]:
    """What is wrong with a sound flow in its other languages."""
    for code in document.get("languages") or ():
        for path, sentence in problems_in(translated(document, code)):
            yield Problem(f"languages.{code}: {path}", sentence)


def _ids(document: Document) -> set[str]:
    ids = (node.part.get("id") for node in objects(document, "nodes"))
    return {name for name in ids if isinstance(name, str)}


def _nodes(document: Document) -> Iterator[Problem]:
    initial, ids = document.get("initial_node"), _ids(document)
    if isinstance(initial, str) and initial not in ids:
        yield Problem("initial_node", f"There is no node “{initial}”.")
    seen: dict[str, str] = {}
    for path, part in objects(document, "nodes"):
        name = part.get("id")
        if isinstance(name, str) and seen.setdefault(name, path) != path:
            yield Problem(f"{path}.id", f"“{name}” is already the id of {seen[name]}.")


def _resorts(document: Document) -> Iterator[Problem]:
    for path, node in objects(document, "nodes"):
        own = [edge.get("id") for _, edge in objects(node, "edges")]
        for name in RESORTS:
            resort = node.get(name)
            if not isinstance(resort, Mapping):
                continue
            if not resort.get("say") and not resort.get("edge"):
                yield Problem(f"{path}.{name}", "This says nothing and leads nowhere: set say, edge or both.")
            if resort.get("edge") and resort["edge"] not in own:
                yield Problem(f"{path}.{name}.edge", f"This node has no edge “{resort['edge']}”.")


def _edge(edge: Place, ids: set[str]) -> Iterator[Problem]:
    path, part = edge
    name, target = part.get("id"), part.get("target_node_id")
    if isinstance(name, str) and not _EDGE_ID.fullmatch(name):
        yield Problem(f"{path}.id", f"“{name}” must be 1 to 64 letters, digits, “_” or “-”.")
    if isinstance(target, str) and target not in ids:
        yield Problem(f"{path}.target_node_id", f"There is no node “{target}”.")
    if isinstance(part.get("guard"), str) and (words := expression_error(part["guard"])):
        yield Problem(f"{path}.guard", f"This is not a Jinja expression: {words}.")
    yield from _pattern(path, part)
    if isinstance(part.get("input_schema"), Mapping):
        yield from _schema(f"{path}.input_schema", part["input_schema"])


def _pattern(path: str, part: Document) -> Iterator[Problem]:
    if part.get("pattern") is None:
        return
    try:
        re.compile(part["pattern"])
    except (re.error, TypeError, ValueError, OverflowError, RecursionError) as error:
        yield Problem(f"{path}.pattern", f"This is not a regular expression: {error}.")


def _schema(path: str, schema: Document) -> Iterator[Problem]:
    properties, required = schema.get("properties", {}), schema.get("required", [])
    if schema.get("type") != "object":
        yield Problem(f"{path}.type", "The schema of an edge describes an object: “type” must be “object”.")
    if not isinstance(properties, Mapping):
        yield Problem(f"{path}.properties", "This must be an object with one schema a name.")
        return
    for name, part in properties.items():
        if not isinstance(part, Mapping):
            yield Problem(f"{path}.properties.{name}", "This must be a schema, such as {“type”: “string”}.")
            continue
        yield from _pattern(f"{path}.properties.{name}", part)
        if "enum" in part and not (isinstance(part["enum"], list | tuple) and part["enum"]):
            yield Problem(f"{path}.properties.{name}.enum", "This must be a list with at least one value.")
    if not isinstance(required, list | tuple):
        yield Problem(f"{path}.required", "This must be a list of names.")
        return
    for index, name in enumerate(required):
        if not isinstance(name, str) or name not in properties:
            yield Problem(f"{path}.required[{index}]", f"“{name}” is not among the properties.")


def _triggers(document: Document) -> Iterator[Problem]:
    known = [action.part.get("id") for action in actions(document)]
    every = _edge_ids(document, "global_edges")
    for node in objects(document, "nodes"):
        ways = every | _edge_ids(node.part, "edges")
        for owner in (node, *objects(node.part, "edges", node.path)):
            yield from _triggers_of(owner, known, ways)
        yield from _tools(node, ways)
    for edge in objects(document, "global_edges"):
        yield from _triggers_of(edge, known, every)
    yield from _tools(Place("", document), every)


def _triggers_of(owner: Place, known: list[object], ways: set[object]) -> Iterator[Problem]:
    for path, trigger in objects(owner.part, "actions", owner.path):
        action, edge = trigger.get("action_id"), trigger.get("on_failure")
        if isinstance(action, str) and action not in known:
            yield Problem(f"{path}.action_id", f"There is no action “{action}”.")
        if isinstance(edge, str) and edge not in ways:
            yield Problem(f"{path}.on_failure", f"No edge “{edge}” leads on from here.")


def _tools(owner: Place, ways: set[object]) -> Iterator[Problem]:
    for path, tool in objects(owner.part, "tools", owner.path):
        name, edge = tool.get("id"), tool.get("on_failure")
        if isinstance(name, str) and not _EDGE_ID.fullmatch(name):
            yield Problem(f"{path}.id", f"“{name}” must be 1 to 64 letters, digits, “_” or “-”.")
        if isinstance(edge, str) and edge not in ways:
            yield Problem(f"{path}.on_failure", f"No edge “{edge}” leads on from here.")
        if isinstance(tool.get("input_schema"), Mapping):
            yield from _schema(f"{path}.input_schema", tool["input_schema"])
        if tool.get("type") == "http":
            if not tool.get("url"):
                yield Problem(f"{path}.url", "A tool of the type “http” needs an address.")
            if isinstance(tool.get("method"), str) and tool["method"].upper() not in _METHODS:
                yield Problem(f"{path}.method", f"This must be one of {', '.join(_METHODS)}.")


def _edge_ids(owner: Document, key: str) -> set[object]:
    ids = (edge.part.get("id") for edge in objects(owner, key))
    return {name for name in ids if isinstance(name, str)}


def _templates(document: Document) -> Iterator[Problem]:
    places = [("system_prompt", document.get("system_prompt")), ("closed_text", document.get("closed_text"))]
    for path, node in objects(document, "nodes"):
        places += [
            (f"{path}.{key}", node.get(key)) for key in ("instruction", "static_text", "reprompt_text")
        ]
        for name in RESORTS:
            if isinstance(node.get(name), Mapping):
                places.append((f"{path}.{name}.say", node[name].get("say")))
        offered = node.get("choices")
        for index, choice in enumerate(offered if isinstance(offered, list | tuple) else ()):
            # a bare label is as good as an object with one
            label = choice.get("label") if isinstance(choice, Mapping) else choice
            places.append((f"{path}.choices[{index}].label", label))
    places += [(f"{path}.condition", edge.get("condition")) for path, edge in edges(document)]
    for path, action in actions(document):
        places += [(f"{path}.{key}", action.get(key)) for key in ("url", "condition")]
        places += [
            place for key in ("headers", "body", "body_template") for place in texts(path, key, action)
        ]
    for owner in tool_owners(document):
        for path, tool in objects(owner.part, "tools", owner.path):
            places += [(f"{path}.{key}", tool.get(key)) for key in ("url", "server")]
            places += [*texts(path, "headers", tool)]
    for path, source in places:
        if isinstance(source, str) and (words := syntax_error(source)):
            yield Problem(path, f"This is not a Jinja template: {words}.")
