"""Jinja environments of flow documents: one for each place that a text goes to, sandboxed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from jinja2 import ChainableUndefined, Template, nodes, pass_context
from jinja2.runtime import Context
from pydantic import JsonValue

from flows.locales import messages_for
from flows.templating.escaping import OutputContext, configure_autoescape, mark_trusted_literals
from flows.templating.sandbox import BoundedSandbox, add_filter_limits

_CACHE_SIZE = 5_000
"""The size of the cache of compiled templates; a flow's languages share most of theirs."""

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

TemplateValues = Mapping[str, JsonValue]


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


DEFAULT_ENVIRONMENT = _build_environment()
_ENVIRONMENTS: Mapping[OutputContext, BoundedSandbox] = {
    "text": DEFAULT_ENVIRONMENT,
    "message": _build_environment("message"),
    "url": _build_environment("url"),
    "json": _build_environment("json"),
    "form": _build_environment("form"),
    "xml": _build_environment("xml"),
    "header": _build_environment("header"),
    "prompt": _build_environment("prompt"),
}


@lru_cache(maxsize=_CACHE_SIZE)
def compile_template(source: str, place: OutputContext) -> Template:
    """Return the compiled template for a place."""
    return _ENVIRONMENTS[place].from_string(source)


@lru_cache(maxsize=_CACHE_SIZE)
def compile_expression(source: str) -> Callable[[TemplateValues], Any]:
    """Return the compiled expression."""
    return DEFAULT_ENVIRONMENT.compile_expression(source)
