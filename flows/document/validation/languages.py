"""Validation of localized texts: unknown nodes, edges and language codes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flows.document.errors import Problem
from flows.document.traversal import Document, edges, mapping, objects
from flows.document.validation.schemas import region_error


def problems_of_languages(document: Document) -> Iterator[Problem]:
    """What a translation names that the flow has not; in any JSON object."""
    languages = document.get("languages")
    nodes = {str(node.part.get("id")): node.part for node in objects(document, "nodes")}
    known = {str(part.get("id")) for _, part in edges(document)}
    for code, texts in languages.items() if isinstance(languages, Mapping) else ():
        path = f"languages.{code}"
        if not (isinstance(code, str) and len(code) == 2 and code.isalpha() and code.islower()):
            yield Problem(path, f"“{code}” is no code of a language; write it like de.")
        if not isinstance(texts, Mapping):
            continue
        own, ways = texts.get("nodes"), texts.get("edges")
        for name, part in own.items() if isinstance(own, Mapping) else ():
            if name not in nodes:
                yield Problem(f"{path}.nodes.{name}", f"There is no node “{name}”.")
            elif isinstance(part, Mapping):
                yield from _choices(f"{path}.nodes.{name}.choices", nodes[name], part)
        for name in ways if isinstance(ways, Mapping) else ():
            if name not in known:
                yield Problem(f"{path}.edges.{name}", f"There is no edge “{name}”.")
        for name in mapping(texts, "slots"):
            region = mapping(mapping(texts, "slots"), name).get("region")
            if region and (sentence := region_error(region)):
                yield Problem(f"{path}.slots.{name}.region", sentence)


def _choices(path: str, node: Document, texts: Document) -> Iterator[Problem]:
    labels, choices = texts.get("choices"), node.get("choices")
    count = len(choices) if isinstance(choices, list | tuple) else 0
    if isinstance(labels, list | tuple) and len(labels) != count:
        yield Problem(path, f"The node has {count} choices, this {len(labels)}.")


def untranslated(document: Document) -> Iterator[Problem]:
    """Nodes of a sound flow that speak another language than they are asked to."""
    for code, texts in (document.get("languages") or {}).items():
        own = texts.get("nodes") or {}
        for _, node in objects(document, "nodes"):
            for name in ("static_text", "choices"):
                if node.get(name) and not (own.get(str(node["id"])) or {}).get(name):
                    yield Problem(f"languages.{code}.nodes.{node['id']}", f"This has no {name} in “{code}”.")
