"""Contextual auto-escaping: the flow's own text is kept, every value is escaped for its context.

So nothing that a user says ends a URL's path, a JSON text, a form's field, an element or a header, or is
markup in a message. Texts
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

from flows.templating.trusted_text import TaintedStr
from flows.text import break_control_tokens, drop_noncharacters, protect_value

OutputContext = Literal["text", "message", "url", "json", "form", "xml", "header", "prompt"]
"""Destination of a template's output; in `text`, such as a condition, nothing is escaped."""

EMPTY_VALUE_MARK = "\x00"
"""The placeholder of an empty value in a URL, to tell it from a URL that ends there."""

_INVALID_XML_CHARACTERS = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_LANGUAGE_MARKER = re.compile(r"[\[{]([A-Za-z]{2})[\]}]")
_SPEECH_MARKER = re.compile(r"\b(line|says)\s*:", re.IGNORECASE)
_DASH_RUN = re.compile("-{2,}")

# names that are not valid in a template
_TRUST_FILTER, _JOIN_FILTER, _ESCAPE_FILTER = "of the operator", "one after another", "in its place"


class TrustedText(str):
    """Trusted text: in a URL it may hold several path segments."""

    __slots__ = ()


class UrlText(TaintedStr):
    """Text in a URL."""

    empty_value_mark = EMPTY_VALUE_MARK


def _escape_url(value: object) -> str:
    return (quote(str(value), safe="") if value is not None else "") or EMPTY_VALUE_MARK


def _escape_json(value: object) -> str:
    return json.dumps(str(value), ensure_ascii=False)[1:-1] if isinstance(value, str) else json.dumps(value)


def _escape_form(value: object) -> str:
    return quote_plus(str(value))


def _escape_xml(value: object) -> str:
    return html.escape(_INVALID_XML_CHARACTERS.sub("", str(value)))


def _escape_header(value: object) -> str:
    return "".join(letter for letter in str(value) if letter.isprintable())


def _escape_prompt(value: object) -> str:
    """Return a value on one line, without language markers and script headings of an instruction.

    It is protected too: speech that an instruction spells out becomes a message.
    """
    words = break_control_tokens(" ".join(drop_noncharacters(str(value)).split()))
    text = _LANGUAGE_MARKER.sub(r"(\1)", words).lstrip("\"'“‘")
    return protect_value(_SPEECH_MARKER.sub(r"\1 -", _DASH_RUN.sub("-", text)))


_ESCAPE_FUNCTIONS: Mapping[OutputContext, Callable[[object], str]] = {
    "message": protect_value,
    "url": _escape_url,
    "json": _escape_json,
    "form": _escape_form,
    "xml": _escape_xml,
    "header": _escape_header,
    "prompt": _escape_prompt,
}


_TEXT_TYPES: Mapping[OutputContext, type[TaintedStr]] = {"url": UrlText}


def configure_autoescape(environment: Environment, place: OutputContext) -> None:
    """Make all templates of `environment` escape for `place`; each must be `marked` when it is parsed."""
    kind, escape = _TEXT_TYPES.get(place, TaintedStr), _ESCAPE_FUNCTIONS[place]

    def escape_value(value: object) -> str:
        if isinstance(value, Undefined):
            return escape("")
        return value.escape_untrusted(escape) if isinstance(value, TaintedStr) else escape(value)

    environment.finalize = escape_value
    environment.filters.update(_trust_aware_filters(kind))
    environment.filters[_ESCAPE_FILTER] = escape_value
    if place in ("url", "form"):
        environment.filters["urlencode"] = lambda value: _urlencode(kind, value)
    if place == "json":

        @pass_eval_context
        def tojson(context: EvalContext, value: object, indent: int | None = None) -> TaintedStr:
            return kind.trusted(str(do_tojson(context, value, indent)))

        environment.filters["tojson"] = tojson


def mark_trusted_values(values: Mapping[str, Any], place: OutputContext) -> dict[str, Any]:
    """Return the values for a context, with trusted ones marked."""
    own = _TEXT_TYPES.get(place, TaintedStr).trusted
    marked = {name: own(value) if isinstance(value, TrustedText) else value for name, value in values.items()}
    if isinstance(values.get("env"), Mapping):
        marked["env"] = mark_trusted_values(values["env"], place)
    return marked


def _trust_aware_filters(kind: type[TaintedStr]) -> dict[str, Callable[..., Any]]:
    """Return replacements of Jinja's filters that would lose the marks, and our own filters."""

    def own(value: object) -> TaintedStr:
        return kind.trusted(str(value))

    def join_values(parts: Iterable[object], between: object = "") -> str:
        known, text = list(parts), between if isinstance(between, str) else str(between)
        if any(isinstance(part, TaintedStr) for part in (text, *known)):
            return kind.concatenate(known, text)
        return text.join(map(str, known))

    @pass_environment
    def join(
        environment: Environment, value: Iterable[object], d: object = "", attribute: str | int | None = None
    ) -> str:
        return join_values(
            value if attribute is None else map(make_attrgetter(environment, attribute), value), d
        )

    def replace(value: object, old: object, new: object, count: int | None = None) -> str:
        text, out, put = (each if isinstance(each, str) else str(each) for each in (value, old, new))
        return text.replace(out, put, -1 if count is None else count)

    return {_TRUST_FILTER: own, _JOIN_FILTER: join_values, "join": join, "replace": replace}


def _urlencode(kind: type[TaintedStr], value: Any) -> str:
    """The filter `urlencode`, whose result is not escaped again."""
    if isinstance(value, str):
        is_own = isinstance(value, TaintedStr) and value.is_trusted
        return kind.trusted(quote(str(value), safe="/" if is_own else "")) if value else value
    if isinstance(value, Mapping) and all(isinstance(name, TaintedStr) and name.is_trusted for name in value):
        return kind.trusted("&".join(f"{quote_plus(k)}={quote_plus(str(v))}" for k, v in value.items()))
    return do_urlencode(value)


def mark_trusted_literals(parsed: nodes.Template) -> nodes.Template:
    """Return the template with its literal text marked as trusted, and what its macros have written."""
    macros = frozenset(macro.name for macro in parsed.find_all(nodes.Macro))
    _TrustMarkingTransformer(macros).visit(parsed)
    return parsed


class _TrustMarkingTransformer(NodeTransformer):
    """Marks a template's literals; the names of the methods are Jinja's."""

    def __init__(self, macros: frozenset[str]) -> None:
        self._macros = macros

    def visit_Call(self, node: nodes.Call) -> nodes.Expr:
        # the values in a macro's output are escaped already
        self.generic_visit(node)
        is_macro = isinstance(node.node, nodes.Name) and node.node.name in self._macros
        return _wrap_in_filter(node, _TRUST_FILTER, node) if is_macro else node

    def visit_Const(self, node: nodes.Const) -> nodes.Expr:
        # empty text is not trusted: a URL must not end where a value is missing
        return (
            _wrap_in_filter(node, _TRUST_FILTER, node) if isinstance(node.value, str) and node.value else node
        )

    def visit_Concat(self, node: nodes.Concat) -> nodes.Expr:
        self.generic_visit(node)
        return _wrap_in_filter(nodes.List(node.nodes, lineno=node.lineno), _JOIN_FILTER, node)

    def visit_AssignBlock(self, node: nodes.AssignBlock) -> nodes.Node:
        self.generic_visit(node)
        node.filter = _block_filter(node.filter, node)
        return node

    def visit_FilterBlock(self, node: nodes.FilterBlock) -> nodes.Node:
        self.generic_visit(node)
        node.filter = _wrap_in_filter(_block_filter(node.filter, node), _ESCAPE_FILTER, node)
        return node

    def visit_CallBlock(self, node: nodes.CallBlock) -> nodes.Node:
        # Jinja would output the call's result unescaped
        self.generic_visit(node)
        return nodes.Output([node.call], lineno=node.lineno)


def _wrap_in_filter(node: nodes.Expr | None, name: str, at: nodes.Node) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None, lineno=at.lineno)


def _block_filter(applied: nodes.Filter | None, at: nodes.Node) -> nodes.Filter:
    """Apply the filters of a block to its output, which is escaped already."""
    if applied is None:
        return _wrap_in_filter(None, _TRUST_FILTER, at)
    innermost = applied
    while isinstance(innermost.node, nodes.Filter):
        innermost = innermost.node
    innermost.node = _wrap_in_filter(None, _TRUST_FILTER, at)
    return applied
