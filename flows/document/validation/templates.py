"""Every text of a document that may have Jinja in it, also in its other languages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flows.document.errors import Problem
from flows.document.traversal import RESORTS, Document, actions, edges, mapping, objects, texts, tool_owners
from flows.templating.template import expression_error, text_error

_OF_FLOW = ("system_prompt", "closed_text")
_OF_NODE = ("instruction", "static_text", "reprompt_text")

Templated = Iterator[tuple[str, object]]


def problems_of_templates(document: Document) -> Iterator[Problem]:
    """What cannot be rendered or computed, in any JSON object."""
    for path, source in _templated(document):
        if isinstance(source, str) and (sentence := text_error(source)):
            yield Problem(path, sentence)
    for path, edge in edges(document):
        guard = edge.get("guard")
        if isinstance(guard, str) and guard.strip() and (sentence := expression_error(guard)):
            yield Problem(f"{path}.guard", sentence)


def _templated(document: Document) -> Templated:
    yield from ((key, document.get(key)) for key in _OF_FLOW)
    for path, node in objects(document, "nodes"):
        yield from _of_node(path, node)
    yield from ((f"{path}.condition", edge.get("condition")) for path, edge in edges(document))
    for path, action in actions(document):
        yield from ((f"{path}.{key}", action.get(key)) for key in ("url", "condition"))
        for key in ("headers", "body", "body_template"):
            yield from texts(path, key, action)
    for owner in tool_owners(document):
        for path, tool in objects(owner.part, "tools", owner.path):
            yield from ((f"{path}.{key}", tool.get(key)) for key in ("url", "server"))
            yield from texts(path, "headers", tool)
    for code, language in mapping(document, "languages").items():
        yield from _of_language(f"languages.{code}", language)


def _of_node(path: str, node: Document) -> Templated:
    yield from ((f"{path}.{key}", node.get(key)) for key in _OF_NODE)
    yield from ((f"{path}.{key}.say", mapping(node, key).get("say")) for key in RESORTS)
    offered = node.get("choices")
    for index, choice in enumerate(offered if isinstance(offered, list | tuple) else ()):
        # a bare label is as good as an object with one
        label = choice.get("label") if isinstance(choice, Mapping) else choice
        yield f"{path}.choices[{index}].label", label


def _of_language(path: str, language: object) -> Templated:
    if not isinstance(language, Mapping):
        return
    yield from ((f"{path}.{key}", language.get(key)) for key in _OF_FLOW)
    for name, node in mapping(language, "nodes").items():
        for key in (*_OF_NODE, *RESORTS, "choices"):
            yield from texts(f"{path}.nodes.{name}", key, node)
