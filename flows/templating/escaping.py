"""Escaping by place: the operator's text stands as it was written, every value is escaped for its place.

So nothing that a user says ends a URL's path, a JSON text, a form's field, an element or a header. Texts
that stand in an expression are the operator's too, also after `~`, `+`, `%`, `join` and `replace`; whatever a
filter gives back that is not known to be the operator's counts as a value.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal
from urllib.parse import quote, quote_plus

from jinja2 import Environment, Undefined, nodes, pass_environment, pass_eval_context
from jinja2.filters import do_tojson, do_urlencode, make_attrgetter
from jinja2.nodes import EvalContext
from jinja2.visitor import NodeTransformer

from flows.templating.trusted_text import Marked

Place = Literal["text", "url", "json", "form", "xml", "header", "prompt"]

EMPTY = "\x00"
"""What an empty value leaves in a URL, so that it can be told from an address that ends there."""

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_LANGUAGE = re.compile(r"[\[{]([A-Za-z]{2})[\]}]")
_SPEECH = re.compile(r"\b(line|says)\s*:", re.IGNORECASE)
_DASHES = re.compile("-{2,}")

# names that no template can write
_OWN, _JOINED, _SHOWN = "of the operator", "one after another", "in its place"


class Trusted(str):
    """A text of the operator's own: in a URL it may be more than one piece of the path."""

    __slots__ = ()


class InUrl(Marked):
    """Text for a URL."""

    void = EMPTY


def _in_url(value: object) -> str:
    return (quote(str(value), safe="") if value is not None else "") or EMPTY


def _in_json(value: object) -> str:
    return json.dumps(str(value), ensure_ascii=False)[1:-1] if isinstance(value, str) else json.dumps(value)


def _in_form(value: object) -> str:
    return quote_plus(str(value))


def _in_xml(value: object) -> str:
    return html.escape(_NOT_IN_XML.sub("", str(value)))


def _in_header(value: object) -> str:
    return "".join(letter for letter in str(value) if letter.isprintable())


def _in_prompt(value: object) -> str:
    """A value on one line, without what stands for a language or for speech in an instruction."""
    text = _LANGUAGE.sub(r"(\1)", " ".join(str(value).split())).lstrip("\"'“‘")
    return _SPEECH.sub(r"\1 -", _DASHES.sub("-", text))


_ESCAPES: Mapping[Place, Callable[[object], str]] = {
    "url": _in_url,
    "json": _in_json,
    "form": _in_form,
    "xml": _in_xml,
    "header": _in_header,
    "prompt": _in_prompt,
}


_KINDS: Mapping[Place, type[Marked]] = {"url": InUrl}


def begin_escaping(environment: Environment, place: Place) -> None:
    """Have all templates of `environment` escape for `place`; each is to be `marked` when it is parsed."""
    kind, escape = _KINDS.get(place, Marked), _ESCAPES[place]

    def shown(value: object) -> str:
        if isinstance(value, Undefined):
            return escape("")
        return value.escaped(escape) if isinstance(value, Marked) else escape(value)

    environment.finalize = shown
    environment.filters.update(_filters(kind))
    environment.filters[_SHOWN] = shown
    if place in ("url", "form"):
        environment.filters["urlencode"] = lambda value: _encoded(kind, value)
    if place == "json":

        @pass_eval_context
        def tojson(context: EvalContext, value: object, indent: int | None = None) -> Marked:
            return kind.own(str(do_tojson(context, value, indent)))

        environment.filters["tojson"] = tojson


def with_trust(values: Mapping[str, Any], place: Place) -> dict[str, Any]:
    """The values for a place, with what is the operator's marked as such."""
    own = _KINDS.get(place, Marked).own
    made = {name: own(value) if isinstance(value, Trusted) else value for name, value in values.items()}
    if isinstance(values.get("env"), Mapping):
        made["env"] = with_trust(values["env"], place)
    return made


def _filters(kind: type[Marked]) -> dict[str, Callable[..., Any]]:
    """Those of Jinja's own that would lose the marks, and ours."""

    def own(value: object) -> Marked:
        return kind.own(str(value))

    def glued(parts: Iterable[object], between: object = "") -> str:
        known, text = list(parts), between if isinstance(between, str) else str(between)
        if any(isinstance(part, Marked) for part in (text, *known)):
            return kind.joined(known, text)
        return text.join(map(str, known))

    @pass_environment
    def join(
        environment: Environment, value: Iterable[object], d: object = "", attribute: str | int | None = None
    ) -> str:
        return glued(value if attribute is None else map(make_attrgetter(environment, attribute), value), d)

    def replace(value: object, old: object, new: object, count: int | None = None) -> str:
        text, out, put = (each if isinstance(each, str) else str(each) for each in (value, old, new))
        return text.replace(out, put, -1 if count is None else count)

    return {_OWN: own, _JOINED: glued, "join": join, "replace": replace}


def _encoded(kind: type[Marked], value: Any) -> str:
    """The filter `urlencode`: what it encodes need not be escaped again."""
    if isinstance(value, str):
        is_own = isinstance(value, Marked) and value.is_own
        return kind.own(quote(str(value), safe="/" if is_own else "")) if value else value
    if isinstance(value, Mapping) and all(isinstance(name, Marked) and name.is_own for name in value):
        return kind.own("&".join(f"{quote_plus(k)}={quote_plus(str(v))}" for k, v in value.items()))
    return do_urlencode(value)


def marked(parsed: nodes.Template) -> nodes.Template:
    """The template with each text of the operator's marked as such."""
    _Marking().visit(parsed)
    return parsed


class _Marking(NodeTransformer):
    """Rewrites what a template says; the names of its methods are Jinja's."""

    def visit_Const(self, node: nodes.Const) -> nodes.Expr:
        # an empty text is nobody's: an address may not end where a value should stand
        return _filtered(node, _OWN, node) if isinstance(node.value, str) and node.value else node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Expr:
        self.generic_visit(node)
        return _filtered(nodes.List(node.nodes, lineno=node.lineno), _JOINED, node)

    def visit_AssignBlock(self, node: nodes.AssignBlock) -> nodes.Node:
        self.generic_visit(node)
        node.filter = _of_block(node.filter, node)
        return node

    def visit_FilterBlock(self, node: nodes.FilterBlock) -> nodes.Node:
        self.generic_visit(node)
        node.filter = _filtered(_of_block(node.filter, node), _SHOWN, node)
        return node

    def visit_CallBlock(self, node: nodes.CallBlock) -> nodes.Node:
        # Jinja would show what is called as it is
        self.generic_visit(node)
        return nodes.Output([node.call], lineno=node.lineno)


def _filtered(node: nodes.Expr | None, name: str, at: nodes.Node) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None, lineno=at.lineno)


def _of_block(applied: nodes.Filter | None, at: nodes.Node) -> nodes.Filter:
    """The filters of a block over what was shown in it, which is escaped already."""
    if applied is None:
        return _filtered(None, _OWN, at)
    innermost = applied
    while isinstance(innermost.node, nodes.Filter):
        innermost = innermost.node
    innermost.node = _filtered(None, _OWN, at)
    return applied
