"""Expands a document with author nodes and `faq` to one with nodes and edges only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from flows.document.errors import FlowError, Issue
from flows.document.expansion.collect import expand_collect
from flows.document.expansion.confirm import expand_confirm
from flows.document.expansion.faq import drop_faq_texts, expand_faq, read_faq_file
from flows.document.expansion.form import Form
from flows.document.expansion.graph import Graph, Json
from flows.document.expansion.menu import expand_menu
from flows.document.expansion.models import (
    AUTHOR_NODES,
    SCHEMA_KEYS,
    AnyAuthorNode,
    CollectNode,
    CollectSlot,
    ConfirmNode,
    FaqEntry,
    MenuNode,
)
from flows.document.traversal import Document, JsonNode, iter_objects
from flows.document.validation import (
    describe_ignored_key,
    find_unknown_keys,
    issues_from_pydantic,
    suggest_name,
)
from flows.templating import expression_error, unset_names
from flows.text import normalize


@dataclass(frozen=True)
class Expansion:
    """The expanded document, and the issues of the parts that were expanded.

    `node_places` and `edge_places` are the author's path of each node and global edge; `files` were read.
    """

    document: dict[str, Any]
    issues: tuple[Issue, ...] = ()
    warnings: tuple[Issue, ...] = ()
    node_places: tuple[str, ...] = ()
    edge_places: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()


@dataclass
class _ParsedNodes:
    """The valid author nodes by their path, and the issues of the others."""

    nodes: dict[str, AnyAuthorNode] = field(default_factory=dict)
    issues: list[Issue] = field(default_factory=list)
    warnings: list[Issue] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)


def has_author_nodes(document: object) -> bool:
    """Return whether a document has something to expand."""
    return isinstance(document, Mapping) and (
        "faq" in document or any(_is_author_node(node) for node in iter_objects(document, "nodes"))
    )


def expand_document(document: Document, folder: Path | None = None) -> Expansion:
    """Return the graph of a document; files that it names are read from `folder`. Never raises."""
    parsed = _parse_nodes(document)
    entries = list(_parse_faq(document, folder, parsed))
    graph = Graph.of_document(document)
    for entry, _ in entries:
        graph.reserve_edge_id(entry.id)
    forms = _create_forms(graph, parsed, document)
    listed = document.get("nodes")
    for index, value in enumerate(listed if isinstance(listed, list | tuple) else ()):
        _expand_node(graph, JsonNode(f"nodes[{index}]", value), parsed, forms)
    for each in iter_objects(document, "global_edges"):
        graph.global_edges.append(dict(each.value))
        graph.edge_places.append(each.path)
    graph.release_edge_ids(entry.id for entry, _ in entries)
    expand_faq(graph, entries)
    parsed.issues += drop_faq_texts(graph)
    parsed.issues += _find_unknown_edges(graph, parsed)
    others = {key: value for key, value in document.items() if key not in ("faq", "nodes", "global_edges")}
    expanded = {**others, "nodes": graph.nodes, "global_edges": graph.global_edges}
    if graph.languages:
        expanded["languages"] = graph.languages
    return Expansion(
        expanded, tuple(parsed.issues), tuple(parsed.warnings), tuple(graph.node_places),
        tuple(graph.edge_places), tuple(parsed.files),
    )  # fmt: skip


def _is_author_node(node: JsonNode) -> bool:
    return isinstance(node.value, Mapping) and str(node.value.get("node_type")) in AUTHOR_NODES


def _parse_nodes(document: Document) -> _ParsedNodes:
    parsed = _ParsedNodes()
    for node in iter_objects(document, "nodes"):
        if not _is_author_node(node):
            continue
        kind = AUTHOR_NODES[str(node.value["node_type"])]
        try:
            model = kind.model_validate(node.value)
        except ValidationError as error:
            parsed.issues += _prefix_paths(node.path, issues_from_pydantic(error, kind))
            continue
        parsed.nodes[node.path] = model
        parsed.issues += _prefix_paths(node.path, _late_names(model))
        parsed.warnings += _prefix_paths(node.path, _unknown_keys(model))
    return parsed


def _unknown_keys(model: AnyAuthorNode) -> Iterator[Issue]:
    for issue in find_unknown_keys(model):
        if not issue.path.startswith("slots["):
            yield issue
    for number, slot in enumerate(model.slots if isinstance(model, CollectNode) else ()):
        yield from _unknown_slot_keys(f"slots[{number}]", slot)


def _late_names(node: AnyAuthorNode) -> Iterator[Issue]:
    """Yield the issues of checks that use a value which is asked for only later."""
    slots = node.slots if isinstance(node, CollectNode) else ()
    for number, slot in enumerate(slots):
        later = {each.name for each in slots[number + 1 :]}
        for index, check in enumerate(slot.checks):
            if expression_error(check.condition):
                continue  # reported where all expressions are validated
            for name in sorted(later & unset_names(f"{{{{ {check.condition} }}}}")):
                path = f"slots[{number}].checks[{index}].if"
                yield Issue(path, f"“{name}” is asked for later: move this check to that slot.")


def _unknown_slot_keys(path: str, slot: CollectSlot) -> Iterator[Issue]:
    for key in slot.unknown_keys:
        known = (*type(slot).model_fields, *SCHEMA_KEYS)
        yield Issue(f"{path}.{key}", describe_ignored_key(key, known, (slot.model_extra or {})[key]))


def _parse_faq(
    document: Document, folder: Path | None, parsed: _ParsedNodes
) -> Iterator[tuple[FaqEntry, str]]:
    listed = document.get("faq")
    if isinstance(listed, str):
        listed = _read_file("faq", listed, folder, parsed)
    elif listed is not None and not isinstance(listed, list | tuple):
        parsed.issues.append(
            Issue("faq", "A list of entries or the name of a CSV or Markdown file is required.")
        )
    for number, item in enumerate(listed if isinstance(listed, list | tuple) else ()):
        place = f"faq[{number}]"
        try:
            entry = FaqEntry.model_validate(item)
        except ValidationError as error:
            parsed.issues += _prefix_paths(place, issues_from_pydantic(error, FaqEntry))
            continue
        parsed.warnings += _prefix_paths(place, find_unknown_keys(entry, "."))
        yield entry, place


def _read_file(place: str, name: str, folder: Path | None, parsed: _ParsedNodes) -> list[Json]:
    if folder is None:
        parsed.issues.append(Issue(place, "A file can only be named in a flow that is loaded from a file."))
        return []
    parsed.files.append(folder / name)
    try:
        return read_faq_file(folder / name)
    except FlowError as error:
        parsed.issues += [Issue(place, f"{name}: {issue.message}") for issue in error.issues]
        return []


def _create_forms(graph: Graph, parsed: _ParsedNodes, document: Document) -> dict[str, Form]:
    """Return the forms by id, and record references to forms that do not exist.

    The author's own global way to cancel takes the place of that of the forms.
    """
    words = {normalize(word) for word in graph.messages.cancel_words}
    listed = (each.value.get("keywords") for each in iter_objects(document, "global_edges"))
    own = {
        normalize(str(word)) for each in listed for word in (each if isinstance(each, list | tuple) else ())
    }
    has_own_cancel = bool(words & own)
    corrected = {node.collect for node in parsed.nodes.values() if isinstance(node, ConfirmNode)}
    forms = {
        node.id: Form(
            node, place, graph, is_corrected=node.id in corrected, can_be_cancelled=not has_own_cancel
        )
        for place, node in parsed.nodes.items()
        if isinstance(node, CollectNode)
    }
    for place, node in parsed.nodes.items():
        if isinstance(node, ConfirmNode) and node.collect and node.collect not in forms:
            parsed.issues.append(
                Issue(
                    f"{place}.collect",
                    f"There is no collect node “{node.collect}”.{suggest_name(node.collect, forms)}",
                )
            )
    return forms


def _expand_node(graph: Graph, node: JsonNode, parsed: _ParsedNodes, forms: Mapping[str, Form]) -> None:
    model = parsed.nodes.get(node.path)
    if isinstance(model, CollectNode) and forms[model.id].node is model:
        expand_collect(forms[model.id])
    elif isinstance(model, ConfirmNode) and (not model.collect or model.collect in forms):
        expand_confirm(graph, model, node.path, forms.get(model.collect))
    elif isinstance(model, MenuNode):
        expand_menu(graph, model, node.path)
    elif _is_author_node(node):  # its issues are recorded; other parts may still refer to it
        graph.add_node({"id": node.value.get("id"), "name": "invalid", "is_final": True}, node.path)
    else:
        graph.nodes.append(dict(node.value) if isinstance(node.value, Mapping) else node.value)
        graph.node_places.append(node.path)


def _find_unknown_edges(graph: Graph, parsed: _ParsedNodes) -> Iterator[Issue]:
    """Yield the issues of menu choices that name an edge that does not exist."""
    known = {str(each.get("id")) for each in graph.global_edges}
    for place, node in parsed.nodes.items():
        for number, choice in enumerate(node.choices if isinstance(node, MenuNode) else ()):
            if choice.edge and choice.edge not in known:
                path = f"{place}.choices[{number}].edge"
                yield Issue(
                    path,
                    f"There is no global edge or faq entry “{choice.edge}”."
                    f"{suggest_name(choice.edge, known)}",
                )


def _prefix_paths(place: str, issues: Iterable[Issue]) -> list[Issue]:
    return [Issue(f"{place}.{issue.path.lstrip('.')}".rstrip("."), issue.message) for issue in issues]
