"""Validation of localized texts: unknown nodes, edges and language codes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flows.document.errors import Issue
from flows.document.traversal import Document, get_mapping, iter_edges, iter_objects
from flows.document.validation.schemas import region_error


def validate_languages(document: Document) -> Iterator[Issue]:
    """Yield the issues of translations for parts that the flow does not have; for any JSON object."""
    languages = document.get("languages")
    nodes = {str(node.value.get("id")): node.value for node in iter_objects(document, "nodes")}
    known = {str(part.get("id")) for _, part in iter_edges(document)}
    for code, texts in languages.items() if isinstance(languages, Mapping) else ():
        path = f"languages.{code}"
        if not (isinstance(code, str) and len(code) == 2 and code.isalpha() and code.islower()):
            yield Issue(path, f"“{code}” is not a language code; write it like de.")
        if not isinstance(texts, Mapping):
            continue
        node_texts, edge_texts = texts.get("nodes"), texts.get("edges")
        for name, part in node_texts.items() if isinstance(node_texts, Mapping) else ():
            if name not in nodes:
                yield Issue(f"{path}.nodes.{name}", f"There is no node “{name}”.")
            elif isinstance(part, Mapping):
                yield from _validate_choices(f"{path}.nodes.{name}.choices", nodes[name], part)
        for name in edge_texts if isinstance(edge_texts, Mapping) else ():
            if name not in known:
                yield Issue(f"{path}.edges.{name}", f"There is no edge “{name}”.")
        for name in get_mapping(texts, "slots"):
            region = get_mapping(get_mapping(texts, "slots"), name).get("region")
            if region and (sentence := region_error(region)):
                yield Issue(f"{path}.slots.{name}.region", sentence)


def _validate_choices(path: str, node: Document, texts: Document) -> Iterator[Issue]:
    labels, choices = texts.get("choices"), node.get("choices")
    count = len(choices) if isinstance(choices, list | tuple) else 0
    if isinstance(labels, list | tuple) and len(labels) != count:
        yield Issue(path, f"The node has {count} choices, this {len(labels)}.")


def find_untranslated(document: Document) -> Iterator[Issue]:
    """Yield warnings for nodes of a valid flow that would speak another language than requested."""
    for code, texts in (document.get("languages") or {}).items():
        node_texts = texts.get("nodes") or {}
        for _, node in iter_objects(document, "nodes"):
            for name in ("static_text", "choices"):
                if node.get(name) and not (node_texts.get(str(node["id"])) or {}).get(name):
                    yield Issue(f"languages.{code}.nodes.{node['id']}", f"This has no {name} in “{code}”.")
