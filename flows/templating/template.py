"""Jinja templates of flow documents: sandboxed, unknown names are empty. User text is never a template.

What goes into a call or a message is escaped by its place, see `flows.templating.escaping`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from jinja2 import TemplateError

from flows.templating.budget import start_budget
from flows.templating.environment import TemplateValues, compile_expression, compile_template
from flows.templating.escaping import OutputContext, mark_trusted_values
from flows.text import reveal_values

MAX_TEXT_LENGTH = 100_000
"""Maximum length of a text; channels split it into parts, and only what is longer is cut off."""

MAX_CALL_LENGTH = 8_000
"""Maximum length of a part of a call; a call with a longer part is not made."""

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


class RenderError(Exception):
    """A template cannot be rendered; the message says why."""


def normalize_prompt(source: str) -> str:
    """Return the template of a prompt, in which existing documents write `{{ data/name }}`."""
    return _TAGS.sub(lambda tag: _NAME_SLASH.sub("_", tag[0]), source)


class TextTemplate:
    """A template, compiled once and shared by all sessions.

    `static_text` is the text itself where it needs no values, at most `MAX_TEXT_LENGTH` characters.
    """

    def __init__(self, source: str, place: OutputContext = "text") -> None:
        self.source = source
        self._context = place
        if place == "prompt":
            source = normalize_prompt(source)
        self._template = compile_template(source, place) if "{" in source else None
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
        self._expression = compile_expression(source)

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
