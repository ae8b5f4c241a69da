"""Templates and guards of a flow, each with its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from flows.document import FALLBACK_FIELDS, Flow, Node, Way
from flows.templating import normalize_prompt

Sources = Iterator[tuple[str, str]]

_TRANSLATED = ("static_text", "reprompt_text", *FALLBACK_FIELDS, "remind")
_FLOW_TEXTS = ("closed_text", "unsupported_text")


def iter_sources(flow: Flow) -> Sources:
    """Yield the templates of texts, prompts and calls, and the guards as templates."""
    yield from ((where, text) for where, text in _iter_all(flow) if "{" in text)


def _iter_all(flow: Flow) -> Sources:
    yield "system_prompt", normalize_prompt(flow.system_prompt)
    yield from ((name, getattr(flow, name)) for name in _FLOW_TEXTS)
    yield from (("outside_window", text) for text in _way_texts(flow.outside_window))
    for node in flow.nodes:
        yield from ((f"node {node.id}", text) for text in _node_texts(node))
    for edge in (*flow.global_edges, *(edge for node in flow.nodes for edge in node.edges)):
        yield f"edge {edge.id}", normalize_prompt(edge.condition)
        if edge.guard:
            yield f"edge {edge.id}", f"{{{{ {edge.guard} }}}}"
    for action in flow.actions:
        body = action.body if isinstance(action.body, str) else ""
        texts = (action.url, body, action.condition or "", *action.headers.values(), *_texts_in(action.body))
        yield from ((f"action {action.id}", text) for text in texts)
    for tool in (*flow.tools, *(tool for node in flow.nodes for tool in node.tools)):
        texts = (tool.url or "", tool.server or "", *tool.headers.values())
        yield from ((f"action {tool.id}", text) for text in texts)
    yield from _translated_texts(flow)


def _translated_texts(flow: Flow) -> Sources:
    for code, language in flow.languages.items():
        yield f"languages.{code}", normalize_prompt(language.system_prompt or "")
        yield from ((f"languages.{code}", getattr(language, name) or "") for name in _FLOW_TEXTS)
        for name, node in language.nodes.items():
            where = f"languages.{code}.nodes.{name}"
            yield where, normalize_prompt(node.instruction or "")
            yield from ((where, getattr(node, key) or "") for key in _TRANSLATED)
            yield from ((where, label) for label in node.choices or ())


def _node_texts(node: Node) -> Iterator[str]:
    yield node.static_text or ""
    yield node.reprompt_text or ""
    yield normalize_prompt(node.instruction or "")
    yield from (choice.label for choice in node.choices)
    for name in FALLBACK_FIELDS:
        if reaction := getattr(node, name):
            yield reaction.say
    if node.remind:
        yield node.remind.text
        yield node.remind.at or ""
        yield from node.remind.template.variables.values() if node.remind.template else ()
    yield from node.template.variables.values() if node.template else ()
    ways: Iterable[Way] = node.on_undelivered.instead.values() if node.on_undelivered else ()
    for way in (node.outside_window, *ways):
        yield from _way_texts(way)


def _way_texts(way: Way | None) -> Iterator[str]:
    if way:
        yield from (way.sender, way.to, *(way.template.variables.values() if way.template else ()))


def _texts_in(part: object) -> Iterator[str]:
    if isinstance(part, Mapping):
        for value in part.values():
            yield from [value] if isinstance(value, str) else _texts_in(value)
    elif isinstance(part, list | tuple):
        for value in part:
            yield from [value] if isinstance(value, str) else _texts_in(value)
