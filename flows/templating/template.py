"""Jinja for flow documents: sandboxed, and an unknown name is empty text. User text is data, never source.

A text that goes into a call is escaped by its place, see `flows.templating.escaping`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from jinja2 import (
    ChainableUndefined,
    Template,
    TemplateAssertionError,
    TemplateError,
    TemplateSyntaxError,
    nodes,
    pass_context,
)
from jinja2.runtime import Context
from pydantic import JsonValue

from flows import locales as wording
from flows.templating.escaping import Place, begin_escaping, marked, with_trust
from flows.templating.sandbox import Sandbox, begin_counting, bounded

LONGEST_TEXT = 8_000
_KEPT = 5_000
"""How many templates are kept as compiled: a flow's languages share most of theirs."""

_OTHERS = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)

Values = Mapping[str, JsonValue]

_FAILURES = (
    TemplateError,
    ArithmeticError,
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    RecursionError,
    MemoryError,
)
_TAGS = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_SLASH = re.compile(r"(?<=[A-Za-z_])/(?=[A-Za-z_])")


_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class NotRendered(Exception):
    """There is no such text; the message says why."""


@pass_context
def _date(context: Context, value: object) -> str:
    """The filter `date`: 1990-04-23 as 23 April 1990, in the flow's language; anything else as it is."""
    try:
        day = date.fromisoformat(str(value))
    except ValueError:
        return str(value)
    return wording.of(str(context.get("current_language", ""))).spoken(day)


def _weekday(value: object) -> str:
    """The filter `weekday`: 2026-11-28 as saturday, whatever is spoken; nothing for what is no day."""
    try:
        return _WEEKDAYS[date.fromisoformat(str(value)).weekday()]
    except ValueError:
        return ""


class _Jinja(Sandbox):
    """Marks what is the operator's, where values are to be escaped."""

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        parsed = super()._parse(source, name, filename)
        return marked(parsed) if self.finalize else parsed


def _environment(place: Place = "text") -> Sandbox:
    environment = _Jinja(undefined=ChainableUndefined, autoescape=False)
    environment.filters.update({"date": _date, "weekday": _weekday})
    if place != "text":
        begin_escaping(environment, place)
    return bounded(environment)


_JINJA = _environment()
_PLACES: Mapping[Place, Sandbox] = {
    "text": _JINJA,
    "url": _environment("url"),
    "json": _environment("json"),
    "form": _environment("form"),
    "xml": _environment("xml"),
    "header": _environment("header"),
    "prompt": _environment("prompt"),
}


def text_error(source: str) -> str:
    """Why a text with Jinja in it cannot be rendered, as a sentence; empty when it can."""
    return "" if "{" not in source else _error("template", source, lambda: _text(source, "text"))


def expression_error(source: str) -> str:
    """Why a bare expression such as a guard cannot be computed, as a sentence; empty when it can."""
    return _error("expression", f"{{{{ {source} }}}}", lambda: _expression(source))


def _error(kind: str, source: str, compile_it: Callable[[], object]) -> str:
    try:
        compile_it()
        return next(_refused(_JINJA.parse(source)), "")
    except TemplateAssertionError as error:
        return next(_refused(_JINJA.parse(source)), f"This is not a Jinja {kind}: {error.message}.")
    except TemplateSyntaxError as error:
        line = f" (line {error.lineno})" if kind == "template" else ""
        return f"This is not a Jinja {kind}: {(error.message or '').rstrip('.')}{line}."
    except SyntaxError as error:  # of the Python that Jinja makes of it
        return f"This is not a Jinja {kind}: {error.msg}."
    except (RecursionError, MemoryError, ValueError, OverflowError):
        return f"This Jinja {kind} is nested too deeply, or a number in it is too large."


def _refused(parsed: nodes.Template) -> Iterator[str]:
    """What Jinja finds only when the template is rendered, if at all."""
    for part in parsed.find_all((nodes.Filter, nodes.Test, nodes.Macro, *_OTHERS)):
        if isinstance(part, nodes.Filter) and part.name not in _JINJA.filters:
            yield f"Jinja has no filter “{part.name}”."
        elif isinstance(part, nodes.Test) and part.name not in _JINJA.tests:
            yield f"Jinja has no test “{part.name}”."
        elif isinstance(part, nodes.Macro) and any(
            _calls(call, part.name) for call in part.find_all(nodes.Call)
        ):
            yield f"The macro “{part.name}” calls itself."
        elif isinstance(part, _OTHERS):
            yield "A template stands alone here: there is no other to include, import or extend."


def _calls(call: nodes.Call, name: str) -> bool:
    return isinstance(call.node, nodes.Name) and call.node.name == name


@lru_cache(maxsize=_KEPT)
def _text(source: str, place: Place) -> Template:
    return _PLACES[place].from_string(source)


@lru_cache(maxsize=_KEPT)
def _expression(source: str) -> Callable[[Values], Any]:
    return _JINJA.compile_expression(source)


class Text:
    """A text with Jinja in it, compiled once and shared by all sessions.

    `plain` is the text itself where it needs no values, at most `LONGEST_TEXT` characters.
    """

    def __init__(self, source: str, place: Place = "text") -> None:
        self.source = source
        self._place = place
        if place == "prompt":  # documents in use write {{ data/name }} there
            source = _TAGS.sub(lambda tag: _SLASH.sub("_", tag[0]), source)
        self._template = _text(source, place) if "{" in source else None
        self.plain = source.strip()[:LONGEST_TEXT] if self._template is None else None

    def render(self, values: Values) -> str:
        """The text with `values` in it, at most `LONGEST_TEXT` characters; empty when rendering fails.

        A prompt that cannot be rendered is told without its values: the rules in it hold all the same.
        """
        if self._template is None:
            return self.plain or ""
        try:
            return self._rendered(values)[:LONGEST_TEXT]
        except NotRendered:
            return _TAGS.sub("", self.source).strip()[:LONGEST_TEXT] if self._place == "prompt" else ""

    def whole(self, values: Values) -> str:
        """The text with `values` in it. Raises `NotRendered`, also when it is too long: it is never cut."""
        text = self._rendered(values)
        if len(text) > LONGEST_TEXT:
            raise NotRendered("it is too long once its values are in it")
        return text

    def _rendered(self, values: Values) -> str:
        if self._template is None:
            return self.source.strip()
        begin_counting()
        known = with_trust(values, self._place) if self._place in ("url", "prompt") else values
        try:
            return self._template.render(known).strip()
        except _FAILURES as error:
            raise NotRendered("it cannot be computed from what is known") from error


class Expression:
    """A bare Jinja expression over the conversation's values."""

    def __init__(self, source: str) -> None:
        self._expression = _expression(source)

    def value(self, values: Values) -> Any:
        """What it comes to; None when it cannot be computed."""
        try:
            return self._expression(values)
        except _FAILURES:
            return None


class Guard(Expression):
    """An expression that is true or false."""

    def holds(self, values: Values) -> bool:
        """Whether the expression is true; what cannot be computed is false."""
        return bool(self.value(values))
