"""Jinja templates of flow documents: sandboxed, unknown names are empty. User text is never a template.

What goes into a call or a message is escaped by its place, see `flows.templating.escaping`.
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
    meta,
    nodes,
    pass_context,
)
from jinja2.runtime import Context
from pydantic import JsonValue

from flows.locales import messages_for
from flows.templating.budget import start_budget
from flows.templating.escaping import (
    OutputContext,
    configure_autoescape,
    mark_trusted_literals,
    mark_trusted_values,
)
from flows.templating.sandbox import BoundedSandbox, add_filter_limits
from flows.text import reveal_values

MAX_TEXT_LENGTH = 100_000
"""Maximum length of a text; channels split it into parts, and only what is longer is cut off."""

MAX_CALL_LENGTH = 8_000
"""Maximum length of a part of a call; a call with a longer part is not made."""

_CACHE_SIZE = 5_000
"""The size of the cache of compiled templates; a flow's languages share most of theirs."""

_CROSS_TEMPLATE_NODES = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)

TemplateValues = Mapping[str, JsonValue]
ReportError = Callable[[str], None]
"""Receives the class of the error; its message may quote a value."""

_RENDER_ERRORS = (
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
_NAME_SLASH = re.compile(r"(?<=[A-Za-z_])/(?=[A-Za-z_])")


_CONTEXTS_WITH_TRUSTED_VALUES = ("message", "url", "prompt")
_CONTEXTS_WITH_PROTECTED_VALUES = ("message", "prompt")

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class RenderError(Exception):
    """A template cannot be rendered; the message says why."""


@pass_context
def _date_filter(context: Context, value: object) -> str:
    """The filter `date`: 1990-04-23 as 23 April 1990, in the flow's language; other values unchanged."""
    try:
        day = date.fromisoformat(str(value))
    except ValueError:
        return str(value)
    return messages_for(str(context.get("current_language", ""))).format_date(day)


def _weekday_filter(value: object) -> str:
    """The filter `weekday`: 2026-11-28 as saturday, in English for guards; empty for anything but a day."""
    try:
        return _WEEKDAYS[date.fromisoformat(str(value)).weekday()]
    except ValueError:
        return ""


class _TrustMarkingSandbox(BoundedSandbox):
    """Marks trusted literals, where values are escaped."""

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        parsed = super()._parse(source, name, filename)
        return mark_trusted_literals(parsed) if self.finalize else parsed


def _build_environment(place: OutputContext = "text") -> BoundedSandbox:
    environment = _TrustMarkingSandbox(undefined=ChainableUndefined, autoescape=False)
    environment.filters.update({"date": _date_filter, "weekday": _weekday_filter})
    if place != "text":
        configure_autoescape(environment, place)
    return add_filter_limits(environment)


_DEFAULT_ENVIRONMENT = _build_environment()
_ENVIRONMENTS: Mapping[OutputContext, BoundedSandbox] = {
    "text": _DEFAULT_ENVIRONMENT,
    "message": _build_environment("message"),
    "url": _build_environment("url"),
    "json": _build_environment("json"),
    "form": _build_environment("form"),
    "xml": _build_environment("xml"),
    "header": _build_environment("header"),
    "prompt": _build_environment("prompt"),
}


def template_error(source: str) -> str:
    """Return why a template is invalid, or an empty string."""
    return (
        ""
        if "{" not in source
        else _compile_error("template", source, lambda: _compile_template(source, "text"))
    )


def expression_error(source: str) -> str:
    """Return why an expression such as a guard is invalid, or an empty string."""
    return _compile_error("expression", f"{{{{ {source} }}}}", lambda: _compile_expression(source))


def unset_names(source: str) -> frozenset[str]:
    """Return the names that a valid template takes from the conversation's values."""
    return frozenset(meta.find_undeclared_variables(_DEFAULT_ENVIRONMENT.parse(source)))


def _compile_error(kind: str, source: str, compile_it: Callable[[], object]) -> str:
    try:
        compile_it()
        return next(_find_unsupported_nodes(_DEFAULT_ENVIRONMENT.parse(source)), "")
    except TemplateAssertionError as error:
        return next(
            _find_unsupported_nodes(_DEFAULT_ENVIRONMENT.parse(source)),
            f"This is not a Jinja {kind}: {error.message}.",
        )
    except TemplateSyntaxError as error:
        line = f" (line {error.lineno})" if kind == "template" else ""
        return f"This is not a Jinja {kind}: {(error.message or '').rstrip('.')}{line}."
    except SyntaxError as error:  # in the Python code that Jinja generates
        return f"This is not a Jinja {kind}: {error.msg}."
    except (RecursionError, MemoryError, ValueError, OverflowError):
        return f"This Jinja {kind} is nested too deeply, or a number in it is too large."


def _find_unsupported_nodes(parsed: nodes.Template) -> Iterator[str]:
    """Yield the errors that Jinja itself reports only while rendering, if at all."""
    for part in parsed.find_all((nodes.Filter, nodes.Test, nodes.Macro, *_CROSS_TEMPLATE_NODES)):
        if isinstance(part, nodes.Filter) and part.name not in _DEFAULT_ENVIRONMENT.filters:
            yield f"Jinja has no filter “{part.name}”."
        elif isinstance(part, nodes.Test) and part.name not in _DEFAULT_ENVIRONMENT.tests:
            yield f"Jinja has no test “{part.name}”."
        elif isinstance(part, nodes.Macro) and any(
            _is_call_of(call, part.name) for call in part.find_all(nodes.Call)
        ):
            yield f"The macro “{part.name}” calls itself."
        elif isinstance(part, _CROSS_TEMPLATE_NODES):
            yield "Templates cannot include, import or extend others here."


def _is_call_of(call: nodes.Call, name: str) -> bool:
    return isinstance(call.node, nodes.Name) and call.node.name == name


@lru_cache(maxsize=_CACHE_SIZE)
def _compile_template(source: str, place: OutputContext) -> Template:
    return _ENVIRONMENTS[place].from_string(source)


@lru_cache(maxsize=_CACHE_SIZE)
def _compile_expression(source: str) -> Callable[[TemplateValues], Any]:
    return _DEFAULT_ENVIRONMENT.compile_expression(source)


class TextTemplate:
    """A template, compiled once and shared by all sessions.

    `static_text` is the text itself where it needs no values, at most `MAX_TEXT_LENGTH` characters.
    """

    def __init__(self, source: str, place: OutputContext = "text") -> None:
        self.source = source
        self._context = place
        if place == "prompt":  # existing documents write {{ data/name }} there
            source = _TAGS.sub(lambda tag: _NAME_SLASH.sub("_", tag[0]), source)
        self._template = _compile_template(source, place) if "{" in source else None
        self.static_text = source.strip()[:MAX_TEXT_LENGTH] if self._template is None else None

    def render(self, values: TemplateValues, on_error: ReportError | None = None) -> str:
        """Render with the values as they are; see `render_protected`."""
        text = self.render_protected(values, on_error)
        return reveal_values(text) if self._context in _CONTEXTS_WITH_PROTECTED_VALUES else text

    def render_protected(self, values: TemplateValues, on_error: ReportError | None = None) -> str:
        """Render at most `MAX_TEXT_LENGTH` characters; empty on an error, which is reported to `on_error`.

        In a message and a prompt the values are protected, for `flows.text.to_commonmark`. A prompt that
        cannot be rendered is used without its values, so that its rules still apply.
        """
        if self._template is None:
            return self.static_text or ""
        try:
            return self._render_or_raise(values)[:MAX_TEXT_LENGTH]
        except RenderError as error:
            if on_error is not None:
                on_error(type(error.__cause__).__name__)
            return _TAGS.sub("", self.source).strip()[:MAX_TEXT_LENGTH] if self._context == "prompt" else ""

    def render_strict(self, values: TemplateValues) -> str:
        """Render without truncation. Raises `RenderError`, also for output that is too long."""
        text = self._render_or_raise(values)
        if len(text) > MAX_CALL_LENGTH:
            raise RenderError("it is too long with its values")
        return text

    def _render_or_raise(self, values: TemplateValues) -> str:
        if self._template is None:
            return self.source.strip()
        start_budget()
        is_marked = self._context in _CONTEXTS_WITH_TRUSTED_VALUES
        known = mark_trusted_values(values, self._context) if is_marked else values
        try:
            return self._template.render(known).strip()
        except _RENDER_ERRORS as error:
            raise RenderError("it cannot be computed from the known values") from error


class Expression:
    """A Jinja expression over the conversation's values."""

    def __init__(self, source: str) -> None:
        self._expression = _compile_expression(source)

    def evaluate(self, values: TemplateValues) -> Any:
        """Return the value, or None when evaluation fails."""
        start_budget()
        try:
            return self._expression(values)
        except _RENDER_ERRORS:
            return None


class Guard(Expression):
    """An expression with a boolean result."""

    def is_true(self, values: TemplateValues) -> bool:
        """Return whether the expression is true; false when evaluation fails."""
        return bool(self.evaluate(values))
