"""Every problem of a flow document, named at once.

It works on the plain JSON and not on the models, so that a mistake of shape in one place does not hide a
wrong reference in another. What has the wrong shape is passed over here; the models name it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from flows.errors import Problem
from flows.templates import expression_error, syntax_error

Document = Mapping[str, Any]

_NESTED = re.compile(r"\([^()]*[+*}][^()]*\)[+*{]")
_EDGE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class _Place(NamedTuple):
    path: str
    part: Document


def problems_in(document: Document) -> tuple[Problem, ...]:
    """What keeps the flow from running, in any JSON object."""
    found = [
        *_nodes(document),
        *(problem for edge in _edges(document) for problem in _edge(edge, _ids(document))),
        *_timeouts(document),
        *_triggers(document),
        *_templates(document),
    ]
    return tuple(dict.fromkeys(found))


def warnings_in(document: Document) -> tuple[Problem, ...]:
    """What runs but is probably not what the author meant, in a document without problems."""
    return (
        *_unreachable(document),
        *_dead_ends(document),
        *_same_ids(document),
        *_slow(document),
        *_not_run_yet(document),
    )


def _objects(owner: Document, key: str, path: str = "") -> Iterator[_Place]:
    listed = owner.get(key)
    for index, part in enumerate(listed if isinstance(listed, list | tuple) else ()):
        if isinstance(part, Mapping):
            yield _Place(f"{path}.{key}[{index}]".lstrip("."), part)


def _edges(document: Document) -> Iterator[_Place]:
    for node in _objects(document, "nodes"):
        yield from _objects(node.part, "edges", node.path)
    yield from _objects(document, "global_edges")


def _actions(document: Document) -> Iterator[_Place]:
    yield from _objects(document, "actions" if "actions" in document else "global_actions")


def _ids(document: Document) -> set[str]:
    ids = (node.part.get("id") for node in _objects(document, "nodes"))
    return {name for name in ids if isinstance(name, str)}


def _nodes(document: Document) -> Iterator[Problem]:
    initial, ids = document.get("initial_node"), _ids(document)
    if isinstance(initial, str) and initial not in ids:
        yield Problem("initial_node", f"There is no node “{initial}”.")
    seen: dict[str, str] = {}
    for path, part in _objects(document, "nodes"):
        name = part.get("id")
        if isinstance(name, str) and seen.setdefault(name, path) != path:
            yield Problem(f"{path}.id", f"“{name}” is already the id of {seen[name]}.")


def _timeouts(document: Document) -> Iterator[Problem]:
    for path, node in _objects(document, "nodes"):
        timeout = node.get("timeout")
        if not isinstance(timeout, Mapping):
            continue
        own = {edge.get("id") for _, edge in _objects(node, "edges")}
        if not timeout.get("say") and not timeout.get("edge"):
            yield Problem(f"{path}.timeout", "This says nothing and leads nowhere: set say, edge or both.")
        if timeout.get("edge") and timeout["edge"] not in own:
            yield Problem(f"{path}.timeout.edge", f"This node has no edge “{timeout['edge']}”.")


def _edge(edge: _Place, ids: set[str]) -> Iterator[Problem]:
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
    known = [action.part.get("id") for action in _actions(document)]
    for owner in (*_objects(document, "nodes"), *_edges(document)):
        for path, trigger in _objects(owner.part, "actions", owner.path):
            action = trigger.get("action_id")
            if isinstance(action, str) and action not in known:
                yield Problem(f"{path}.action_id", f"There is no action “{action}”.")


def _templates(document: Document) -> Iterator[Problem]:
    places = [("system_prompt", document.get("system_prompt")), ("closed_text", document.get("closed_text"))]
    for path, node in _objects(document, "nodes"):
        places += [
            (f"{path}.{key}", node.get(key)) for key in ("instruction", "static_text", "reprompt_text")
        ]
        if isinstance(node.get("timeout"), Mapping):
            places.append((f"{path}.timeout.say", node["timeout"].get("say")))
        offered = node.get("choices")
        for index, choice in enumerate(offered if isinstance(offered, list | tuple) else ()):
            # a bare label is as good as an object with one
            label = choice.get("label") if isinstance(choice, Mapping) else choice
            places.append((f"{path}.choices[{index}].label", label))
    places += [(f"{path}.condition", edge.get("condition")) for path, edge in _edges(document)]
    for path, action in _actions(document):
        places += [
            (f"{path}.{key}", action.get(key)) for key in ("url", "condition", "body", "body_template")
        ]
    for path, source in places:
        if isinstance(source, str) and (words := syntax_error(source)):
            yield Problem(path, f"This is not a Jinja template: {words}.")


def _leads_on(edge: Document) -> bool:
    return bool(edge.get("target_node_id")) and not edge.get("is_fallback")


def _same_ids(document: Document) -> Iterator[Problem]:
    places = [(part.get("id"), path) for path, part in _edges(document)]
    count = Counter(name for name, _ in places)
    for name, path in places:
        if count[name] > 1:
            yield Problem(
                f"{path}.id", f"{count[name]} edges are called “{name}”; a log cannot tell them apart."
            )


def _slow(document: Document) -> Iterator[Problem]:
    for path, edge in _edges(document):
        parts = ((edge.get("input_schema") or {}).get("properties") or {}).items()
        places = [
            (f"{path}.pattern", edge),
            *((f"{path}.input_schema.properties.{k}.pattern", p) for k, p in parts),
        ]
        for place, part in places:
            if _NESTED.search(part.get("pattern") or ""):
                yield Problem(place, "A repetition inside a repeated group can take very long on some texts.")


def _not_run_yet(document: Document) -> Iterator[Problem]:
    for path, _ in _actions(document):
        yield Problem(path, "Actions are not run yet: this call is never made.")
    for owner in (_Place("", document), *_objects(document, "nodes")):
        for path, _ in _objects(owner.part, "tools", owner.path):
            yield Problem(path, "Tools are not run yet: this one is never offered.")


def _unreachable(document: Document) -> Iterator[Problem]:
    targets = {
        node.part.get("id"): {edge.part.get("target_node_id") for edge in _objects(node.part, "edges")}
        for node in _objects(document, "nodes")
    }
    todo = [
        document.get("initial_node"),
        *(e.part.get("target_node_id") for e in _objects(document, "global_edges")),
    ]
    reached: set[object] = set()
    while todo:
        name = todo.pop()
        if name not in reached:
            reached.add(name)
            todo.extend(targets.get(name, ()))
    for path, node in _objects(document, "nodes"):
        if node.get("id") not in reached:
            yield Problem(path, f"No edge leads to “{node.get('id')}”.")


def _dead_ends(document: Document) -> Iterator[Problem]:
    # a node that only global edges lead to needs no edge: the conversation returns to where it was
    entered = {document.get("initial_node")}
    for node in _objects(document, "nodes"):
        entered |= {edge.part.get("target_node_id") for edge in _objects(node.part, "edges", node.path)}
    for path, part in _objects(document, "nodes"):
        ends = part.get("is_final") or part.get("hand_off") or part.get("node_type") == "final"
        if (
            not ends
            and part.get("id") in entered
            and not any(_leads_on(e.part) for e in _objects(part, "edges"))
        ):
            yield Problem(path, f"The conversation cannot leave “{part.get('id')}”, and it is not final.")
