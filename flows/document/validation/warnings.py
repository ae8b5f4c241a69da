"""What runs but is probably not what its author meant."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import chain

from flows.document.errors import Problem
from flows.document.traversal import LONGEST_TIMEOUT, Document, actions, edges, objects, tool_owners
from flows.document.validation.languages import untranslated
from flows.document.validation.mcp import trouble_with
from flows.text.bounded_regex import Pattern

_NESTED = re.compile(r"\([^()]*[+*}][^()]*\)[+*{]")


def warnings_in(document: Document) -> tuple[Problem, ...]:
    """What runs but is probably not what the author meant, in a document without problems."""
    return (
        *_unreachable(document),
        *_dead_ends(document),
        *_same_ids(document),
        *_slow(document),
        *_never_run(document),
        *_impatient(document),
        *untranslated(document),
    )


def _leads_on(edge: Document) -> bool:
    return bool(edge.get("target_node_id")) and not edge.get("is_fallback")


def _same_ids(document: Document) -> Iterator[Problem]:
    places = [(part.get("id"), path) for path, part in edges(document)]
    count = Counter(name for name, _ in places)
    for name, path in places:
        if count[name] > 1:
            yield Problem(
                f"{path}.id", f"{count[name]} edges are called “{name}”; a log cannot tell them apart."
            )


def _slow(document: Document) -> Iterator[Problem]:
    for path, edge in edges(document):
        parts = ((edge.get("input_schema") or {}).get("properties") or {}).items()
        places = [
            (f"{path}.pattern", edge),
            *((f"{path}.input_schema.properties.{k}.pattern", p) for k, p in parts),
        ]
        for place, part in places:
            pattern = part.get("pattern") or ""
            if _NESTED.search(pattern) or Pattern(pattern).is_slow:
                yield Problem(place, "This can take very long on some texts, which then count as no match.")


def _never_run(document: Document) -> Iterator[Problem]:
    for owner in tool_owners(document):
        for path, tool in objects(owner.part, "tools", owner.path):
            if tool.get("type") == "mcp" and (trouble := trouble_with(tool.get("server"))):
                yield Problem(path, trouble)


def _impatient(document: Document) -> Iterator[Problem]:
    tools = (objects(owner.part, "tools", owner.path) for owner in tool_owners(document))
    for path, part in (*actions(document), *chain.from_iterable(tools)):
        if part.get("timeout", 0) > LONGEST_TIMEOUT:
            yield Problem(f"{path}.timeout", f"No call takes longer than {LONGEST_TIMEOUT} seconds here.")


def _unreachable(document: Document) -> Iterator[Problem]:
    targets = {
        node.part.get("id"): {edge.part.get("target_node_id") for edge in objects(node.part, "edges")}
        for node in objects(document, "nodes")
    }
    todo = [
        document.get("initial_node"),
        *(e.part.get("target_node_id") for e in objects(document, "global_edges")),
    ]
    reached: set[object] = set()
    while todo:
        name = todo.pop()
        if name not in reached:
            reached.add(name)
            todo.extend(targets.get(name, ()))
    for path, node in objects(document, "nodes"):
        if node.get("id") not in reached:
            yield Problem(path, f"No edge leads to “{node.get('id')}”.")


def _dead_ends(document: Document) -> Iterator[Problem]:
    # a node that only global edges lead to needs no edge: the conversation returns to where it was
    entered = {document.get("initial_node")}
    for node in objects(document, "nodes"):
        entered |= {edge.part.get("target_node_id") for edge in objects(node.part, "edges", node.path)}
    for path, part in objects(document, "nodes"):
        ends = part.get("is_final") or part.get("hand_off") or part.get("node_type") == "final"
        if (
            not ends
            and part.get("id") in entered
            and not any(_leads_on(e.part) for e in objects(part, "edges"))
        ):
            yield Problem(path, f"The conversation cannot leave “{part.get('id')}”, and it is not final.")
