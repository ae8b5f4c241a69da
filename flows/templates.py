"""Jinja for flow documents: sandboxed, and an unknown name is empty text. User text is data, never source."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from jinja2 import ChainableUndefined, TemplateError, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import JsonValue

from flows.dates import spoken

LONGEST_TEXT = 8_000


def _date(value: object) -> str:
    """The filter `date`: 1990-04-23 as 23 April 1990; anything else as it is."""
    try:
        day = date.fromisoformat(str(value))
    except ValueError:
        return str(value)
    return spoken(day)


def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(undefined=ChainableUndefined, autoescape=False)
    environment.filters["date"] = _date
    return environment


_JINJA = _environment()


def syntax_error(source: str) -> str | None:
    """What Jinja has to say against `source`, or nothing."""
    try:
        _JINJA.parse(source)
    except TemplateSyntaxError as error:
        return f"{error.message} (line {error.lineno})"
    return None


def expression_error(source: str) -> str | None:
    """What Jinja has to say against a bare expression such as a guard, or nothing."""
    try:
        _JINJA.compile_expression(source)
    except TemplateSyntaxError as error:
        return str(error.message)
    return None


class Text:
    """A text with Jinja in it, compiled once and shared by all sessions."""

    def __init__(self, source: str) -> None:
        self.source = source
        self._template = _JINJA.from_string(source) if "{" in source else None

    def render(self, values: Mapping[str, JsonValue]) -> str:
        """The text with `values` in it, at most `LONGEST_TEXT` characters; empty when rendering fails."""
        if self._template is None:
            return self.source.strip()[:LONGEST_TEXT]
        try:
            return self._template.render(values).strip()[:LONGEST_TEXT]
        except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError):
            return ""


class Guard:
    """A boolean Jinja expression over the conversation's values."""

    def __init__(self, source: str) -> None:
        self._expression = _JINJA.compile_expression(source)

    def holds(self, values: Mapping[str, JsonValue]) -> bool:
        """Whether the expression is true; what cannot be computed is false."""
        try:
            return bool(self._expression(values))
        except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError):
            return False
