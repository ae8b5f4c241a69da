"""Validation of every Jinja template of a document, localized texts included."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flows.document.errors import Issue
from flows.document.traversal import (
    FALLBACK_FIELDS,
    Document,
    get_mapping,
    iter_actions,
    iter_edges,
    iter_objects,
    iter_texts,
    iter_tool_owners,
)
from flows.templating import expression_error, template_error

_FLOW_TEXT_FIELDS = ("system_prompt", "closed_text", "unsupported_text")
_NODE_TEXT_FIELDS = ("instruction", "static_text", "reprompt_text")

TemplateSources = Iterator[tuple[str, object]]


def validate_templates(document: Document) -> Iterator[Issue]:
    """Yield the issues of templates and expressions, in any JSON object."""
    for path, source in _iter_templates(document):
        if isinstance(source, str) and (sentence := template_error(source)):
            yield Issue(path, sentence)
    for path, edge in iter_edges(document):
        guard = edge.get("guard")
        if isinstance(guard, str) and guard.strip() and (sentence := expression_error(guard)):
            yield Issue(f"{path}.guard", sentence)


def _iter_templates(document: Document) -> TemplateSources:
    yield from ((key, document.get(key)) for key in _FLOW_TEXT_FIELDS)
    yield from _iter_way_templates("outside_window", get_mapping(document, "outside_window"))
    for path, node in iter_objects(document, "nodes"):
        yield from _iter_node_templates(path, node)
    yield from ((f"{path}.condition", edge.get("condition")) for path, edge in iter_edges(document))
    for path, action in iter_actions(document):
        yield from ((f"{path}.{key}", action.get(key)) for key in ("url", "condition"))
        for key in ("headers", "body", "body_template"):
            yield from iter_texts(path, key, action)
    for owner in iter_tool_owners(document):
        for path, tool in iter_objects(owner.value, "tools", owner.path):
            yield from ((f"{path}.{key}", tool.get(key)) for key in ("url", "server"))
            yield from iter_texts(path, "headers", tool)
    for code, language in get_mapping(document, "languages").items():
        yield from _iter_language_templates(f"languages.{code}", language)


def _iter_node_templates(path: str, node: Document) -> TemplateSources:
    yield from ((f"{path}.{key}", node.get(key)) for key in _NODE_TEXT_FIELDS)
    yield from ((f"{path}.{key}.say", get_mapping(node, key).get("say")) for key in FALLBACK_FIELDS)
    yield from ((f"{path}.remind.{key}", get_mapping(node, "remind").get(key)) for key in ("text", "at"))
    yield from iter_texts(f"{path}.template", "variables", get_mapping(node, "template"))
    remind = get_mapping(node, "remind")
    yield from iter_texts(f"{path}.remind.template", "variables", get_mapping(remind, "template"))
    yield from _iter_way_templates(f"{path}.outside_window", get_mapping(node, "outside_window"))
    for failure, way in get_mapping(get_mapping(node, "on_undelivered"), "instead").items():
        yield from _iter_way_templates(f"{path}.on_undelivered.instead.{failure}", way)
    offered = node.get("choices")
    for index, choice in enumerate(offered if isinstance(offered, list | tuple) else ()):
        # a bare label stands for an object with one
        label = choice.get("label") if isinstance(choice, Mapping) else choice
        yield f"{path}.choices[{index}].label", label


def _iter_way_templates(path: str, way: object) -> TemplateSources:
    if not isinstance(way, Mapping):
        return
    yield from ((f"{path}.{key}", way.get(key)) for key in ("from", "sender", "to"))
    yield from iter_texts(f"{path}.template", "variables", get_mapping(way, "template"))


def _iter_language_templates(path: str, language: object) -> TemplateSources:
    if not isinstance(language, Mapping):
        return
    yield from ((f"{path}.{key}", language.get(key)) for key in _FLOW_TEXT_FIELDS)
    for name, node in get_mapping(language, "nodes").items():
        for key in (*_NODE_TEXT_FIELDS, *FALLBACK_FIELDS, "remind", "choices"):
            yield from iter_texts(f"{path}.nodes.{name}", key, node)
