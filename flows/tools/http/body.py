"""Renders request bodies: JSON, form, XML or plain text, with every value escaped for its place."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from jinja2 import TemplateError

from flows.templating import (
    Expression,
    OutputContext,
    RenderError,
    TemplateValues,
    TextTemplate,
    expression_error,
)
from flows.tools.http.url import RequestBuildError

_SINGLE_EXPRESSION: Final = re.compile(r"\s*\{\{((?:(?!\}\}).)+)\}\}\s*", re.DOTALL)
_NUMBER_TEXT: Final = re.compile(r"-?(?:0|[1-9]\d{0,14})(?:\.\d{1,9})?")
_TEMPLATE_TAG: Final = re.compile(r"\{[{%#]")


@dataclass(frozen=True, slots=True)
class _NestedJson:
    """JSON text inside of JSON."""

    part: Any


class RequestBody:
    """An action's compiled body. `texts` are the names whose numeric values stay text."""

    def __init__(self, source: str | Mapping[str, Any], content_type: str, texts: tuple[str, ...]) -> None:
        self._string_fields = texts
        self._context = _output_context(source, content_type.lower())
        parsed = (
            _parse_json_template(source) if isinstance(source, str) and self._context == "json" else source
        )
        self._template = (
            TextTemplate(parsed, self._context) if isinstance(parsed, str) else _compile_json(parsed)
        )

    def render(self, values: TemplateValues) -> tuple[bytes, str]:
        """Return the rendered body and the content type to send if none is declared.

        Raises `RequestBuildError`.
        """
        if isinstance(self._template, TextTemplate):
            result = self._render_text(self._template, values)
            if isinstance(result, str):
                return _encode(result), ""
        else:
            result = _render_json(self._template, values)
        if isinstance(result, dict):
            result = _convert_numbers(result, self._string_fields)
        return _encode(json.dumps(result, ensure_ascii=False)), "application/json"

    def _render_text(self, text: TextTemplate, values: TemplateValues) -> Any:
        try:
            result = text.render_strict(values)
        except RenderError as error:
            raise RequestBuildError(f"the body cannot be built: {error}") from error
        if self._context != "json" or not result.startswith(("{", "[")):
            return result
        try:
            return json.loads(result)
        except (ValueError, RecursionError) as error:
            raise RequestBuildError("the body is not JSON with its values") from error


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "replace")  # a lone surrogate cannot be sent


def _output_context(source: str | Mapping[str, Any], content_type: str) -> OutputContext:
    if not isinstance(source, str) or "json" in content_type:
        return "json"
    if "form-urlencoded" in content_type:
        return "form"
    if "xml" in content_type or "html" in content_type or source.lstrip().startswith("<"):
        return "xml"
    return "text" if content_type.startswith("text/") else "json"


def _parse_json_template(source: str) -> Any:
    """Return a text's JSON object or list if each string in it is a valid template; else the text."""
    if not source.lstrip().startswith(("{", "[")):
        return source
    try:
        parsed = json.loads(source)
        _compile_json(parsed)
    except (ValueError, RecursionError, TemplateError):
        return source
    return parsed


def _compile_json(part: Any) -> Any:
    """Return the JSON with a template per string; a single expression keeps its value's type."""
    if isinstance(part, Mapping):
        return {name: _compile_json(item) for name, item in part.items()}
    if isinstance(part, list | tuple):
        return [_compile_json(item) for item in part]
    if not isinstance(part, str) or not _TEMPLATE_TAG.search(part):
        return part
    bare = _SINGLE_EXPRESSION.fullmatch(part)
    if bare and not expression_error(bare[1]):
        return Expression(bare[1])
    inner = _parse_json_template(part)
    if not isinstance(inner, str):
        return _NestedJson(_compile_json(inner))
    is_json = part.lstrip().startswith(("{", "[")) and not _TEMPLATE_TAG.match(part.lstrip())
    return TextTemplate(part, "json" if is_json else "text")


def _render_json(part: Any, values: TemplateValues) -> Any:
    if isinstance(part, dict):
        return {name: _render_json(item, values) for name, item in part.items()}
    if isinstance(part, list):
        return [_render_json(item, values) for item in part]
    if isinstance(part, _NestedJson):
        return json.dumps(_render_json(part.part, values), ensure_ascii=False)
    if isinstance(part, TextTemplate):
        return part.render(values)
    return _to_json_value(part.evaluate(values)) if isinstance(part, Expression) else part


def _to_json_value(value: Any) -> Any:
    if value is None:
        return ""
    return value if isinstance(value, bool | int | float | list | dict) else str(value)


def _convert_numbers(part: dict[str, Any], texts: tuple[str, ...]) -> dict[str, Any]:
    """Convert numeric strings to numbers, as the format requires, except those named in `texts`.

    Strings that would be written differently as a number, such as 007 or +1, stay strings.
    """
    return {name: value if name in texts else _convert_number(value, texts) for name, value in part.items()}


def _convert_number(value: Any, texts: tuple[str, ...]) -> Any:
    if isinstance(value, dict):
        return _convert_numbers(value, texts)
    if isinstance(value, str) and _NUMBER_TEXT.fullmatch(value):
        return float(value) if "." in value else int(value)
    return value
