"""What a call carries: JSON, a form, XML or plain text, with every value kept at its place."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from jinja2 import TemplateError

from flows.templating.escaping import Place
from flows.templating.template import Expression, NotRendered, Text, Values, expression_error
from flows.tools.http.url import NotMade

_BARE: Final = re.compile(r"\s*\{\{((?:(?!\}\}).)+)\}\}\s*", re.DOTALL)
_NUMBER: Final = re.compile(r"-?(?:0|[1-9]\d{0,14})(?:\.\d{1,9})?")
_TEMPLATE: Final = re.compile(r"\{[{%#]")


@dataclass(frozen=True, slots=True)
class _Nested:
    """A JSON text within JSON."""

    part: Any


class Body:
    """A body as an action has it. `texts` are the names whose values stay text where they are numbers."""

    def __init__(self, source: str | Mapping[str, Any], content_type: str, texts: tuple[str, ...]) -> None:
        self._texts = texts
        self._place = _place(source, content_type.lower())
        read = _json_in(source) if isinstance(source, str) and self._place == "json" else source
        self._part = Text(read, self._place) if isinstance(read, str) else _compiled(read)

    def made(self, values: Values) -> tuple[bytes, str]:
        """The body with `values` in it, and the content type that it needs if none is declared.

        Raises `NotMade`.
        """
        if isinstance(self._part, Text):
            made = self._written(self._part, values)
            if isinstance(made, str):
                return _encoded(made), ""
        else:
            made = _filled(self._part, values)
        if isinstance(made, dict):
            made = _numbered(made, self._texts)
        return _encoded(json.dumps(made, ensure_ascii=False)), "application/json"

    def _written(self, text: Text, values: Values) -> Any:
        try:
            made = text.whole(values)
        except NotRendered as error:
            raise NotMade(f"the body cannot be made: {error}") from error
        if self._place != "json" or not made.startswith(("{", "[")):
            return made
        try:
            return json.loads(made)
        except (ValueError, RecursionError) as error:
            raise NotMade("the body is not JSON once its values are in it") from error


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "replace")  # half a letter cannot be sent


def _place(source: str | Mapping[str, Any], content_type: str) -> Place:
    if not isinstance(source, str) or "json" in content_type:
        return "json"
    if "form-urlencoded" in content_type:
        return "form"
    if "xml" in content_type or "html" in content_type or source.lstrip().startswith("<"):
        return "xml"
    return "text" if content_type.startswith("text/") else "json"


def _json_in(source: str) -> Any:
    """The object or list that a text is, if each text in it is a template by itself; otherwise the text."""
    if not source.lstrip().startswith(("{", "[")):
        return source
    try:
        read = json.loads(source)
        _compiled(read)
    except (ValueError, RecursionError, TemplateError):
        return source
    return read


def _compiled(part: Any) -> Any:
    """The same JSON with a template for each text; a text that is one expression keeps its value's type."""
    if isinstance(part, Mapping):
        return {name: _compiled(item) for name, item in part.items()}
    if isinstance(part, list | tuple):
        return [_compiled(item) for item in part]
    if not isinstance(part, str) or not _TEMPLATE.search(part):
        return part
    bare = _BARE.fullmatch(part)
    if bare and not expression_error(bare[1]):
        return Expression(bare[1])
    inner = _json_in(part)
    if not isinstance(inner, str):
        return _Nested(_compiled(inner))
    is_json = part.lstrip().startswith(("{", "[")) and not _TEMPLATE.match(part.lstrip())
    return Text(part, "json" if is_json else "text")


def _filled(part: Any, values: Values) -> Any:
    if isinstance(part, dict):
        return {name: _filled(item, values) for name, item in part.items()}
    if isinstance(part, list):
        return [_filled(item, values) for item in part]
    if isinstance(part, _Nested):
        return json.dumps(_filled(part.part, values), ensure_ascii=False)
    if isinstance(part, Text):
        return part.render(values)
    return _plain(part.value(values)) if isinstance(part, Expression) else part


def _plain(value: Any) -> Any:
    if value is None:
        return ""
    return value if isinstance(value, bool | int | float | list | dict) else str(value)


def _numbered(part: dict[str, Any], texts: tuple[str, ...]) -> dict[str, Any]:
    """Texts that are written numbers as numbers, as the format has it, except those in `texts`.

    What would not be written the same again, such as 007 or +1, is no number.
    """
    return {name: value if name in texts else _number(value, texts) for name, value in part.items()}


def _number(value: Any, texts: tuple[str, ...]) -> Any:
    if isinstance(value, dict):
        return _numbered(value, texts)
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return float(value) if "." in value else int(value)
    return value
